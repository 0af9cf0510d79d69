"""PublishCodeCoverageResults@2: Cobertura or JaCoCo files, summed up and kept.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-code-coverage-results-v2
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.globs import find_anywhere
from mlops_local.agent.tasks.definition import Input, Task, boolean
from mlops_local.agent.uploads import keep_text


def _run(step: StepContext) -> None:
    files = find_anywhere(step.job.working_directory, step.lines("summaryFileLocation"))
    lines = [_keep(step, file) for file in files]
    covered, total = (sum(pair[index] for pair in lines) for index in (0, 1))
    if not total:
        sentence = f"No coverage matches {step.text('summaryFileLocation')}."
        if step.flag("failIfCoverageEmpty"):
            raise TaskFailed(sentence)
        step.warn(sentence)
        return
    step.run.record.add_coverage(covered, total)
    step.say(f"{covered} of {total} lines are covered ({100 * covered / total:.1f} %).")


def _keep(step: StepContext, file: Path) -> tuple[int, int]:
    text = file.read_text(encoding="utf-8", errors="replace")
    keep_text(step, "coverage", file.name, text)
    try:
        root = ET.fromstring(text)  # noqa: S314 - written by this job's own tests
    except ET.ParseError as error:
        raise TaskFailed(f"{file.name} is not a coverage file: {error}.") from error
    return _counted(root, file)


def _counted(root: ET.Element, file: Path) -> tuple[int, int]:
    if root.tag == "coverage":
        return int(root.get("lines-covered", 0)), int(root.get("lines-valid", 0))
    for counter in root.findall("counter"):
        if counter.get("type") == "LINE":
            covered = int(counter.get("covered", 0))
            return covered, covered + int(counter.get("missed", 0))
    raise TaskFailed(f"{file.name} is neither a Cobertura nor a JaCoCo file.")


PUBLISH_CODE_COVERAGE_RESULTS = Task(
    "PublishCodeCoverageResults",
    2,
    (Input("summaryFileLocation", required=True), Input("pathToSources"), boolean("failIfCoverageEmpty")),
    _run,
    guid="2a7ebc54-c13e-490e-81a5-d7561ab7cd97",
)
