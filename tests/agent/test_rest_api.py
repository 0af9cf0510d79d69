"""What a job reads of its own run over HTTP, with its own token: the timeline, and who approved."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from mlops_local.agent.approvals import Given
from mlops_local.agent.masking import Masker
from mlops_local.agent.record import Record
from mlops_local.agent.rest_api import RestApi

Project = Any
# Both of what this agent tells, as a job would ask for it, by the token that the step was given and no other.
ASK = """
import json, os, sys, urllib.request
def ask(path):
    url = os.environ["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"] + os.environ["SYSTEM_TEAMPROJECT"] + "/_apis/" + path
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["SYSTEM_ACCESSTOKEN"]})
    return json.load(urllib.request.urlopen(request, timeout=30))
told = {
    "timeline": ask(f"build/builds/{os.environ['BUILD_BUILDID']}/timeline?api-version=7.1"),
    "approvals": ask("pipelines/approvals?%24expand=steps&api-version=7.1"),
    "without steps": ask("pipelines/approvals?api-version=7.1"),
}
json.dump(told, open(sys.argv[1], "w"))
open(sys.argv[2], "w").write(os.environ["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"] + " " + os.environ["SYSTEM_ACCESSTOKEN"])
"""
PIPELINE = """
stages:
- stage: Build
  jobs:
  - job: J
    steps:
    - bash: echo "[$SYSTEM_ACCESSTOKEN]"
      name: unmapped
- stage: Ship
  displayName: Ship it
  jobs:
  - deployment: D
    environment: prod
    strategy:
      runOnce:
        deploy:
          steps:
          - bash: python3 $(folder)/ask.py $(folder)/told.json $(folder)/token && echo "token $SYSTEM_ACCESSTOKEN"
            name: ask
            env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}
          - bash: |
              ask() {
                curl --silent --output /dev/null --write-out '%{http_code}\\n' --header "Authorization: $2" "$(System.TeamFoundationCollectionUri)$1"
              }
              ask "local/_apis/pipelines/approvals?api-version=7.1" "Bearer $TOKEN"
              ask "local/_apis/pipelines/approvals?state=pending" "Bearer $TOKEN"
              ask "local/_apis/pipelines/approvals?%24expand=permissions" "Bearer $TOKEN"
              ask "other/_apis/pipelines/approvals" "Bearer $TOKEN"
              ask "local/_apis/build/builds/0/timeline" "Bearer $TOKEN"
              ask "local/_apis/git/repositories" "Bearer $TOKEN"
              ask "local/_apis/pipelines/approvals" "Bearer ${TOKEN%?}"
              ask "local/_apis/pipelines/approvals" "Basic $TOKEN"
              ask "local/_apis/pipelines/approvals" ""
            name: statuses
            env: {TOKEN: $(System.AccessToken)}
"""


def test_a_job_reads_who_approved_and_nothing_else_by_a_token_that_is_secret(project: Project) -> None:
    project.environment("prod", "approval: {approvers: [Release managers]}\n")
    project.file("ask.py", ASK)
    ran = project.root(PIPELINE).run(answers=Given.of(["prod"], [], []), variables={"folder": str(project.folder)})
    assert ran.verdict == "Succeeded", ran.issues()
    told = json.loads((project.folder / "told.json").read_text())
    build, ship, checkpoint, asked = told["timeline"]["records"]
    assert (build["type"], build["identifier"], build["state"], build["result"]) == ("Stage", "Build", "completed", "succeeded")
    assert (ship["type"], ship["identifier"], ship["name"], ship["state"]) == ("Stage", "Ship", "Ship it", "inProgress")
    assert (checkpoint["type"], checkpoint["parentId"]) == ("Checkpoint", ship["id"])
    assert (asked["type"], asked["parentId"]) == ("Checkpoint.Approval", checkpoint["id"])
    (approval,) = told["approvals"]["value"]
    (check,) = json.loads((ran.result.out / "run.json").read_text())["stages"][1]["checks"]
    assert (approval["id"], approval["status"]) == (asked["id"], "approved")
    (step,) = approval["steps"]
    assert (step["status"], step["actualApprover"], step["lastModifiedOn"]) == (
        "approved",
        {"displayName": check["by"]},
        check["at"],
    )
    assert told["without steps"] == {"count": 1, "value": [{**approval, "steps": []}]}
    assert ran.log("statuses") == ["200", "400", "400", "404", "404", "404", "401", "401", "401"]
    _check_secrecy(ran, project)


def _check_secrecy(ran: Any, project: Project) -> None:
    where, token = (project.folder / "token").read_text().split()
    assert ran.log("unmapped") == ["[]"]
    assert ran.log("ask") == ["token ***"]
    assert [file for file in ran.result.out.rglob("*") if file.is_file() and token.encode() in file.read_bytes()] == []
    with pytest.raises(OSError, match="refused"):
        urlopen(Request(f"{where}local/_apis/pipelines/approvals", headers={"Authorization": f"Bearer {token}"}), timeout=30)


def test_the_token_of_a_job_that_is_over_opens_nothing(project: Project) -> None:
    project.root("""
        jobs:
        - job: First
          steps:
          - bash: printf %s "$TOKEN" > $(folder)/token
            env: {TOKEN: $(System.AccessToken)}
        - job: Second
          dependsOn: First
          steps:
          - bash: >-
              curl --silent --header "Authorization: Bearer $(cat "$FOLDER/token")"
              "$(System.TeamFoundationCollectionUri)local/_apis/pipelines/approvals"
            name: late
            env: {FOLDER: $(folder)}
    """)
    ran = project.run(variables={"folder": str(project.folder)})
    (line,) = ran.log("late")
    assert json.loads(line)["message"].startswith("Send the token of a job that runs:")


def test_a_refusal_is_a_sentence(project: Project) -> None:
    """As whoever asks by hand sees it."""
    api = RestApi(Record(project.folder / "out", Masker()), "our project", "7")
    try:
        with api.token() as token, pytest.raises(HTTPError) as refused:
            urlopen(
                Request(f"{api.collection()}our%20project/_apis/wit/workitems/1", headers={"Authorization": f"Bearer {token}"}),
                timeout=30,
            )
        assert json.load(refused.value)["message"].startswith("There is nothing at /our%20project/_apis/wit/workitems/1 here:")
    finally:
        api.close()
