"""Whether Azure would start a pipeline for what happened: a push, a pull request, a schedule, or a person.

https://learn.microsoft.com/azure/devops/pipelines/build/triggers
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from mlops_local.agent.errors import Mark
from mlops_local.agent.filters import Filter, Rule, choose_path, choose_ref, filter_of
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null
from mlops_local.agent.scalars import parse_switch
from mlops_local.agent.schedules import is_time

PUSHES = ("IndividualCI", "BatchedCI")
_SKIP = re.compile(
    r"\[(?:skip (?:ci|azurepipelines|azpipelines|azp)|(?:ci|azurepipelines|azpipelines|azp) skip)\]"
    r"|skip-checks: ?true|\*\*\*NO_CI\*\*\*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Event:
    """What happened. `ref` was pushed or is scheduled, `target` is the branch that a pull request goes into.

    `changed` are paths from the root of the repository, None when nothing is known of them. `provider` as in
    Build.Repository.Provider, empty when it is not known. `at` is when a schedule is asked for.
    """

    reason: str
    ref: str
    target: str = "refs/heads/main"
    changed: tuple[str, ...] | None = None
    is_draft: bool = False
    message: str = ""
    provider: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Start:
    """The pipeline starts, and Build.Reason says why."""

    reason: str


@dataclass(frozen=True)
class Refusal:
    """The pipeline does not start; `mark` is the rule that keeps it, where there is one."""

    sentence: str
    mark: Mark | None = None

    def __str__(self) -> str:
        return f"{self.mark}: {self.sentence}" if self.mark else self.sentence


def decide(pipeline: Mapping, event: Event) -> Start | Refusal:
    """A person always starts a pipeline; other reasons ask `trigger`, `pr` or `schedules`."""
    if event.reason in PUSHES:
        return _decide_push(pipeline.find("trigger"), event)
    if event.reason == "PullRequest":
        return _decide_pull_request(pipeline.find("pr"), event)
    if event.reason == "Schedule":
        return _decide_schedule(pipeline.find("schedules"), event)
    return Start(event.reason)


def _decide_push(trigger: Node | None, event: Event) -> Start | Refusal:
    """Azure knows from `batch` alone whether a push is an IndividualCI or a BatchedCI."""
    if found := _SKIP.search(event.message):
        return Refusal(f"A push of this commit starts nothing, because its message says {found.group()}.")
    start = Start("BatchedCI" if _flag(trigger, "batch", False) else "IndividualCI")
    if trigger is None or is_null(trigger):
        return start if event.ref.startswith("refs/heads/") else _refuse_tag(event, None)
    if _is_none(trigger):
        return Refusal("No push starts this pipeline: its trigger is 'none'.", trigger.mark)
    if event.ref.startswith("refs/tags/"):
        return _check_tag(trigger, event) or start
    return _check_branch(trigger, event) or _check_paths(trigger, event) or start


def _check_tag(trigger: Node, event: Event) -> Refusal | None:
    """Tags have a filter of their own, and may also stand among the branches by their full name; paths do not matter."""
    tags = filter_of(trigger.find("tags")) if isinstance(trigger, Mapping) else None
    branches = _branches(trigger)
    if branches and any(rule.pattern.startswith("refs/tags/") for rule in branches.include):
        refusal = _check_ref(branches, event.ref, "heads", "tag")
        return refusal if refusal is None or tags is None else _check_ref(tags, event.ref, "tags", "tag")
    return _check_ref(tags, event.ref, "tags", "tag") if tags else _refuse_tag(event, trigger.mark)


def _refuse_tag(event: Event, mark: Mark | None) -> Refusal:
    return Refusal(f"No tag starts this pipeline: '{_short(event.ref)}' is a tag, and the trigger names no tags.", mark)


def _check_branch(trigger: Node, event: Event) -> Refusal | None:
    branches = _branches(trigger)
    if branches is not None:
        return _check_ref(branches, event.ref, "heads", "branch")
    for name in ("paths", "tags"):
        if isinstance(trigger, Mapping) and (key := trigger.key(name)):
            return Refusal(f"No push to a branch starts this pipeline: its trigger has '{name}' and no 'branches'.", key.mark)
    return None


def _branches(trigger: Node) -> Filter | None:
    return filter_of(trigger.find("branches") if isinstance(trigger, Mapping) else trigger)


def _check_ref(known: Filter, ref: str, kind: str, what: str) -> Refusal | None:
    choice = choose_ref(known, ref, kind)
    if choice.chosen:
        return None
    if choice.rule is None:
        return Refusal(f"The {what} '{_short(ref)}' is not among those that start this pipeline: {_listed(known)}.", known.mark)
    return Refusal(f"The {what} '{_short(ref)}' is excluded by '{choice.rule.pattern}'.", choice.rule.mark)


def _check_paths(trigger: Node, event: Event) -> Refusal | None:
    """One changed file that is not filtered away is enough."""
    known = filter_of(trigger.find("paths")) if isinstance(trigger, Mapping) else None
    if known is None or event.changed is None:
        return None
    choices = [choose_path(known, path) for path in event.changed]
    if any(choice.chosen for choice in choices):
        return None
    return _refuse_paths(known, event.changed, [choice.rule for choice in choices])


def _refuse_paths(known: Filter, changed: tuple[str, ...], rules: list[Rule | None]) -> Refusal:
    if not changed:
        return Refusal("Nothing has changed, and this pipeline starts for changes of certain paths only.", known.mark)
    excluding = next((rule for rule in rules if rule), None)
    if len(changed) == 1 and excluding:
        return Refusal(f"'{changed[0]}' is excluded by '{excluding.pattern}'.", excluding.mark)
    if excluding and None not in rules:
        return Refusal(f"Each of the {len(changed)} changed files is excluded, as by '{excluding.pattern}'.", excluding.mark)
    if len(changed) == 1:
        return Refusal(f"'{changed[0]}' is not among the paths that start this pipeline: {_listed(known)}.", known.mark)
    return Refusal(f"None of the {len(changed)} changed files is among the paths that start this pipeline.", known.mark)


def _decide_pull_request(pr: Node | None, event: Event) -> Start | Refusal:
    """Azure Repos does not read `pr`: there a branch policy starts the pipeline, whatever stands here."""
    start = Start("PullRequest")
    if pr is None or is_null(pr) or event.provider == "TfsGit":
        return start
    if _is_none(pr):
        return Refusal("No pull request starts this pipeline: 'pr' is 'none'.", pr.mark)
    if event.is_draft and not _flag(pr, "drafts", True):
        return Refusal("A draft does not start this pipeline: 'drafts' is false.", _mark_of(pr, "drafts"))
    branches = _branches(pr)
    refusal = _check_ref(branches, event.target, "heads", "target branch") if branches else None
    return refusal or _check_paths(pr, event) or start


def _decide_schedule(schedules: Node | None, event: Event) -> Start | Refusal:
    listed = schedules.items if isinstance(schedules, Sequence) else []
    if not listed:
        return Refusal("No schedule starts this pipeline: it has none.", schedules.mark if schedules else None)
    refusals = [_check_schedule(schedule, event) for schedule in listed]
    return Start("Schedule") if None in refusals else next(refusal for refusal in refusals if refusal)


def _check_schedule(schedule: Node, event: Event) -> Refusal | None:
    assert isinstance(schedule, Mapping)
    branches, cron = filter_of(schedule.find("branches")), schedule.find("cron")
    assert isinstance(cron, Scalar)
    if branches is None or not (branches.include or branches.exclude):
        return Refusal(f"The schedule '{cron.text}' names no branches, so it starts nothing.", cron.mark)
    if refusal := _check_ref(branches, event.ref, "heads", "branch"):
        return refusal
    if event.at is not None and not is_time(cron.text, event.at):
        return Refusal(f"The schedule '{cron.text}' does not come at {event.at:%Y-%m-%d %H:%M} UTC.", cron.mark)
    if event.changed == () and not _flag(schedule, "always", False):
        mark = _mark_of(schedule, "always") or cron.mark
        return Refusal(f"Nothing has changed, and the schedule '{cron.text}' is not one that runs always.", mark)
    return None


def _is_none(node: Node) -> bool:
    items = node.items if isinstance(node, Sequence) else [node]
    return [item.text for item in items if isinstance(item, Scalar)] == ["none"]


def _flag(node: Node | None, name: str, default: bool) -> bool:
    found = node.find(name) if isinstance(node, Mapping) else None
    value = parse_switch(found.text) if isinstance(found, Scalar) else None
    return default if value is None else value


def _mark_of(node: Node, name: str) -> Mark | None:
    found = node.find(name) if isinstance(node, Mapping) else None
    return found.mark if found else None


def _short(ref: str) -> str:
    return re.sub(r"^refs/(heads|tags)/", "", ref)


def _listed(known: Filter) -> str:
    return ", ".join(rule.pattern for rule in known.include)
