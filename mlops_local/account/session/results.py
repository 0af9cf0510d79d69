"""Answers by query id, for RESULT_SCAN, asynchronous fetching and re-fetching; the oldest go first.

Snowflake keeps them for 24 hours; here they live as long as the process and within a budget of memory.
https://docs.snowflake.com/en/sql-reference/functions/result_scan
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from mlops_local.account.session.result import Result

_BUDGET = 1 << 30


class ResultStore:
    def __init__(self, budget: int = _BUDGET) -> None:
        self._budget = budget
        self._held = 0
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._users: dict[str, str] = {}
        self._lock = threading.Lock()

    def put(self, query_id: str, result: Result, user: str) -> None:
        with self._lock:
            self._results[query_id] = result
            self._users[query_id] = user
            self._held += result.table.nbytes
            while self._held > self._budget and len(self._results) > 1:
                gone, oldest = self._results.popitem(last=False)
                del self._users[gone]
                self._held -= oldest.table.nbytes

    def get(self, query_id: str, user: str) -> Result:
        """The answer to a statement of that user; KeyError when there is none (any more)."""
        with self._lock:
            if self._users[query_id] != user:
                raise KeyError(query_id)
            return self._results[query_id]
