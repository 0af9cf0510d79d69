"""Result sets, cursors and jobs of a Snowflake Scripting block.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/cursors,
https://docs.snowflake.com/en/developer-guide/snowflake-scripting/asynchronous-child-jobs
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.session.result import Result
from mlops_local.account.syntax.names import fold
from mlops_local.account.syntax.reader import Reader

_FROM_CURSOR = re.compile(r"(?i)\s*RESULTSET_FROM_CURSOR\s*\((.*)\)\s*", re.DOTALL)


@dataclass
class _Cursor:
    """Rows that FETCH takes one by one; closed while there is no result."""

    query: str
    result: Result | None = None
    position: int = 0


class Rows:
    """By name, what a block has declared; ``run`` answers a statement of it.

    Writers take turns, so a job of ASYNC is over before the statement behind it begins; its error waits for AWAIT.
    """

    def __init__(self, run: Callable[[str], Result]) -> None:
        self._run = run
        self.results: dict[str, Result | None] = {}
        self._cursors: dict[str, _Cursor] = {}
        self._failed: dict[str | None, AccountError] = {}

    def declare(self, name: str, query: str, *, cursor: bool) -> None:
        if cursor:
            self._cursors[name] = _Cursor(query)
            return
        self.results[name] = None
        if query:
            self.fill(name, query)

    def fill(self, name: str, text: str) -> None:
        """A result set takes the rows of ``(query)``, or of ``ASYNC (query)``."""
        reader = Reader(text)
        if reader.accept("ASYNC"):
            self.start(name, reader.parenthesised())
            return
        stripped = text.strip()
        inner = stripped[1:-1] if stripped.startswith("(") and stripped.endswith(")") else stripped
        self.results[name] = self._run(inner)

    def start(self, name: str | None, text: str) -> None:
        try:
            answer = self._run(text)
        except AccountError as error:
            self._failed[name] = error
            return
        if name is not None:
            self.results[name] = answer

    def wait(self, name: str | None) -> None:
        """Raises what a job, or any of all when none is named, has failed with."""
        if name is not None and name not in self.results:
            raise _undeclared("result set", name)
        for failed in [name] if name is not None else list(self._failed):
            if failed in self._failed:
                raise self._failed.pop(failed)

    def open(self, name: str, filled: Callable[[str], str]) -> None:
        cursor = self._cursor(name)
        if cursor.result is not None:
            raise compilation_error(904, "42000", f"cursor '{name}' is open already.")
        self._open(cursor, filled)

    def _open(self, cursor: _Cursor, filled: Callable[[str], str] = str) -> Result:
        name = fold(cursor.query, quoted=False)
        cursor.result = self._result(name) if name in self.results else self._run(filled(cursor.query))
        cursor.position = 0
        return cursor.result

    def fetch(self, name: str) -> Result:
        """The next row; none behind the last."""
        cursor = self._cursor(name)
        if cursor.result is None:
            raise compilation_error(904, "42000", f"cursor '{name}' is not open.")
        cursor.position += 1
        return Result(cursor.result.columns, cursor.result.table.slice(cursor.position - 1, 1), cursor.result.type)

    def close(self, name: str) -> None:
        self._cursor(name).result = None

    def find(self, text: str) -> Result | None:
        """The rows of the result set or cursor of that name, which stays closed when it was; None when it is neither."""
        name = fold(text.strip(), quoted=False)
        if name in self._cursors:
            cursor, is_open = self._cursors[name], self._cursors[name].result
            found = is_open or self._open(cursor)
            cursor.result = is_open
            return found
        return self._result(name) if name in self.results else None

    def _cursor(self, name: str) -> _Cursor:
        if name not in self._cursors:
            raise _undeclared("cursor", name)
        return self._cursors[name]

    def _result(self, name: str) -> Result:
        found = self.results[name]
        if found is None:
            raise compilation_error(904, "42000", f"the result set '{name}' has no query yet.")
        return found


def _undeclared(kind: str, name: str) -> AccountError:
    return compilation_error(904, "42000", f"the {kind} '{name}' is not declared.")


def named_rows(text: str) -> str:
    """The name in ``RESULTSET_FROM_CURSOR(name)``, or what was given."""
    found = _FROM_CURSOR.fullmatch(text)
    return found[1] if found else text
