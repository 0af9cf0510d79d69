"""What every kind of object shares: the shape of CREATE, ALTER, DROP, SHOW and DESCRIBE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.session.result import Column, Result, rows
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ


@dataclass(frozen=True)
class Creation:
    """What stood between CREATE and the name."""

    or_replace: bool = False
    or_alter: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    transient: bool = False
    secure: bool = False
    modifiers: frozenset[str] = frozenset()


Create = Callable[[Session, Reader, Creation], Result]
Change = Callable[[Session, Reader, bool], Result]
Read = Callable[[Session, Reader], Result]


@dataclass(frozen=True)
class Kind:
    """One kind of object. A verb that is None is refused; ``or_alter`` says that ``create`` acts on CREATE OR ALTER.

    The reader stands behind the kind's words. ``create`` still has ``[IF NOT EXISTS]`` read for it; ``alter`` and ``drop`` get
    whether ``IF EXISTS`` was said, the reader standing at the name; ``show`` stands at the first filter; ``describe`` at the name.
    """

    words: str
    plural: str
    create: Create | None = None
    alter: Change | None = None
    drop: Change | None = None
    undrop: Read | None = None
    show: Read | None = None
    describe: Read | None = None
    or_alter: bool = False


@dataclass(frozen=True)
class ShowFilter:
    """``[HISTORY] [LIKE 'p'] [IN {ACCOUNT | DATABASE d | SCHEMA s | d.s}] [STARTS WITH 'p'] [LIMIT n [FROM 'name']]``.

    https://docs.snowflake.com/en/sql-reference/sql/show
    """

    like: str | None = None
    scope: str = ""
    database: str | None = None
    schema: str | None = None
    starts_with: str | None = None
    limit: int | None = None
    after: str | None = None
    flagged: bool = False
    history: bool = False

    def keeps(self, name: str) -> bool:
        """LIKE ignores case; STARTS WITH does not."""
        if self.like is not None and not like_pattern(self.like).match(name):
            return False
        if self.after is not None and name <= self.after:
            return False
        return self.starts_with is None or name.startswith(self.starts_with)


def like_pattern(pattern: str) -> re.Pattern[str]:
    """SHOW's LIKE: ``%`` and ``_`` are wild, a backslash escapes, case does not count."""
    parts: list[str] = []
    escaped = False
    for letter in pattern:
        if escaped or letter not in "%_\\":
            parts.append(re.escape(letter))
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append(".*" if letter == "%" else ".")
    return re.compile("".join(parts) + r"\Z", re.IGNORECASE | re.DOTALL)


def read_filter(session: Session, reader: Reader, *, flag: tuple[str, ...] = ()) -> ShowFilter:
    """Reads all filters and refuses what is left. Without IN, the scope is the current schema, or database, or account.

    ``flag`` is what only one kind has, such as ROOT ONLY.
    """
    history = reader.accept("HISTORY")
    like = reader.string() if reader.accept("LIKE") else None
    scope, database, schema = _read_scope(session, reader) if reader.accept("IN") else _current_scope(session)
    starts_with = limit = after = None
    if reader.accept("STARTS", "WITH"):
        starts_with = reader.string()
    flagged = bool(flag) and reader.accept(*flag)
    if reader.accept("LIMIT"):
        limit = reader.integer()
        after = reader.string() if reader.accept("FROM") else None
    reader.end()
    return ShowFilter(like, scope, database, schema, starts_with, limit, after, flagged, history)


def _current_scope(session: Session) -> tuple[str, str | None, str | None]:
    return "", session.database, session.schema if session.database else None


def _read_scope(session: Session, reader: Reader) -> tuple[str, str | None, str | None]:
    if reader.accept("ACCOUNT"):
        return "ACCOUNT", None, None
    if reader.accept("DATABASE"):
        parts = () if reader.at_end or reader.token.upper in {"STARTS", "LIMIT", "ROOT"} else reader.path()
        database = parts[0] if parts else session.database
        session.catalogue.get("DATABASE", "", "", database or "")
        return "DATABASE", database, None
    reader.accept("SCHEMA")
    name = session.complete((*reader.path(), ""))
    session.catalogue.get("DATABASE", "", "", name.database)
    if name.schema != "INFORMATION_SCHEMA":
        session.catalogue.get("SCHEMA", name.database, "", name.schema)
    return "SCHEMA", name.database, name.schema


Past = Callable[[], list[tuple[Entry, datetime]]]


def show(
    columns: Sequence[Column],
    shown: ShowFilter,
    entries: Iterable[Entry],
    row: Callable[[Entry], Sequence[Any]],
    *,
    past: Past | None = None,
) -> Result:
    """The entries that the filter keeps, a row each, in the order given.

    ``past`` is what HISTORY adds, with the time of each drop; a kind without it refuses HISTORY.
    """
    if shown.history and past is None:
        raise unsupported("SHOW .. HISTORY of this kind")
    kept = [entry for entry in entries if shown.keeps(entry.name)]
    if not shown.history or past is None:
        return rows(columns, [row(entry) for entry in kept[: shown.limit]])
    listed = [(*row(entry), None) for entry in kept]
    listed += [(*row(entry), dropped_on) for entry, dropped_on in past() if shown.keeps(entry.name)]
    return rows([*columns, Column("dropped_on", TIMESTAMP_LTZ)], listed[: shown.limit])


_TERSE = (Column("created_on", TIMESTAMP_LTZ), Column("name"), Column("kind"), Column("database_name"), Column("schema_name"))


def shorten(full: Result, kind: str) -> Result:
    """SHOW TERSE: when, what and where; the kind as the full list says it, else the kind that was asked for."""
    places = {column.name: place for place, column in enumerate(full.columns)}
    if not {"created_on", "name", "database_name"} <= set(places) and kind not in {"DATABASE", "SCHEMA"}:
        raise unsupported(f"SHOW TERSE of a {kind.lower()}")

    def values(name: str) -> list[Any]:
        if name in places:
            found: list[Any] = full.table.column(places[name]).to_pylist()
            return found
        return [kind if name == "kind" and kind not in {"DATABASE", "SCHEMA"} else None] * full.row_count

    return rows(_TERSE, list(zip(*(values(column.name) for column in _TERSE), strict=True)))


def replace_or_keep(
    session: Session, kind: str, path: tuple[str, ...], creation: Creation, remove: Callable[[Entry], None]
) -> Entry | None:
    """Before a CREATE: the object that IF NOT EXISTS finds there already, else None once OR REPLACE has removed it.

    OR REPLACE over another kind of the same namespace is an error, as in Snowflake; the Feature Store relies on it.
    """
    name = session.complete(path)
    session.access.create(kind, name.database, name.schema, temporary=creation.temporary)
    existing = session.find(kind, path)
    if existing is None or existing.temporary != creation.temporary:
        return None
    if creation.if_not_exists and existing.kind == kind:
        return existing
    if creation.or_replace and existing.kind == kind:
        remove(existing)
    return None
