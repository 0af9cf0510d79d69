"""INSERT into one table, UPDATE, DELETE, MERGE and TRUNCATE. https://docs.snowflake.com/en/sql-reference/sql-dml"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import duckdb
from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.engine.journal import is_volatile
from mlops_local.account.errors import AccountError, compilation_error, invalid_identifier, unsupported
from mlops_local.account.files.loads import Loads
from mlops_local.account.governance import lineage
from mlops_local.account.session.result import SUCCEEDED, Result, StatementType, counts, status
from mlops_local.account.session.session import Bind, Request, Session
from mlops_local.account.sql import mutations, query
from mlops_local.account.sql.assignments import assigned
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import default_of, is_default
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.typed import typed
from mlops_local.account.statements.array_binding import bound_rows
from mlops_local.account.syntax.names import quote_if_needed
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables.change_capture import captured, is_tracked, record_inserted
from mlops_local.account.tables.streams import consume

_numbers = itertools.count(1)


def insert(session: Session, reader: Reader, request: Request) -> Result:
    """``[OVERWRITE] INTO t [(columns)] {VALUES .. | query}``, behind INSERT."""
    overwrite = reader.accept("OVERWRITE")
    reader.expect("INTO")
    reader.accept("TABLE")
    path = reader.path()
    names = column_list(reader)
    text = reader.rest()
    with session.transaction(write=not request.describe_only):
        entry = table(session, path, *(("INSERT", "DELETE") if overwrite else ("INSERT",)))
        inserted = _insert(session, entry, names, text, overwrite=overwrite, describe_only=request.describe_only)
    return counts(StatementType.INSERT, rows_inserted=inserted)


def table(session: Session, path: tuple[str, ...], *privileges: str) -> Entry:
    """The table that a statement changes; nothing else can be changed. The privileges are what the change takes."""
    entry = session.find("TABLE", path)
    if entry is None:
        name = session.complete(path)
        raise session.catalogue.missing("Object", name.database, name.schema, name.name)
    if entry.kind != "TABLE":
        raise compilation_error(
            1003, "42000", f"'{entry.full_name}' is a {entry.kind.lower()}; its rows cannot be changed directly."
        )
    for privilege in privileges:
        session.access.demand(privilege, entry)
    return entry


def column_list(reader: Reader) -> list[str] | None:
    if reader.token.text != "(" or reader.peek().upper in {"SELECT", "WITH", "("}:
        return None
    return reader.list(reader.identifier)


def _insert(session: Session, entry: Entry, names: list[str] | None, text: str, *, overwrite: bool, describe_only: bool) -> int:
    context = Context.of(session)
    tree = query.read(text, context)
    if isinstance(tree, exp.Values):
        _put_defaults(tree, entry, targets(session, entry, names), context)
    translation = query.translate_read(session, tree, context)
    try:
        if describe_only:
            return 0
        write = overwrite_relation if overwrite else insert_relation
        inserted = write(session, entry, names, translation.sql, translation.columns)
        consume(session, translation.entries)
        lineage.record(session, context.direct, entry)
        return inserted
    finally:
        translation.context.release()


def _put_defaults(tree: exp.Values, entry: Entry, columns: Sequence[Column], context: Context) -> None:
    """``VALUES (1, DEFAULT)``: the word is replaced by the default's own text."""
    for row in tree.expressions:
        for i, item in enumerate(row.expressions):
            if is_default(item):
                if i >= len(columns):
                    raise wrong_width(len(columns), len(row.expressions))
                item.replace(query.given(default_of(entry, columns[i], context)))


def targets(session: Session, entry: Entry, names: list[str] | None) -> list[Column]:
    """The columns that values are given for, in the order given."""
    columns = {column.name: column for column in session.catalogue.columns(entry)}
    if names is None:
        return list(columns.values())
    for name in names:
        if name not in columns:
            raise invalid_identifier(quote_if_needed(name))
    if len(set(names)) != len(names):
        raise compilation_error(2025, "42S21", f"duplicate column name '{next(name for name in names if names.count(name) > 1)}'")
    return [columns[name] for name in names]


def insert_relation(
    session: Session, entry: Entry, columns: list[str] | None, relation_sql: str, described: Sequence[Column] | None = None
) -> int:
    """Appends the rows of a DuckDB query to a table, converted to its types; columns that are not named take their defaults.

    Call within a writing transaction. ``described`` are the query's columns when the caller knows them already.
    """
    select = _select(session, entry, columns, relation_sql, described)
    if not is_tracked(entry) and not (session.stays_open() and is_volatile(select)):
        return _count(session, f"INSERT INTO {entry.physical} {select}")
    kept = put_by(session, select)
    inserted = _count(session, f"INSERT INTO {entry.physical} SELECT * FROM {kept}")
    if is_tracked(entry):
        record_inserted(session, entry, f"SELECT * FROM {kept}")
    session.connection.execute(f"DROP TABLE {kept}")
    return inserted


def put_by(session: Session, select: str) -> str:
    """The rows of a DuckDB query in a table of their own, whose name is the answer; the caller drops it."""
    name = f'"~new{next(_numbers)}"'
    session.connection.execute(f"CREATE TEMP TABLE {name} AS {select}")
    return f"temp.{name}"


def overwrite_relation(
    session: Session, entry: Entry, columns: list[str] | None, relation_sql: str, described: Sequence[Column] | None = None
) -> int:
    """The new rows are made before the old ones go: they may be made of them."""
    kept = put_by(session, _select(session, entry, columns, relation_sql, described))
    with captured(session, entry):
        session.connection.execute(f"DELETE FROM {entry.physical}")
        inserted = _count(session, f"INSERT INTO {entry.physical} SELECT * FROM {kept}")
    session.connection.execute(f"DROP TABLE {kept}")
    return inserted


def _select(
    session: Session, entry: Entry, names: list[str] | None, relation_sql: str, described: Sequence[Column] | None
) -> str:
    """A query of every column of the table in its order, with the given values converted and the defaults of the others."""
    given = list(described if described is not None else query.described(session, relation_sql, None))
    wanted = targets(session, entry, names)
    if len(given) != len(wanted):
        raise wrong_width(len(wanted), len(given))
    sources = {
        column.name: assigned(typed(exp.Column(this=exp.Identifier(this=f"~{i}", quoted=True)), given[i].type), column)
        for i, column in enumerate(wanted)
    }
    context = Context.of(session)
    items = [
        generate(sources[column.name] if column.name in sources else default_of(entry, column, context))
        for column in session.catalogue.columns(entry)
    ]
    aliases = ", ".join(f'"~{i}"' for i in range(len(given)))
    return f'SELECT {", ".join(items)} FROM ({relation_sql}) AS "~given"({aliases})'


def wrong_width(expected: int, given: int) -> AccountError:
    return compilation_error(2020, "21S01", f"Insert value list does not match column list expecting {expected} but got {given}")


def _count(session: Session, sql: str) -> int:
    return int(session.connection.fetch(sql)[0][0])


def insert_arrays(session: Session, text: str, arrays: tuple[Bind, ...], request: Request) -> Result:
    """``INSERT INTO t [(columns)] VALUES (?, ..)`` for many rows at once: one query over all bound values."""
    reader = Reader(text)
    reader.expect("INSERT", "INTO")
    path = reader.path()
    names = column_list(reader)
    reader.expect("VALUES")
    items = reader.parenthesised()
    reader.end()
    with session.transaction(write=not request.describe_only):
        entry = table(session, path, "INSERT")
        context = Context.of(session)
        translation = query.translate(session, bound_rows(context, items, arrays), context)
        try:
            inserted = (
                0 if request.describe_only else insert_relation(session, entry, names, translation.sql, translation.columns)
            )
        finally:
            context.release()
    return counts(StatementType.INSERT, rows_inserted=inserted)


def _mutate(
    session: Session, request: Request, mutation: mutations.Mutation, apply: Callable[[str], Result], empty: Result
) -> Result:
    try:
        if request.describe_only:
            return empty
        if mutation.entry.kind != "TABLE":
            raise unsupported(f"changing the rows of a {mutation.entry.kind.lower()}")
        mutation.context.evaluate()
        with captured(session, mutation.entry):
            result = apply(mutation.sql)
        consume(session, mutation.context.entries)
        return result
    finally:
        mutation.context.release()


def update(session: Session, reader: Reader, request: Request) -> Result:
    """Where several rows match one, one of them is taken, and the row is counted as multi-joined."""
    with session.transaction(write=not request.describe_only):
        mutation = mutations.update(session, reader.text)

        def apply(sql: str) -> Result:
            joined = _count(session, mutation.joined) if mutation.joined else 0
            lineage.record(session, mutation.context.direct, mutation.entry)
            return counts(StatementType.UPDATE, rows_updated=_count(session, sql), **{"multi-joined_rows_updated": joined})

        empty = counts(StatementType.UPDATE, rows_updated=0, **{"multi-joined_rows_updated": 0})
        return _mutate(session, request, mutation, apply, empty)


def delete(session: Session, reader: Reader, request: Request) -> Result:
    with session.transaction(write=not request.describe_only):
        mutation = mutations.delete(session, reader.text)

        def apply(sql: str) -> Result:
            return counts(StatementType.DELETE, rows_deleted=_count(session, sql))

        return _mutate(session, request, mutation, apply, counts(StatementType.DELETE, rows_deleted=0))


def merge(session: Session, reader: Reader, request: Request) -> Result:
    """The counts are those of the kinds of clauses that the statement has."""
    with session.transaction(write=not request.describe_only):
        mutation = mutations.merge(session, reader.text)

        def apply(sql: str) -> Result:
            try:
                actions = [row[0] for row in session.connection.fetch(sql)]
            except duckdb.InvalidInputException as error:
                if "more than once" not in str(error):
                    raise
                raise AccountError(*_DUPLICATES) from error
            lineage.record(session, mutation.context.direct, mutation.entry)
            return _merged(mutation, actions)

        return _mutate(session, request, mutation, apply, _merged(mutation, []))


_DUPLICATES = (
    100090,
    "42P18",
    "Duplicate row detected during DML action\nSeveral rows of the source match one row of the target.",
)
_MERGED = {"INSERT": "rows_inserted", "UPDATE": "rows_updated", "DELETE": "rows_deleted"}


def _merged(mutation: mutations.Mutation, actions: list[str]) -> Result:
    said = {name: actions.count(kind) for kind, name in _MERGED.items() if kind in mutation.actions}
    return counts(StatementType.MERGE, **said)


def truncate(session: Session, reader: Reader, request: Request) -> Result:
    """``TRUNCATE [TABLE] [IF EXISTS] t``."""
    reader.next()
    reader.accept("TABLE")
    if_exists = reader.accept("IF", "EXISTS")
    path = reader.path()
    reader.end()
    with session.transaction(write=not request.describe_only):
        if if_exists and session.find("TABLE", path) is None:
            return status(SUCCEEDED)
        entry = table(session, path, "TRUNCATE")
        if not request.describe_only:
            with captured(session, entry):
                session.connection.execute(f"DELETE FROM {entry.physical}")
            Loads(session.connection, entry).forget()
    return status(SUCCEEDED)
