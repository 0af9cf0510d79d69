from __future__ import annotations

from collections.abc import Iterator

from mlops.report.result import Report, Section


def to_text(report: Report) -> str:
    """What was done. Failures are told apart from it, on standard error."""
    return "\n".join(_lines(report))


def to_errors(report: Report) -> str:
    return "".join(f"error: {sentence}\n" for sentence in report.failures)


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.title} ({report.seconds:.1f} s)"
    if report.diff:
        yield ""
        yield report.diff
    for section in report.sections:
        yield ""
        yield from _section(section)
    for sentence in report.warnings:
        yield f"warning: {sentence}"


def _section(section: Section) -> Iterator[str]:
    yield f"{section.title}:"
    widths = [max(map(len, column)) for column in zip(section.columns, *section.rows, strict=True)]
    for row in (section.columns, *section.rows):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
