"""What became of a run, in the words of Azure DevOps: the timeline of its stages, and the approvals that were asked for them.

A stage has a record of the type Stage, and a Checkpoint below it when something was asked before it; each approval is a
Checkpoint.Approval below that, whose id is that of the approval.
https://learn.microsoft.com/rest/api/azure/devops/build/timeline/get
https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/approvals/query
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from mlops_local.agent.record import StageRecord

# What is decided here, as an approval of Azure DevOps says it. There, one that nobody answers waits on.
_STATUS = {
    "approved": "approved",
    "rejected": "rejected",
    "canceled": "canceled",
    "timed out": "timedOut",
    "unanswered": "pending",
}


def timeline(run: uuid.UUID, stages: Sequence[StageRecord]) -> dict[str, Any]:
    """`run` names it: the same part of the same run has the same id whenever it is asked for."""
    return {
        "id": str(run),
        "records": [record for order, stage in enumerate(stages, 1) for record in _records(run, order, stage)],
    }


def approvals(run: uuid.UUID, stages: Sequence[StageRecord], *, with_steps: bool) -> dict[str, dict[str, Any]]:
    """By their ids."""
    asked = ((_approval_id(run, stage, check), check) for stage in stages for check in _approvals_of(stage))
    return {name: _approval(name, check, with_steps=with_steps) for name, check in asked}


def _records(run: uuid.UUID, order: int, stage: StageRecord) -> Iterator[dict[str, Any]]:
    times = stage.times()
    moments = {"startTime": times["started"], "finishTime": times["finished"]}
    own = _id(run, "stage", stage.name)
    named = {"type": "Stage", "name": stage.display_name, "identifier": stage.name, "order": order, "attempt": 1}
    yield {"id": own, "parentId": None, **named, **_state(times["state"], times["result"]), **moments}
    asked = _approvals_of(stage)
    if not asked:
        return
    checkpoint = _id(run, "checkpoint", stage.name)
    yield {"id": checkpoint, "parentId": own, "type": "Checkpoint", "name": "Checkpoint", **_state("completed", "")}
    for check in asked:
        named = {"type": "Checkpoint.Approval", "name": "Checkpoint.Approval"}
        yield {"id": _approval_id(run, stage, check), "parentId": checkpoint, **named, **_state("completed", "")}


def _state(state: str, result: str | None) -> dict[str, str | None]:
    return {"state": state, "result": result[0].lower() + result[1:] if result else None}


def _approvals_of(stage: StageRecord) -> list[dict[str, str]]:
    return [check for check in list(stage.checks) if check["check"] == "approval"]


def _approval(name: str, check: dict[str, str], *, with_steps: bool) -> dict[str, Any]:
    return {
        "id": name,
        "steps": [_step(check)] if with_steps else [],
        "status": _STATUS[check["decision"]],
        "createdOn": check["at"],
        "lastModifiedOn": check["at"],
        "executionOrder": "anyOrder",
        "minRequiredApprovers": 1,
        "blockedApprovers": [],
    }


def _step(check: dict[str, str]) -> dict[str, Any]:
    """Whoever answered here was the one to be asked. There are no comments."""
    somebody = {"displayName": check["by"]} if "by" in check else None
    moments = {"initiatedOn": check["at"], "lastModifiedOn": check["at"]}
    who = {"assignedApprover": somebody, "actualApprover": somebody, "lastModifiedBy": somebody} if somebody else {}
    return {**who, "status": _STATUS[check["decision"]], "order": 1, **moments, "history": []}


def _approval_id(run: uuid.UUID, stage: StageRecord, check: dict[str, str]) -> str:
    return _id(run, "approval", f"{stage.name}/{check['environment']}")


def _id(run: uuid.UUID, kind: str, name: str) -> str:
    return str(uuid.uuid5(run, f"{kind} {name}"))
