"""The expanded pipeline as values: what there is to run, and where each part was written."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_local.agent.errors import Mark
from mlops_local.agent.nodes import Scalar


@dataclass(frozen=True)
class Variable:
    name: str
    value: str
    mark: Mark
    readonly: bool = False


@dataclass(frozen=True)
class Group:
    """A variable group; its values join at this place in the list of variables."""

    name: str
    mark: Mark


@dataclass(frozen=True)
class Target:
    """`settable` of None lets a step set every variable."""

    container: str = "host"
    restricted: bool = False
    settable: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Step:
    task: str
    version: int
    inputs: dict[str, str]
    mark: Mark
    name: str = ""
    display_name: str = ""
    condition: str = ""
    continue_on_error: str = "false"
    enabled: bool = True
    env: dict[str, str] = field(default_factory=dict)
    timeout_in_minutes: str = "0"
    retries: str = "0"
    target: Target = Target()
    hook: str = ""
    # Where its parts are written: `condition`, `task`, and inputs by name.
    marks: dict[str, Mark] = field(default_factory=dict)

    def mark_of(self, part: str) -> Mark:
        return self.marks.get(part, self.mark)

    @property
    def reference(self) -> str:
        return f"{self.task}@{self.version}"


@dataclass(frozen=True)
class Pool:
    name: str
    vm_image: str
    mark: Mark


@dataclass(frozen=True)
class Strategy:
    """`matrix` holds legs of variables, or is text with a `$[ ]` expression."""

    matrix: dict[str, dict[str, str]] | str | None = None
    parallel: str = ""
    max_parallel: str = ""


@dataclass(frozen=True)
class Hook:
    """A part of a deployment that is a job of its own: preDeploy, deploy, routeTraffic, postRouteTraffic, success, failure."""

    name: str
    mark: Mark
    pool: Pool | None = None


@dataclass(frozen=True)
class Destination:
    """The environment that a deployment goes to; `resource` is a part of it, such as a namespace or a machine."""

    name: str
    mark: Mark
    resource: str = ""
    resource_type: str = ""


def destination_of(text: str, mark: Mark) -> Destination:
    """`name` or `name.resource`; a text with a macro is taken apart when the macro is known."""
    name, _, resource = text.partition(".") if "$(" not in text else (text, "", "")
    return Destination(name, mark, resource)


@dataclass(frozen=True)
class Job:
    name: str
    mark: Mark
    steps: tuple[Step, ...]
    display_name: str = ""
    depends_on: tuple[tuple[str, Mark], ...] = ()
    condition: str = ""
    condition_mark: Mark | None = None
    continue_on_error: str = "false"
    timeout_in_minutes: str = "60"
    cancel_timeout_in_minutes: str = "5"
    variables: tuple[Variable | Group, ...] = ()
    pool: Pool | None = None
    strategy: Strategy | None = None
    is_deployment: bool = False
    environment: Destination | None = None
    hooks: tuple[Hook, ...] = ()
    # The word of a deployment's strategy, such as runOnce, where it is written.
    lifecycle: Scalar | None = None
    container: Mark | None = None
    services: Mark | None = None


@dataclass(frozen=True)
class Stage:
    name: str
    mark: Mark
    jobs: tuple[Job, ...]
    display_name: str = ""
    depends_on: tuple[tuple[str, Mark], ...] = ()
    condition: str = ""
    condition_mark: Mark | None = None
    variables: tuple[Variable | Group, ...] = ()
    lock_behavior: str = "runLatest"
    is_manual: bool = False
    is_skippable: bool = True


@dataclass(frozen=True)
class Pipeline:
    stages: tuple[Stage, ...]
    variables: tuple[Variable | Group, ...] = ()
    name: str = ""
