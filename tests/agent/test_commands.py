"""Logging commands: each one that Azure's agent has does something, is refused by name, or has nothing to do here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_local.agent.obey import HANDLERS

Project = Any
# https://github.com/microsoft/azure-pipelines-agent, CommandExtensions; and the page of logging commands.
AZURE = """
    task.addattachment task.complete task.debug task.issue task.logdetail task.logissue task.prependpath task.setendpoint
    task.setprogress task.setsecret task.settaskvariable task.setvariable task.uploadfile task.uploadsummary
    build.addbuildtag build.updatebuildnumber build.uploadlog build.uploadsummary artifact.associate artifact.upload
    codecoverage.publish release.updatereleasename results.publish telemetry.publish
    """


def say(*commands: str) -> str:
    """A step that prints them."""
    lines = "".join(f"\n    ##vso[{command}" for command in commands)
    return f"- bash: |\n    cat <<'END'{lines}\n    END\n  name: say\n"


def said(project: Project, *commands: str, more: str = "") -> Any:
    return project.root(f"steps:\n{say(*commands)}{more}").run()


def test_every_command_of_azure_is_known() -> None:
    assert sorted(HANDLERS) == sorted(AZURE.split())


@pytest.mark.parametrize(
    ("results", "result"),
    [
        (["Succeeded"], "Succeeded"),
        (["SucceededWithIssues", "Succeeded"], "SucceededWithIssues"),
        (["Failed", "Succeeded"], "Failed"),
        (["Failed", "Canceled"], "Canceled"),
        (["Canceled", "Failed"], "Canceled"),
        (["Skipped", "Failed"], "Skipped"),
    ],
    ids="-".join,
)
def test_results_are_merged(project: Project, results: list[str], result: str) -> None:
    ran = said(project, *(f"task.complete result={each};]" for each in results))
    assert ran.steps()["Bash"] == result


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("task.complete result=failed;]", "task.complete needs the result Succeeded, SucceededWithIssues, Failed, Canceled or Skipped"),
        ("task.complete]done", "not ''."),
        ("task.logissue type=info]x", "task.logissue needs type=error or type=warning."),
        ("task.setvariable]x", "task.setvariable needs the name of a variable."),
        ("task.settaskvariable issecret=true]x", "task.settaskvariable needs the name of a variable."),
        ("task.prependpath]", "task.prependpath needs a folder."),
        ("task.uploadsummary]none.md", "none.md does not exist."),
        ("task.uploadfile].", "is no file."),
        ("task.addattachment type=a]x", "task.addattachment needs type=TYPE and name=NAME, neither with a slash."),
        ("task.addattachment type=a;name=../b]x", "neither with a slash."),
        ("artifact.upload containerfolder=a]x", "artifact.upload needs the name of an artifact: artifactname=NAME."),
        ("artifact.upload artifactname=../a]azure-pipelines.yml", "'../a' cannot be the name of an artifact"),
        ("build.addbuildtag] ", "build.addbuildtag needs a tag."),
        ("build.updatebuildnumber]", "build.updatebuildnumber needs a number."),
        ("task.setendpoint id=x;field=url]y", "This agent does not do task.setendpoint; write the service connection into the library."),
        ("results.publish type=JUnit;resultFiles=x]", "This agent does not do results.publish; use PublishTestResults@2."),
        ("artifact.associate type=container]x", "This agent does not do artifact.associate; use artifact.upload."),
        ("task.nonsense]x", "There is no command task.nonsense; of this area there are: task.setvariable, "),
    ],
    ids=lambda text: text[:28],
)  # fmt: skip
def test_a_wrong_command_fails_its_step_with_a_sentence(project: Project, command: str, sentence: str) -> None:
    ran = said(project, command)
    assert (ran.verdict, sentence in ran.issues()[0]) == ("Failed", True), ran.issues()


@pytest.mark.parametrize(
    ("line", "warning"),
    [
        ("nosuch.command]x", "There is no command nosuch.command; it was ignored."),
        ("nothing", "This line looks like a logging command and is none; write ##vso[area.action name=value]data."),
    ],
)
def test_what_is_no_command_is_warned_of(project: Project, line: str, warning: str) -> None:
    ran = said(project, line)
    assert (ran.verdict, ran.issues()) == ("Succeeded", [warning])


def test_issues_say_where(project: Project) -> None:
    ran = said(
        project,
        "task.logissue type=warning;sourcepath=a/b.py;linenumber=3;columnnumber=7;code=E1;]too long",
        "task.issue type=error]only said",
    )
    assert (ran.verdict, ran.issues()) == ("Succeeded", ["a/b.py(3,7): warning E1: too long", "only said"])


def test_files_and_facts_of_the_run(project: Project) -> None:
    project.file("s.md", "# Summary\n")
    ran = said(
        project,
        "task.uploadsummary]s.md",
        "build.uploadsummary]s.md",
        "task.uploadfile]s.md",
        "build.uploadlog]azure-pipelines.yml",
        "task.addattachment type=my.kind;name=told.md]s.md",
        "build.addbuildtag] nice ",
        "build.updatebuildnumber]2026.1",
        "artifact.upload artifactname=docs]s.md",
        "task.setprogress value=50;]half",
        "task.logdetail id=1;name=x;type=build]x",
        "telemetry.publish area=a;feature=b]{}",
        more="- bash: echo $(Build.BuildNumber)\n  name: later\n",
    )
    assert ran.verdict == "Succeeded", ran.issues()
    out = ran.result.out
    facts = json.loads((out / "run.json").read_text())
    assert (facts["tags"], facts["buildNumber"], facts["artifacts"]) == (["nice"], "2026.1", ["docs"])
    assert (out / "summary.md").read_text() == "# Summary\n\n# Summary\n"
    kept = out / "attachments/__default/Job"
    assert sorted(file.relative_to(kept).as_posix() for file in kept.rglob("*") if file.is_file()) == [
        "files/azure-pipelines.yml",
        "files/s.md",
        "my.kind/told.md",
    ]
    assert (out / "artifacts/docs/s.md").exists()
    assert ran.log("later") == ["2026.1"]


@pytest.mark.parametrize(("debug", "shown"), [("true", ["##[debug]inside"]), ("false", [])])
def test_debug_lines_are_shown_when_they_are_asked_for(project: Project, debug: str, shown: list[str]) -> None:
    ran = project.root(f"steps:\n{say('task.debug]inside')}").run(variables={"System.Debug": debug})
    assert ran.log("say") == shown


def test_secrets_of_commands_are_masked_from_then_on(project: Project) -> None:
    ran = said(
        project,
        "task.setsecret]first-s3cret",
        "task.settaskvariable variable=x;issecret=true]second-s3cret",
        more="- bash: echo first-s3cret second-s3cret\n  name: later\n",
    )
    assert ran.log("later") == ["*** ***"]


def test_a_target_restricts_commands_and_variables(project: Project) -> None:
    target = "  target: {commands: restricted, settableVariables: [sauce]}\n"
    ran = said(
        project,
        "build.addbuildtag]x",
        "task.setvariable variable=Sauce]ok",
        "task.setvariable variable=other]no",
        "task.prependpath]/nowhere",
        more=target + "- bash: echo $SAUCE $OTHER; echo $PATH\n  name: later\n",
    )
    assert ran.log("later")[0] == "ok"
    assert not ran.log("later")[1].startswith("/nowhere")
    assert [issue.partition(",")[0] for issue in ran.issues()] == [
        "The command build.addbuildtag is not allowed in this step",
        "The variable 'other' was not set",
        "The variable 'PATH' was not set",
    ]
