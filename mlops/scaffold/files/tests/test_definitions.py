"""Whatever features/, models/ and tasks/ declare: these need no account."""

from pathlib import Path

import pytest
from mlops.collect import collect
from mlops.definitions import Model

DEFINITIONS = collect(Path(__file__).parents[1])
MODELS = [one.definition for one in DEFINITIONS.declared if isinstance(one.definition, Model)]


def test_something_is_declared() -> None:
    assert DEFINITIONS.declared


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_model_is_told_what_it_is_to_find_out(model: Model) -> None:
    assert DEFINITIONS.training_set(model).label not in model.inputs
