"""The record that every object carries at the end of its comment: what it was made from, by which commit and run."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"\[mlops definition=(?P<definition>[0-9a-f]+) commit=(?P<commit>\S+) run=(?P<run>\S+)\]\s*$")


# What the sessions of the pipeline are tagged with, before the run.
RUN_TAG = "mlops run "
# The run of a command that no pipeline has called.
MANUAL = "manual"


@dataclass(frozen=True)
class Mark:
    definition: str
    commit: str
    run: str

    def __str__(self) -> str:
        return f"[mlops definition={self.definition} commit={_word(self.commit)} run={_word(self.run)}]"

    def after(self, description: str) -> str:
        return f"{description} {self}"


def read_mark(comment: str | None) -> Mark | None:
    found = _MARK.search(comment or "")
    return Mark(**found.groupdict()) if found else None


def _word(text: str) -> str:
    return re.sub(r"[\s\]\[]+", "-", text.strip()) or "unknown"
