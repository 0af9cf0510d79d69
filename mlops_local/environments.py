"""Environments of the embedded account, by the variable groups that a pipeline names.

`snowflake-prod` leads to the database MLOPS_PROD with a warehouse, a role and a user of its own, as `setup/account.sql` makes them for
every environment; `snowflake-credentials` is that of development. The Azure DevOps environment of a group's name holds its checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlops_local.agent.pipeline import Group, Pipeline

GROUP = "snowflake-credentials"
SCHEMA = "ML"
_GROUP = re.compile(r"snowflake-([a-z][a-z0-9]*)")


@dataclass(frozen=True)
class Environment:
    """``connection`` is the name of the service connection, and of the key vault that it opens."""

    name: str
    group: str

    @property
    def names(self) -> dict[str, str]:
        prefix = f"MLOPS_{self.name.upper()}"
        return {"database": prefix, "warehouse": f"{prefix}_WH", "role": f"{prefix}_ROLE", "user": f"{prefix}_PIPELINE"}

    @property
    def connection(self) -> str:
        return f"mlops-{self.name}"

    @property
    def is_production(self) -> bool:
        """Somebody is asked before anything is deployed to it."""
        return self.name.startswith("prod")

    @property
    def key_file(self) -> str:
        return "snowflake_pipeline.p8" if self == DEVELOPMENT else f"snowflake_pipeline_{self.name}.p8"


DEVELOPMENT = Environment("dev", GROUP)


def environments_of(groups: Iterable[str]) -> tuple[Environment, ...]:
    """In the order of the pipeline; development when it names none."""
    found = dict.fromkeys(_environment(group) for group in groups)
    return tuple(each for each in found if each) or (DEVELOPMENT,)


def _environment(group: str) -> Environment | None:
    if group == GROUP:
        return DEVELOPMENT
    named = _GROUP.fullmatch(group)
    return Environment(named[1], group) if named else None


def groups_of(pipeline: Pipeline) -> Iterator[str]:
    scopes = [pipeline.variables, *(stage.variables for stage in pipeline.stages)]
    scopes += [job.variables for stage in pipeline.stages for job in stage.jobs]
    yield from (entry.name for scope in scopes for entry in scope if isinstance(entry, Group))
