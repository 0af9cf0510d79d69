"""Environments of the embedded account, by the variable groups that a pipeline names.

`snowflake-prod` leads to the database MLOPS_PROD with a warehouse, a role and a user of its own, as `setup/account.sql` makes them for
every environment; `snowflake-credentials` is that of development. `snowflake-prod-clones` leads to the same database with the user of
clones, whom `setup/clones.sql` makes. The Azure DevOps environment of a group's name holds its checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mlops_local.agent.pipeline import Group, Pipeline

GROUP = "snowflake-credentials"
SCHEMA = "ML"
_GROUP = re.compile(r"(snowflake-([a-z][a-z0-9]*))(-clones)?")


@dataclass(frozen=True)
class Login:
    """A user. ``connection`` is the name of the service connection, and of the key vault that it opens."""

    group: str
    user: str
    role: str
    key_file: str
    connection: str


@dataclass(frozen=True)
class Environment:
    """``cloned`` are those whose clones the pipeline names."""

    name: str
    group: str
    cloned: bool = False

    @property
    def names(self) -> dict[str, str]:
        prefix = f"MLOPS_{self.name.upper()}"
        return {"database": prefix, "warehouse": f"{prefix}_WH", "role": f"{prefix}_ROLE", "user": f"{prefix}_PIPELINE"}

    @property
    def pipeline(self) -> Login:
        key_file = "snowflake_pipeline.p8" if self.group == GROUP else f"snowflake_pipeline_{self.name}.p8"
        return Login(self.group, self.names["user"], self.names["role"], key_file, f"mlops-{self.name}")

    @property
    def clones(self) -> Login:
        user, role = f"{self.names['database']}_CLONES", f"{self.names['role']}_CLONES"
        return Login(f"{self.group}-clones", user, role, f"snowflake_clones_{self.name}.p8", f"mlops-{self.name}-clones")

    @property
    def is_production(self) -> bool:
        """Somebody is asked before anything is deployed to it."""
        return self.name.startswith("prod")


DEVELOPMENT = Environment("dev", GROUP)


def environments_of(groups: Iterable[str]) -> tuple[Environment, ...]:
    """In the order of the pipeline; development when it names none."""
    found: dict[str, Environment] = {}
    for each in filter(None, map(_environment, groups)):
        known = found.get(each.group, each)
        found[each.group] = replace(known, cloned=known.cloned or each.cloned)
    return tuple(found.values()) or (DEVELOPMENT,)


def _environment(group: str) -> Environment | None:
    if group == GROUP:
        return DEVELOPMENT
    if not (named := _GROUP.fullmatch(group)):
        return None
    return Environment(named[2], named[1], cloned=bool(named[3]))


def groups_of(pipeline: Pipeline) -> Iterator[str]:
    scopes = [pipeline.variables, *(stage.variables for stage in pipeline.stages)]
    scopes += [job.variables for stage in pipeline.stages for job in stage.jobs]
    yield from (entry.name for scope in scopes for entry in scope if isinstance(entry, Group))
