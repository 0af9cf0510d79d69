"""Who approved, as Azure DevOps tells it over HTTP, and one sentence for whatever keeps it from being told.

The documents have the form of Microsoft's own examples:
https://learn.microsoft.com/rest/api/azure/devops/approvalsandchecks/approvals/update#examples
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mlops.approvals import Approval, read_approval
from mlops.settings import read_settings
from tests.azure import AZURE
from tests.mlops.test_settings import GIVEN

TOKEN = "t0ken-0f-the-j0b"
IDS = ("ee14f612-6838-43c0-b445-db238ef14153", "06239b11-a904-43a1-be6a-0d44026bd121")
ADA = {"displayName": "Ada Lovelace", "id": "3b3db741", "uniqueName": "ada@fabrikam.com", "descriptor": "aad.x"}
STEP = {"actualApprover": ADA, "status": "approved", "lastModifiedOn": "2026-11-19T09:57:54.2525053Z", "order": 1, "history": []}
TOLD = "Ada Lovelace (ada@fabrikam.com), 2026-11-19T09:57:54+00:00, for snowflake-prod"
GRANT = "grant the build service of the project, or of the collection, View builds on this pipeline and Reader on the environment snowflake-prod"
RECORDS = [
    {"id": "s0", "parentId": None, "type": "Stage", "name": "Deploy to test", "identifier": "Deploy_test"},
    {"id": "s1", "parentId": None, "type": "Stage", "name": "Deploy to prod", "identifier": "Deploy_prod"},
    {"id": "c0", "parentId": "s0", "type": "Checkpoint", "name": "Checkpoint"},
    {"id": "another", "parentId": "c0", "type": "Checkpoint.Approval", "name": "Checkpoint.Approval"},
    {"id": "c1", "parentId": "s1", "type": "Checkpoint", "name": "Checkpoint"},
    {"id": "a9", "parentId": "c1", "type": "Checkpoint.Authorization", "name": "Checkpoint.Authorization"},
    {"id": IDS[0], "parentId": "c1", "type": "Checkpoint.Approval", "name": "Checkpoint.Approval"},
    {"id": "p1", "parentId": "s1", "type": "Phase", "name": "D", "identifier": "Deploy_prod.D"},
]


@dataclass
class Azure:
    """Answers each path, without its project, by status, headers and body; `seen` are the targets and tokens that came."""

    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def tell(self, *steps: dict[str, Any], status: str = "approved", records: Any = RECORDS, more: Any = ()) -> None:
        self.say("build/builds/17/timeline", {"records": records})
        self.say("pipelines/approvals", {"value": [{"id": IDS[0], "status": status, "steps": steps}, *more]})

    def say(self, path: str, document: object) -> None:
        self.answers[path] = 200, {"Content-Type": "application/json"}, json.dumps(document).encode()

    def read(self, seconds: float = 30.0, **more: str) -> Approval:
        told = {"BUILD_BUILDID": "17", "ENVIRONMENT_NAME": "snowflake-prod", "SYSTEM_STAGENAME": "Deploy_prod"}
        where = {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": f"http://127.0.0.1:{self.port}/fabrikam/", "SYSTEM_ACCESSTOKEN": TOKEN}
        return read_approval(read_settings({**GIVEN, **AZURE, **told, **where, **more}), seconds)


@pytest.fixture
def azure() -> Iterator[Azure]:
    told = Azure()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.seen.append((self.path, self.headers.get("Authorization", "")))
            nothing: tuple[int, dict[str, str], bytes] = (404, {}, b"")
            path = urlsplit(self.path).path.removeprefix("/fabrikam/Trials/_apis/")
            status, headers, body = told.answers.get(path, nothing)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield told
        server.shutdown()


def test_names_moments_and_words_of_this_stage_alone(azure: Azure) -> None:
    azure.tell(STEP, {**STEP, "status": "skipped", "actualApprover": None})
    assert azure.read() == Approval(TOLD)
    (timeline, one), (approvals, two) = azure.seen
    assert (timeline, one, two) == ("/fabrikam/Trials/_apis/build/builds/17/timeline?api-version=7.1", f"Bearer {TOKEN}", one)
    assert parse_qs(urlsplit(approvals).query) == {"approvalIds": [IDS[0]], "$expand": ["steps"], "api-version": ["7.1"]}


def test_all_who_approved_are_named(azure: Azure) -> None:
    """Two of one approval, and one more of another, as of a variable group; a comment cannot give an agent commands."""
    words = "looks\ngood ##vso[task.complete result=Failed]"
    grace = {**STEP, "actualApprover": {"displayName": "Grace"}, "comment": words}
    second = {"id": IDS[1], "parentId": "c1", "type": "Checkpoint.Approval"}
    azure.tell(STEP, grace, records=[*RECORDS, second], more=[{"id": IDS[1], "status": "approved", "steps": [STEP]}])
    assert azure.read().told == "; ".join(
        (
            TOLD,
            "Grace, 2026-11-19T09:57:54+00:00, for snowflake-prod, saying: looks good # #vso[task.complete result=Failed]",
            TOLD,
        )
    )


def test_where_nobody_is_asked_that_is_said(azure: Azure) -> None:
    azure.tell(records=[one for one in RECORDS if one["id"] != IDS[0]])
    assert azure.read() == Approval("nobody: environment snowflake-prod asks for no approval")
    del azure.seen[:]
    assert azure.read(ENVIRONMENT_NAME="", SYSTEM_ACCESSTOKEN="") == Approval("nobody: the run named no environment")
    assert azure.seen == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}, "map SYSTEM_ACCESSTOKEN: $(System.AccessToken) in its env."),
        ({"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": ""}, "SYSTEM_TEAMPROJECT do not say where Azure DevOps is."),
        ({"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "file:///etc"}, "do not say where Azure DevOps is."),
        ({"SYSTEM_STAGENAME": "Deploy"}, "the timeline of the run has no stage Deploy."),
        ({"SYSTEM_STAGENAME": ""}, "SYSTEM_STAGENAME is not set."),
    ],
)
def test_what_the_step_lacks_is_named(azure: Azure, more: dict[str, str], says: str) -> None:
    azure.tell(STEP)
    approval = azure.read(**more)
    assert approval.told == ""
    assert approval.fault.startswith("Who approved cannot be told, and no version is trained without it: ")
    assert approval.fault.endswith(says)


@pytest.mark.parametrize("path", ["build/builds/17/timeline", "pipelines/approvals"])
@pytest.mark.parametrize("status", [203, 302, 401, 403, 404])
def test_a_token_that_may_not_gets_the_permission_named_and_goes_nowhere_else(azure: Azure, path: str, status: int) -> None:
    azure.tell(STEP)
    azure.answers[path] = status, {"Location": f"http://127.0.0.1:{azure.port}/elsewhere"}, b"<html>Sign in</html>"
    approval = azure.read()
    assert approval.told == ""
    assert approval.fault.endswith(f": Azure DevOps answered {status} to the job's access token; {GRANT}.")
    assert not [target for target, _ in azure.seen if "elsewhere" in target]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (503, b"", "Azure DevOps answered 503 instead of telling; run the stage again."),
        (
            400,
            b'{"message": "VS1: Not\\nthis."}',
            "Azure DevOps answered 400 instead of telling; run the stage again. It says: VS1: Not this.",
        ),
        (200, b"<html>", "Azure DevOps answered in another form than is documented"),
        (200, b"[]", "Azure DevOps answered in another form than is documented"),
        (200, b'{"value": []}', f"Azure DevOps keeps an approval of this stage from the job's access token; {GRANT}."),
        (200, b'{"value": null}', "Azure DevOps answered in another form than is documented"),
    ],
)
def test_an_answer_that_tells_nothing_is_no_approval(azure: Azure, status: int, body: bytes, says: str) -> None:
    azure.tell(STEP)
    azure.answers["pipelines/approvals"] = status, {}, body
    approval = azure.read()
    assert approval.told == ""
    assert says in approval.fault
    azure.answers["build/builds/17/timeline"] = status, {}, body
    assert "Azure DevOps answered" in azure.read().fault


@pytest.mark.parametrize(
    ("step", "status", "says"),
    [
        (STEP, "skipped", "an approval before this stage is skipped, and names nobody who gave it."),
        ({**STEP, "status": "skipped"}, "approved", "an approval before this stage is approved, and names nobody who gave it."),
        ({**STEP, "actualApprover": None}, "approved", "in another form than is documented"),
        ({**STEP, "actualApprover": {"displayName": ""}}, "approved", "an approver without a name"),
        ({**STEP, "lastModifiedOn": None}, "approved", "in another form than is documented"),
    ],
)
def test_an_approval_that_names_nobody_is_none(azure: Azure, step: dict[str, Any], status: str, says: str) -> None:
    azure.tell(step, status=status)
    approval = azure.read()
    assert approval.told == ""
    assert says in approval.fault


def test_who_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        azure = Azure(port=silent.getsockname()[1])
        assert azure.read(seconds=0.05).fault.endswith(
            f"did not answer at http://127.0.0.1:{azure.port}/fabrikam/Trials (timed out)."
        )
    assert "Connection refused" in azure.read().fault


def test_the_token_is_shown_nowhere(azure: Azure) -> None:
    azure.answers["build/builds/17/timeline"] = 403, {}, b""
    settings = read_settings({**GIVEN, **AZURE, "SYSTEM_ACCESSTOKEN": TOKEN})
    assert TOKEN not in repr(settings) + azure.read().fault
