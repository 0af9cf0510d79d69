"""The one place that statements pass which take something away. Whatever else the machine sends is refused if it could.

The clients of Feature Store, Dataset and Registry send statements of their own; what they are asked to do takes no database,
schema or table away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops.errors import AccountError
from mlops.labels import PREFIX, Label, is_clone_name
from mlops.names import Name, quote

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


def drop_clone(database: str, label: Label | None, *, source: str, owner: str) -> Permitted:
    """Of a database that its own tags call a clone of `source`, made under this very name by `owner`. Of no other."""
    if fault := _fault(database, label, source, owner):
        raise AccountError(f"Refused: the database {database} is not dropped, {fault}.")
    return Permitted(f"DROP DATABASE {quote(database)}")


def _fault(database: str, label: Label | None, source: str, owner: str) -> str | None:
    if not is_clone_name(database):
        return f"for no clone has such a name: one is {PREFIX} and upper case letters, digits and underscores"
    if label is None:
        return "for it has no tags that say who made it, of what, and for how long"
    if label.database != database:
        return f"for its tags are those of {label.database}: it is a copy, or was renamed"
    if label.source != source:
        return f"for it is a clone of {label.source}, and this is {source}"
    if label.owner != owner:
        return f"for it was made by repository {label.owner}, and this is {owner}"
    return None
