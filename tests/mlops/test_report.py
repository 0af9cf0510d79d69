from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.report.console import to_errors, to_text
from mlops.report.junit import to_junit
from mlops.report.markdown import to_markdown
from mlops.report.publish import Places, publish
from mlops.report.result import Case, Report, Section

REPORT = Report(
    "Apply",
    (Section("Done", ("kind", "name"), (("entity", "A|B"), ("task", "C\nD"))),),
    (Case("apply.entity", "create A", 0.5), Case("apply.task", "create C", 1.0, "It was refused.")),
    warnings=("2 trials have no text.",),
    failures=("It was refused.",),
    exit_code=6,
    seconds=1.5,
)


def test_markdown_keeps_tables_whole() -> None:
    text = to_markdown(REPORT)
    assert "| entity | A\\|B |" in text
    assert "| task | C D |" in text
    assert "- **Failed:** It was refused." in text
    assert "- **Warning:** 2 trials have no text." in text


def test_console_lines_up_columns() -> None:
    lines = to_text(REPORT).splitlines()
    assert lines[0] == "Apply (1.5 s)"
    assert "  kind    name" in lines
    assert lines[-1] == "warning: 2 trials have no text."


def test_failures_are_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert to_errors(REPORT) == "error: It was refused.\n"
    publish(REPORT, Places())
    told = capsys.readouterr()
    assert "It was refused." not in told.out
    assert told.err == to_errors(REPORT)


def test_junit_counts_each_failure_once() -> None:
    suite = ElementTree.fromstring(to_junit(REPORT))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    alone = ElementTree.fromstring(to_junit(Report("Connect", failures=("No login.",))))[0]
    assert (alone.get("tests"), alone.get("failures")) == ("1", "1")


@given(st.text(), st.text())
def test_junit_is_xml_whatever_an_account_answers(name: str, failure: str) -> None:
    ElementTree.fromstring(to_junit(Report(name, cases=(Case(name, name, 0.0, failure),))).encode())


def test_files_are_written_where_asked_and_summaries_add_up(tmp_path: Path) -> None:
    places = Places(tmp_path / "deep" / "summary.md", tmp_path / "junit.xml", tmp_path / "report.json")
    publish(REPORT, places)
    publish(REPORT, places)
    assert (tmp_path / "deep" / "summary.md").read_text().count("## Apply") == 2
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == 6
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"
