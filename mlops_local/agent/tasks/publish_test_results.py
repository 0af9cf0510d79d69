"""PublishTestResults@2: JUnit files, counted and kept.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-test-results-v2
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.globs import find_anywhere
from mlops_local.agent.record import file_name
from mlops_local.agent.tasks.definition import Input, Task, boolean


@dataclass(frozen=True)
class Counts:
    total: int
    failed: int
    skipped: int


def _run(step: StepContext) -> None:
    if step.text("testRunner").lower() != "junit":
        raise TaskFailed(f"This agent reads JUnit results only, not {step.text('testRunner')}.")
    folder = step.path(step.text("searchFolder"))
    files = find_anywhere(folder, step.lines("testResultsFiles"))
    if not files:
        _miss(step, folder)
        return
    counted = [_keep(step, file) for file in files]
    total, failed, skipped = (sum(getattr(each, name) for each in counted) for name in ("total", "failed", "skipped"))
    step.run.record.add_tests(total, failed, skipped)
    step.say(f"{total} tests: {total - failed - skipped} passed, {failed} failed, {skipped} skipped.")
    if failed and step.flag("failTaskOnFailedTests"):
        raise TaskFailed(f"{failed} of {total} tests failed.")


def _miss(step: StepContext, folder: Path) -> None:
    sentence = f"No test results match {step.text('testResultsFiles')} below {folder}."
    if step.flag("failTaskOnMissingResultsFile"):
        raise TaskFailed(sentence)
    step.warn(sentence)


def _keep(step: StepContext, file: Path) -> Counts:
    text = file.read_text(encoding="utf-8", errors="replace")
    counts = _read(text, file)
    target = step.run.record.folder / "test-results" / file_name(step.job.stage.name) / file_name(step.job.job.name) / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(step.run.masker.mask(text), encoding="utf-8")
    return counts


def _read(text: str, file: Path) -> Counts:
    try:
        # The file comes from the tests of this very job, which can do more than XML can.
        cases = list(ET.fromstring(text).iter("testcase"))  # noqa: S314
    except ET.ParseError as error:
        raise TaskFailed(f"{file.name} is not a JUnit file: {error}.") from error
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return Counts(len(cases), failed, sum(1 for case in cases if case.find("skipped") is not None))


PUBLISH_TEST_RESULTS = Task(
    "PublishTestResults",
    2,
    (
        Input(
            "testRunner", "JUnit", ("testResultsFormat",), required=True, options=("JUnit", "NUnit", "VSTest", "XUnit", "CTest")
        ),
        Input("testResultsFiles", "**/TEST-*.xml", required=True),
        Input("searchFolder", "$(System.DefaultWorkingDirectory)"),
        boolean("mergeTestResults"),
        boolean("failTaskOnFailedTests"),
        boolean("failTaskOnFailureToPublishResults"),
        boolean("failTaskOnMissingResultsFile"),
        Input("testRunTitle"),
        Input("platform", aliases=("buildPlatform",)),
        Input("configuration", aliases=("buildConfiguration",)),
        boolean("publishRunAttachments", "true"),
    ),
    _run,
)
