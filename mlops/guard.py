"""The one place that statements pass which take something away. Whatever else the machine sends is refused if it could.

The clients of Feature Store, Dataset and Registry send statements of their own; what they are asked to do takes no database,
schema or table away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops.errors import AccountError
from mlops.names import Name

# https://docs.snowflake.com/en/sql-reference/sql/drop
_DROPPED = {"feature view": "VIEW", "entity": "TAG", "function": "FUNCTION", "procedure": "PROCEDURE", "stream": "STREAM"}
_DROPPED["task"] = "TASK"
# Texts, quoted names and comments hold no keywords; what is between two words may be a comment.
_QUIET = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|--[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TAKES_AWAY = re.compile(
    r"\b(?:DROP|UNDROP|TRUNCATE)\b"
    r"|\bOR\s+REPLACE\s+(?!(?:FUNCTION|PROCEDURE|STREAM|TASK)\b)"
    r"|\bSWAP\s+WITH\b|\bINSERT\s+OVERWRITE\b|\bEXECUTE\s+IMMEDIATE\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Permitted:
    """A statement that takes away what the pipeline has made, and can make again."""

    statement: str


def check(statement: str) -> None:
    """Refuses what drops, replaces or truncates anything that holds data, however it is written."""
    if found := _TAKES_AWAY.search(_QUIET.sub(" ", statement)):
        raise AccountError(
            f"Refused before it was sent: {' '.join(found.group().split()).upper()} takes away what others may need. "
            "The pipeline drops only what it has made itself and can make again."
        )


def drop(kind: str, name: Name, arguments: str = "") -> Permitted:
    """Of what is made of definitions alone. Tables and models hold what cannot be made again: there is no way to drop them."""
    if kind not in _DROPPED:
        raise AccountError(f"Refused: the pipeline drops no {kind}, and {name} is one.")
    return Permitted(f"DROP {_DROPPED[kind]} IF EXISTS {name.sql}{arguments}")
