"""PublishTestResults@2: JUnit files, counted and kept.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-test-results-v2
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.globs import find_anywhere
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.uploads import keep_text


@dataclass(frozen=True)
class Counts:
    total: int
    failed: int
    skipped: int


def _run(step: StepContext) -> None:
    folder = step.path(step.text("searchFolder"))
    files = find_anywhere(folder, step.lines("testResultsFiles"))
    if not files:
        _miss(step, folder)
        return
    counted = [counts for file in files if (counts := _keep(step, file))]
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


def _keep(step: StepContext, file: Path) -> Counts | None:
    """None for a file that is none of results: as on Azure a warning, unless the task is to fail."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        counts = _read(text, file)
    except TaskFailed as error:
        if step.flag("failTaskOnFailureToPublishResults"):
            raise
        step.warn(str(error))
        return None
    keep_text(step, "test-results", file.name, text)
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
            "testRunner",
            "JUnit",
            ("testResultsFormat",),
            required=True,
            options=("JUnit", "NUnit", "VSTest", "XUnit", "CTest"),
            done=("JUnit",),
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
    guid="0b0f01ed-7dde-43ff-9cbb-e48954daf9b1",
)
