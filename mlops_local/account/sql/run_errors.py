"""Failures while a statement runs, in Snowflake's numbers and words.

Translated expressions raise them by DuckDB's ``error('..')`` with the number and SQLSTATE in front.
"""

from __future__ import annotations

import re

from mlops_local.account.errors import AccountError

_MARKED = re.compile(r"\[(\d+) (\w{5})\] (.*)", re.DOTALL)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: t\d+\.(.*)")


def marked(number: int, state: str, message: str) -> str:
    """The text for ``error(..)``, to be put between single quotes."""
    return f"[{number} {state}] {message}"


DIVISION_BY_ZERO = marked(100051, "22012", "Division by zero")


def run_error(text: str) -> AccountError | None:
    """The failure that DuckDB's text carries; None when it carries none of ours."""
    if match := _MARKED.search(text):
        return AccountError(int(match[1]), match[2], match[3])
    if match := _NOT_NULL.search(text):
        return AccountError(100072, "22000", f"NULL result in a non-nullable column ({match[1]})")
    return None
