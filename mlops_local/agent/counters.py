"""Numbers of `counter(prefix, seed)`: each prefix counts on from run to run.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#counter
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from mlops_local.agent.file_locks import locked


class Counters:
    """Within one run a prefix has one number, however often it is asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    def next(self, prefix: str, seed: int) -> int:
        with self._lock:
            if prefix not in self._taken:
                self._taken[prefix] = self._advance(prefix, seed)
            return self._taken[prefix]

    def _advance(self, prefix: str, seed: int) -> int:
        """Other runs count at the same time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._file.with_suffix(".lock")):
            known: dict[str, int] = json.loads(self._file.read_text(encoding="utf-8")) if self._file.is_file() else {}
            known[prefix] = known[prefix] + 1 if prefix in known else seed
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(known), encoding="utf-8")
            os.replace(part, self._file)
        return known[prefix]
