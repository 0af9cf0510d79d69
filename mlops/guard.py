"""The one place that statements pass which take something away. Whatever else is sent is refused if it could.

`check` is for what the machine itself sends. `check_sent` is for all that leaves on its connection, so also for what Snowpark and
snowflake-ml send by themselves; it stands on the connection, where nothing gets around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from mlops.errors import AccountError
from mlops.labels import PREFIX, Label, is_clone_name
from mlops.marks import Mark
from mlops.names import Name, literal, quote
from mlops.statements import keyword, readings

# https://docs.snowflake.com/en/sql-reference/sql/drop
_DROPPED = {"feature view": "VIEW", "entity": "TAG", "function": "FUNCTION", "procedure": "PROCEDURE", "stream": "STREAM"}
_DROPPED["task"] = "TASK"
_TAKES_AWAY = re.compile(
    rf"{keyword('DROP|UNDROP|TRUNCATE')}"
    rf"|{keyword('OR')}\s+{keyword('REPLACE')}\s+(?!{keyword('FUNCTION|PROCEDURE|STREAM|TASK')})"
    rf"|{keyword('OR')}\s+{keyword('ALTER')}"
    rf"|{keyword('SWAP')}\s+{keyword('WITH')}|{keyword('INSERT')}\s+{keyword('OVERWRITE')}|{keyword('RENAME')}\s+{keyword('TO')}"
    rf"|{keyword('EXECUTE')}\s+{keyword('IMMEDIATE')}|{keyword('AS')}\s+{keyword('PROCEDURE')}|{keyword('REMOVE|RM')}\s+@",
    re.IGNORECASE,
)
_PLACE = r'(?:"?[\w$]+"?\s*\.\s*){0,2}'
_FEATURE_VIEW = r'"?[A-Z0-9_]+\$[A-Z0-9_]+'
# What the clients replace or drop of their own: objects of the session, and feature views, which are queries and hold no data, with
# the task of one that refreshes itself. What one has kept, or serves online, goes too: `apply` looks for that before it asks.
_OF_CLIENTS = re.compile(
    rf"{keyword('OR')}\s+{keyword('REPLACE')}\s+(?:{keyword('LOCAL|GLOBAL|SCOPED')}\s+)?{keyword('TEMP|TEMPORARY')}(?=\s)"
    rf'|\A\s*CREATE\s+OR\s+REPLACE\s+VIEW\s+{_PLACE}{_FEATURE_VIEW}"?(?=[\s(])'
    rf'|\A\s*DROP\s+TASK\s+IF\s+EXISTS\s+{_PLACE}{_FEATURE_VIEW}"?(?=\s*\Z)'
    rf'|\A\s*DROP\s+TABLE\s+IF\s+EXISTS\s+{_PLACE}{_FEATURE_VIEW}\$SNAPSHOTS"?(?=\s*\Z)'
    rf'|\A\s*DROP\s+ONLINE\s+FEATURE\s+TABLE\s+IF\s+EXISTS\s+{_PLACE}{_FEATURE_VIEW}\$ONLINE"?(?=\s*\Z)'
    rf'|\A\s*DROP\s+TABLE\s+IF\s+EXISTS\s+{_PLACE}"?SNOWPARK_TEMP_TABLE_\w+"?(?=\s*\Z)'
    rf'|\A\s*DROP\s+FILE\s+FORMAT\s+IF\s+EXISTS\s+{_PLACE}"?SNOWPARK_TEMP_FILE_FORMAT_\w+"?(?=\s*\Z)',
    re.IGNORECASE,
)
_PERMITTED: ContextVar[str | None] = ContextVar("_PERMITTED", default=None)


@dataclass(frozen=True)
class Permitted:
    """A statement that takes away what the pipeline has made, and can make again."""

    statement: str


def check(statement: str) -> None:
    """Refuses what drops, replaces or truncates anything that holds data, however it is written."""
    for reading in readings(statement):
        _refuse(reading)


def check_sent(statement: str) -> None:
    """The same, but for the one statement that was permitted, and for what clients make for themselves."""
    if statement.strip() == _PERMITTED.get():
        return
    for reading in readings(statement):
        _refuse(_OF_CLIENTS.sub(" ", reading))


@contextmanager
def permitting(statement: str) -> Iterator[None]:
    """Lets this very statement out while it is being sent, and no other."""
    token = _PERMITTED.set(statement.strip())
    try:
        yield
    finally:
        _PERMITTED.reset(token)


def drop(kind: str, name: Name, arguments: str = "") -> Permitted:
    """Of what is made of definitions alone. Tables and models hold what cannot be made again: there is no way to drop them."""
    if kind not in _DROPPED:
        raise AccountError(f"Refused: the pipeline drops no {kind}, and {name} is one.")
    return Permitted(f"DROP {_DROPPED[kind]} IF EXISTS {name.sql}{arguments}")


def drop_version(dataset: Name, version: str, mark: Mark | None, definition: str) -> Permitted:
    """Of rows that failed their gates before the ledger had them, and that its own record says were made from this definition."""
    if mark is None or mark.definition != definition:
        raise AccountError(
            f"Refused: version {version} of dataset {dataset} is not dropped, for it was not made from {definition}."
        )
    return Permitted(f"ALTER DATASET {dataset.sql} DROP VERSION {literal(version)}")


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


def _refuse(reading: str) -> None:
    if found := _TAKES_AWAY.search(reading):
        # Without texts and comments, so nothing is told that could be a secret.
        told = " ".join(reading[found.start() :].split())[:100]
        raise AccountError(
            f"Refused before it was sent: {' '.join(found.group().split()).upper()} takes away what others may need ({told}). "
            "The pipeline drops only what it has made itself and can make again."
        )
