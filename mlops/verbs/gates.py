from __future__ import annotations

from collections.abc import Sequence

from mlops.report.result import Section

COLUMNS = ("model", "version", "stage", "gate", "of", "value", "wanted", "passed")


def gates_section(rows: Sequence[tuple[str, ...]]) -> Section:
    return Section("Gates", COLUMNS, tuple(rows))
