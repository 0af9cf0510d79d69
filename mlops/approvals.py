"""Who let the stage run in which a command stands, as Azure DevOps' REST API tells it to the job's own access token.

The timeline of the build has a Checkpoint below each stage before which something was asked, and below that a Checkpoint.Approval for
each approval, whose id is the approval's. The step of an approval that was given says by whom, when, and in which words.
https://learn.microsoft.com/rest/api/azure/devops/build/timeline/get
https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/approvals/query
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from mlops.errors import GateError
from mlops.secret import Secret
from mlops.settings import Build, Settings

_VERSION = "7.1"
_SECONDS = 30.0
_LONGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_COMMENT = 500
_UNTOLD = "Who approved cannot be told, and no version is trained without it"
# What says that the token may not, and no other fault: a page to sign in comes as 203, or by a redirection to it.
_MAY_NOT = (203, 301, 302, 303, 307, 308, 401, 403, 404)

_Record = Mapping[str, Any]


@dataclass(frozen=True)
class Approval:
    """Who approved, or why nobody had to; without an answer, the sentence that says why there is none."""

    told: str = ""
    fault: str = ""


def read_approval(settings: Settings, seconds: float = _SECONDS) -> Approval:
    """Of the stage in which this command runs. Each of the two questions has so many seconds."""
    build = settings.build
    if build.approved_by:
        return Approval(build.approved_by)
    if not build.environment:
        return Approval("nobody: the run named no environment")
    try:
        given = "; ".join(_read(build, settings.run, seconds))
    except GateError as error:
        return Approval(fault=f"{_UNTOLD}: {error}")
    return Approval(given or f"nobody: environment {build.environment} asks for no approval")


def _read(build: Build, run: str, seconds: float) -> Iterator[str]:
    try:
        timeline = _ask(build, f"build/builds/{run}/timeline", {}, seconds)
        ids = _approvals_before(timeline["records"], build.stage)
        if not ids:
            return
        answer = _ask(build, "pipelines/approvals", {"approvalIds": ",".join(ids), "$expand": "steps"}, seconds)
        found = {str(one["id"]): one for one in answer["value"]}
        if set(ids) - set(found):
            raise GateError(f"Azure DevOps keeps an approval of this stage from the job's access token; {_grant(build)}.")
        for name in ids:
            yield from _given(found[name], build.environment)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GateError(f"Azure DevOps answered in another form than is documented ({error!r}).") from error


def _approvals_before(records: Sequence[_Record], stage: str) -> list[str]:
    """The ids of all that was approved before the stage: for its environment, and for whatever else of it was protected."""
    own = {one["id"] for one in records if one["type"] == "Stage" and one["identifier"] == stage}
    if not own:
        raise GateError(f"the timeline of the run has no stage {stage or 'of that name: SYSTEM_STAGENAME is not set'}.")
    checkpoints = {one["id"] for one in records if one["type"] == "Checkpoint" and one["parentId"] in own}
    return [str(one["id"]) for one in records if one["type"] == "Checkpoint.Approval" and one["parentId"] in checkpoints]


def _given(approval: _Record, environment: str) -> Iterator[str]:
    steps = [step for step in approval["steps"] if step["status"] == "approved"]
    if approval["status"] != "approved" or not steps:
        raise GateError(f"an approval before this stage is {approval['status']}, and names nobody who gave it.")
    for step in steps:
        when = datetime.fromisoformat(step["lastModifiedOn"]).astimezone(UTC).isoformat(timespec="seconds")
        comment = _plain(step.get("comment") or "")[:_LONGEST_COMMENT]
        yield f"{_person(step['actualApprover'])}, {when}, for {environment}{f', saying: {comment}' if comment else ''}"


def _person(identity: _Record) -> str:
    name, account = identity["displayName"], identity.get("uniqueName")
    if not name:
        raise ValueError("an approver without a name")
    return _plain(f"{name} ({account})" if account and account != name else name)


def _plain(text: str) -> str:
    """On one line, and nothing that an agent would take for a command when it is printed."""
    return " ".join(text.split()).replace("##", "# #")


def _grant(build: Build) -> str:
    return (
        "grant the build service of the project, or of the collection, View builds on this pipeline and Reader on the environment "
        f"{build.environment}"
    )


def _ask(build: Build, path: str, query: Mapping[str, str], seconds: float) -> Any:
    if not build.token:
        raise GateError("the step has no access token; map SYSTEM_ACCESSTOKEN: $(System.AccessToken) in its env.")
    if urlsplit(build.api).scheme not in ("https", "http"):
        raise GateError("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI and SYSTEM_TEAMPROJECT do not say where Azure DevOps is.")
    url = f"{build.api}/_apis/{path}?{urlencode({**query, 'api-version': _VERSION})}"
    try:
        status, body = _fetch(url, build.token, seconds)
    except (OSError, HTTPException) as error:
        raise GateError(f"Azure DevOps did not answer at {build.api} ({getattr(error, 'reason', None) or error}).") from error
    if status in _MAY_NOT:
        raise GateError(f"Azure DevOps answered {status} to the job's access token; {_grant(build)}.{_message(body)}")
    if status != HTTPStatus.OK:
        raise GateError(f"Azure DevOps answered {status} instead of telling; run the stage again.{_message(body)}")
    return json.loads(body)


def _message(body: bytes) -> str:
    """What Azure DevOps says itself, where it is no page."""
    try:
        return f" It says: {_plain(json.loads(body)['message'])[:_LONGEST_COMMENT]}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""


def _fetch(url: str, token: Secret, seconds: float) -> tuple[int, bytes]:
    request = Request(url, headers={"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"})  # noqa: S310 - see _ask
    try:
        with build_opener(_Stay).open(request, timeout=seconds) as answer:
            return answer.status, answer.read(_LONGEST_ANSWER)
    except HTTPError as error:
        with error:
            return error.code, error.read(_LONGEST_ANSWER)


class _Stay(HTTPRedirectHandler):
    """The token goes nowhere else than to where Azure Pipelines said."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None
