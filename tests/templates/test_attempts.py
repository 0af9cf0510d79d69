"""What is typed when a pipeline is started stays a value: it reaches the machine by the environment and is never a part of a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops.cli import main

from .expanding import consumer, expand, jobs_of, mistakes, steps_of

CRAFTED = (
    '"; snow sql -q "DROP DATABASE MLOPS_PROD"; #',
    "$(snow sql -q 'DROP DATABASE MLOPS_PROD')",
    "`snow sql -q 'DROP DATABASE MLOPS_PROD'`",
    "x\nsnow sql -q 'DROP DATABASE MLOPS_PROD'",
    "' --production --to V1 '",
)


@pytest.mark.parametrize("crafted", CRAFTED)
@pytest.mark.parametrize(
    ("template", "parameters"),
    [
        ("rollback.yml", {"model": "{}", "reason": "why", "version": "V1"}),
        ("rollback.yml", {"model": "M", "reason": "{}", "version": "V1"}),
        ("rollback.yml", {"model": "M", "reason": "why", "version": "{}"}),
        ("retrain.yml", {"models": ["{}"], "reason": "{}"}),
    ],
    ids=["model", "reason", "version", "retrained"],
)
def test_a_parameter_is_no_part_of_a_script(tmp_path: Path, template: str, parameters: dict[str, object], crafted: str) -> None:
    given = json.loads(json.dumps(parameters).replace('"{}"', json.dumps(crafted)))
    file = consumer(tmp_path, template, **given)
    if refused := mistakes(file):
        # Such as what would be a variable of the pipeline.
        assert "plain text" in refused
        return
    tree = expand(file)
    steps = [step for job in jobs_of(tree).values() for step in steps_of(job)]
    texts = [json.dumps({name: value for name, value in step.items() if name in ("bash", "script", "inputs")}) for step in steps]
    assert not any("DROP DATABASE" in text or "--production --to" in text for text in texts)
    assert any(crafted.strip() in str(value) for step in steps for value in step.get("env", {}).values())


@pytest.mark.parametrize(
    "words",
    [("rollback", "--production"), ("rollback", "M", "--to", "--production"), ("retrain", "M", "--reason", "--production")],
)
def test_a_value_is_no_option(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words, {})
