"""https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-test-results-v2"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from mlops.report.result import Case, Report

# What XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report) -> str:
    cases = _cases(report)
    failed = sum(case.failure is not None for case in cases)
    totals = {"tests": str(len(cases)), "failures": str(failed), "time": f"{report.seconds:.3f}"}
    suites = Element("testsuites", totals)
    suite = SubElement(suites, "testsuite", {"name": f"mlops {_clean(report.title)}", **totals})
    for case in cases:
        _add(suite, case)
    return str(tostring(suites, encoding="utf-8", xml_declaration=True), "utf-8")


def _cases(report: Report) -> tuple[Case, ...]:
    """A failure that belongs to no case, such as a refused login, is a case of its own."""
    told = {case.failure for case in report.cases}
    return (*report.cases, *(Case("mlops", report.title, 0.0, failure) for failure in report.failures if failure not in told))


def _add(suite: Element, case: Case) -> None:
    names = {"classname": _clean(case.group), "name": _clean(case.name), "time": f"{case.seconds:.3f}"}
    element = SubElement(suite, "testcase", names)
    if case.failure is not None:
        SubElement(element, "failure", {"message": _clean(case.failure)})


def _clean(text: str) -> str:
    return _NO_XML.sub("?", text)
