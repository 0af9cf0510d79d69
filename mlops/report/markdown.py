from __future__ import annotations

from collections.abc import Iterator

from mlops.report.result import Report, Section


def to_markdown(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {report.title}"
    yield ""
    for sentence in report.failures:
        yield f"- **Failed:** {_cell(sentence)}"
    for sentence in report.warnings:
        yield f"- **Warning:** {_cell(sentence)}"
    if report.failures or report.warnings:
        yield ""
    for section in report.sections:
        yield from _section(section)
    if report.diff:
        # Indented, and not fenced: a diff may hold fences.
        yield from ("    " + line for line in report.diff.splitlines())


def _section(section: Section) -> Iterator[str]:
    yield f"### {section.title}"
    yield ""
    yield _row(section.columns)
    yield _row(tuple("---" for _ in section.columns))
    yield from (_row(row) for row in section.rows)
    yield ""


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
