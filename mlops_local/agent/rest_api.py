"""The part of Azure DevOps' REST API that tells a job about its own run: the timeline, and who approved.

It listens on loopback while the run lasts. A token is a job's own, as System.AccessToken is on Azure: it ends with the job, and reads
this run and nothing else. Whatever is not answered is refused with a sentence.
https://learn.microsoft.com/azure/devops/pipelines/process/access-tokens
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from mlops_local.agent.loopback import Loopback
from mlops_local.agent.record import Record, StageRecord
from mlops_local.agent.timelines import approvals, timeline

_TOLD = "this agent tells of _apis/build/builds/ID/timeline and _apis/pipelines/approvals of the run itself"


class _Refused(Exception):  # noqa: N818 - it says what is so
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class RestApi:
    """`project` and `build` are those of the run that `record` keeps."""

    def __init__(self, record: Record, project: str, build: str) -> None:
        self._record = record
        self._place = (project, build)
        self._run = uuid.uuid4()
        self._tokens: set[str] = set()
        self._loopback = Loopback(self._answer)

    def collection(self) -> str:
        """What System.TeamFoundationCollectionUri says; it listens from the first question on."""
        return f"{self._loopback.address()}/"

    @contextmanager
    def token(self) -> Iterator[str]:
        """Good until the context ends."""
        token = secrets.token_hex(26)
        self._tokens.add(token)
        try:
            yield token
        finally:
            self._tokens.discard(token)

    def close(self) -> None:
        self._loopback.close()

    def _answer(self, target: str, headers: Message) -> tuple[int, dict[str, Any]]:
        try:
            self._let_in(headers.get("Authorization", ""))
            return 200, self._document(target)
        except _Refused as refusal:
            return refusal.status, {"message": str(refusal)}

    def _let_in(self, given: str) -> None:
        kind, _, token = given.partition(" ")
        known = [one for one in list(self._tokens) if secrets.compare_digest(one.encode(), token.strip().encode())]
        if kind.casefold() != "bearer" or not known:
            raise _Refused(401, "Send the token of a job that runs: 'Authorization: Bearer ' and $(System.AccessToken).")

    def _document(self, target: str) -> dict[str, Any]:
        parts = urlsplit(target)
        project, build = self._place
        stages: Sequence[StageRecord] = list(self._record.stages)
        path = unquote(parts.path).casefold()
        if path == f"/{project}/_apis/build/builds/{build}/timeline".casefold():
            _read_query(parts.query, ())
            return timeline(self._run, stages)
        if path == f"/{project}/_apis/pipelines/approvals".casefold():
            given = _read_query(parts.query, ("approvalids", "$expand"))
            return _answer_approvals(self._run, stages, given)
        raise _Refused(404, f"There is nothing at {parts.path} here: {_TOLD}.")


def _answer_approvals(run: uuid.UUID, stages: Sequence[StageRecord], given: dict[str, str]) -> dict[str, Any]:
    expand = given.get("$expand", "none").casefold()
    if expand not in ("none", "steps"):
        raise _Refused(400, f"$expand={given['$expand']} is not done by this agent, which knows none and steps.")
    known = approvals(run, stages, with_steps=expand == "steps")
    wanted = [name.strip().lower() for name in given["approvalids"].split(",")] if "approvalids" in given else list(known)
    found = [known[name] for name in wanted if name in known]
    return {"count": len(found), "value": found}


def _read_query(text: str, known: Sequence[str]) -> dict[str, str]:
    given = {name.casefold(): values[-1] for name, values in parse_qs(text).items()}
    given.pop("api-version", None)
    for name in given:
        if name not in known:
            raise _Refused(400, f"The parameter {name} is not acted on by this agent; leave it out.")
    return given
