"""What an expression may name at each place, so that a wrong name is found before anything runs.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#dependencies
"""

from __future__ import annotations

from mlops_local.agent.evaluation import World
from mlops_local.agent.functions import GENERAL, MANY, Function


def _world(names: tuple[str, ...], functions: dict[str, int]) -> World:
    """Nothing has a value yet; functions are checked by name and by how many arguments they take at most."""
    known = {name.casefold(): Function(name, 0, most, lambda thunks: None) for name, most in functions.items()}
    return World({name.casefold(): None for name in names}, {**GENERAL, **known})


_STATUS = {"always": 0, "canceled": 0, "failed": MANY, "succeeded": MANY, "succeededOrFailed": MANY}
STAGE = _world(("variables", "pipeline", "dependencies"), _STATUS)
JOB = _world(("variables", "pipeline", "dependencies", "stageDependencies"), _STATUS)
STEP = _world(("variables",), dict.fromkeys(_STATUS, 0))
VALUE = _world(("variables", "pipeline", "resources", "dependencies", "stageDependencies"), {"counter": 2})
