"""INSERT: into one table, or of the rows of one query into several.

https://docs.snowflake.com/en/sql-reference/sql/insert, https://docs.snowflake.com/en/sql-reference/sql/insert-multi-table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import syntax_error
from mlops_local.account.governance import lineage
from mlops_local.account.session.result import INTEGER, Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import default_of
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.scope import Field
from mlops_local.account.sql.typed import type_of
from mlops_local.account.statements import dml
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.names import physical
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.tables.streams import consume


@dataclass(frozen=True)
class Into:
    """``INTO t [(columns)] [VALUES (..)]``; without values a row goes as it is."""

    path: tuple[str, ...]
    names: list[str] | None
    values: list[str] | None


@dataclass(frozen=True)
class Branch:
    """Where the rows go for which the condition holds; None is every row, or in a statement with conditions those that are left."""

    condition: str | None
    intos: tuple[Into, ...]


@dataclass(frozen=True)
class Way:
    """With ``first`` a row goes to one branch only."""

    first: bool
    overwrite: bool


def insert(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    place = reader.place
    overwrite = reader.accept("OVERWRITE")
    way = reader.accept_any("ALL", "FIRST")
    if way is None:
        reader.back_to(place)
        return dml.insert(session, reader, request)
    branches = _branches(reader)
    if way == "FIRST" and branches[0].condition is None:
        raise syntax_error("INSERT FIRST needs a WHEN.")
    text = reader.rest()
    with session.transaction(write=not request.describe_only):
        return _insert(session, branches, text, request, Way(first=way == "FIRST", overwrite=overwrite))


Targets = Sequence[tuple[int, Into, Entry]]


def _branches(reader: Reader) -> list[Branch]:
    if reader.token.upper != "WHEN":
        return [Branch(None, _intos(reader))]
    found = []
    while reader.accept("WHEN"):
        condition = reader.until("THEN")
        reader.expect("THEN")
        found.append(Branch(condition, _intos(reader)))
    return [*found, Branch(None, _intos(reader))] if reader.accept("ELSE") else found


def _intos(reader: Reader) -> tuple[Into, ...]:
    reader.expect("INTO")
    found = [_into(reader)]
    while reader.accept("INTO"):
        found.append(_into(reader))
    return tuple(found)


def _into(reader: Reader) -> Into:
    path = reader.path()
    names = dml.column_list(reader)
    return Into(path, names, list(_items(reader.parenthesised())) if reader.accept("VALUES") else None)


def _items(text: str) -> Iterator[str]:
    reader = Reader(text)
    yield reader.until(",")
    while reader.accept(","):
        yield reader.until(",")
    reader.end()


def _insert(session: Session, branches: list[Branch], text: str, request: Request, way: Way) -> Result:
    targets = [(i, into, _target(session, into, way)) for i, branch in enumerate(branches) for into in branch.intos]
    context = Context.of(session)
    translation = query.translate(session, text, context)
    inserted = Counter({entry.id: 0 for _, _, entry in targets})
    try:
        if not request.describe_only:
            source = _Source(session, translation, [branch.condition for branch in branches], first=way.first)
            for i, into, entry in targets:
                write = dml.overwrite_relation if way.overwrite and into is _first_into(targets, entry) else dml.insert_relation
                inserted[entry.id] += write(session, entry, into.names, *source.rows(i, into, entry))
            session.connection.execute(f"DROP TABLE {source.name}")
            consume(session, translation.entries)
            for entry in _distinct(targets):
                lineage.record(session, context.direct, entry)
    finally:
        context.release()
    return _told(_distinct(targets), inserted)


def _target(session: Session, into: Into, way: Way) -> Entry:
    return dml.table(session, into.path, *(("INSERT", "DELETE") if way.overwrite else ("INSERT",)))


def _first_into(targets: Targets, entry: Entry) -> Into:
    return next(into for _, into, other in targets if other.id == entry.id)


def _distinct(targets: Targets) -> list[Entry]:
    return list({entry.id: entry for _, _, entry in targets}.values())


def _told(entries: Sequence[Entry], inserted: Counter[int]) -> Result:
    columns = [Column(f"number of rows inserted into {entry.name}", INTEGER, nullable=False) for entry in entries]
    return rows(columns, [[inserted[entry.id] for entry in entries]], type_=StatementType.MULTI_INSERT)


class _Source:
    """The rows of the query, and for each of them which conditions hold, computed once."""

    def __init__(
        self, session: Session, translation: query.Translation, conditions: Sequence[str | None], *, first: bool
    ) -> None:
        self._session = session
        self._columns = translation.columns
        self._conditions = conditions
        self._first = first
        names = ", ".join(quoted(column.name) for column in self._columns)
        told = [f"coalesce({self._scalar(text)}, FALSE) AS {_flag(i)}" for i, text in enumerate(conditions) if text is not None]
        self.name = dml.put_by(session, f"SELECT {', '.join(['*', *told])} FROM ({translation.sql}) AS given({names})")

    def _where(self, branch: int) -> str:
        """ELSE gets the rows of no other branch, FIRST gives each branch what those before it have left."""
        otherwise = self._conditions[branch] is None
        before = [f"NOT {_flag(i)}" for i in range(branch)] if otherwise or self._first else []
        return " AND ".join([*before, *([] if otherwise else [_flag(branch)])]) or "TRUE"

    def _scalar(self, text: str) -> str:
        return query.scalar_sql(self._session, text, self._columns)

    def rows(self, branch: int, into: Into, entry: Entry) -> tuple[str, tuple[Column, ...]]:
        """What one INTO gets, as a DuckDB query with the columns that it answers."""
        items = [*self._values(into, entry)] if into.values is not None else [self._own(column) for column in self._columns]
        listed = ", ".join(f"{sql} AS {quoted(field.name)}" for sql, field in items)
        sql = f"SELECT {listed} FROM {self.name} WHERE {self._where(branch)}"
        return sql, query.described(self._session, sql, tuple(field for _, field in items))

    def _own(self, column: Column) -> tuple[str, Field]:
        return quoted(column.name), Field(physical(column.name), column.type)

    def _values(self, into: Into, entry: Entry) -> Iterator[tuple[str, Field]]:
        wanted = dml.targets(self._session, entry, into.names)
        if len(wanted) != len(into.values or ()):
            raise dml.wrong_width(len(wanted), len(into.values or ()))
        for i, (text, column) in enumerate(zip(into.values or (), wanted, strict=True)):
            context = Context.of(self._session)
            context.compile = query.compile_query
            is_default = text.strip().upper() == "DEFAULT"
            tree = default_of(entry, column, context) if is_default else query.scalar_tree(text, context, self._columns)
            yield generate(tree), Field(f"v{i}", type_of(tree))


def _flag(branch: int) -> str:
    return f'"~if{branch}"'
