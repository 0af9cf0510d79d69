"""Stored procedures and CALL. https://docs.snowflake.com/en/sql-reference/sql/call"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import syntax_error, unknown_function, unsupported
from mlops_local.account.routines.overloads import Call, named_or_not, pick_overload
from mlops_local.account.routines.routine import Routine
from mlops_local.account.scripting import scripting
from mlops_local.account.scripting.script_values import Value
from mlops_local.account.session.result import Column, Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import query
from mlops_local.account.sql.extensions import SYSTEM_FUNCTIONS
from mlops_local.account.statements import routine
from mlops_local.account.statements.kind import Creation, Kind
from mlops_local.account.statements.query import run as run_query
from mlops_local.account.syntax.names import quote
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import SqlType, parse_type


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    declared = routine.read_routine(reader, path[-1])
    session.account.runtime.check(declared, procedure=True)
    return routine.create_routine(session, "PROCEDURE", path, declared, creation)


def call(session: Session, reader: Reader, request: Request) -> Result:
    """``CALL name(value, ..)``, or ``CALL name(argument => value, ..)``."""
    reader.expect("CALL")
    path = reader.path()
    names, given = _read_values(reader)
    reader.end()
    if len(path) == 1 and path[0] in SYSTEM_FUNCTIONS:
        return run_query(session, Reader(f"SELECT {path[0]}({', '.join(given)}) AS {quote(path[0])}"), request)
    asked = Call(len(given), names, lambda: _types(session, given))
    with session.transaction():
        entry = pick_overload(session, "PROCEDURE", path, asked)
    if entry is None:
        raise unknown_function(".".join(path))
    session.access.demand("USAGE", entry)
    return _run(session, entry, asked.arranged(Routine.of(entry).arguments, given), request)


def with_or_query(session: Session, reader: Reader, request: Request) -> Result:
    """WITH begins a query, unless it declares an anonymous procedure."""
    if reader.peek(2).upper == "AS" and reader.peek(3).upper == "PROCEDURE":
        return call_anonymous(session, reader, request)
    return run_query(session, reader, request)


def call_anonymous(session: Session, reader: Reader, request: Request) -> Result:
    """``WITH p AS PROCEDURE (..) RETURNS .. CALL p(..)``: a procedure that exists for one statement."""
    reader.expect("WITH")
    name = reader.identifier()
    reader.expect("AS", "PROCEDURE")
    declared = routine.read_declaration(reader, name)
    reader.expect("CALL")
    if reader.path() != (name,):
        raise syntax_error(f"the anonymous procedure {name} must be the one that is called.")
    names, given = _read_values(reader)
    reader.end()
    asked = Call(len(given), names)
    if not asked.fits(declared.arguments):
        raise unknown_function(name)
    session.account.runtime.check(declared, procedure=True)
    options = {"EXECUTE_AS": "CALLER", **declared.options}
    entry = Entry(
        0,
        "PROCEDURE",
        "",
        "",
        declared.signature,
        0,
        session.id,
        session.role,
        "",
        session.account.clock.now(),
        replace(declared, options=options).stored(),
    )
    return _run(session, entry, asked.arranged(declared.arguments, given), request)


def _run(session: Session, entry: Entry, given: list[str | None], request: Request) -> Result:
    declared = Routine.of(entry)
    if request.describe_only:
        return _described(declared)
    if session.explicit_transaction:
        raise unsupported("CALL inside an open transaction; commit or roll it back first")
    values = _values(session, declared, given)
    if declared.options.get("STRICT") and values is not None and any(column.null_count for column in values.columns):
        return _described(declared, None)
    runtime = session.account.runtime
    if declared.language == "PYTHON":
        return runtime.call(session, entry, values)
    with runtime.inner_session(session, entry) as inner:
        return scripting.run_block(inner, declared.body, _variables(declared, values))


def _variables(declared: Routine, values: pa.RecordBatch | None) -> dict[str, Value]:
    """The arguments as the variables of a block."""
    if values is None:
        return {}
    row = values.to_pylist()[0].values()
    return {
        argument.name: Value(value, parse_type(argument.type)) for argument, value in zip(declared.arguments, row, strict=True)
    }


def _described(declared: Routine, *row: None) -> Result:
    """The columns of the answer, and a row of NULLs when one is given."""
    columns = (
        tuple(Column(column.name, parse_type(column.type)) for column in declared.table)
        if declared.table is not None
        else (Column(declared.name, parse_type(declared.returns)),)
    )
    return rows(columns, [[None] * len(columns)] if row and declared.table is None else [], type_=StatementType.CALL)


def _read_values(reader: Reader) -> tuple[tuple[str, ...], list[str]]:
    """The names of the arguments, when they have any, and their values as SQL text."""
    reader.expect("(")
    names: list[str | None] = []
    values: list[str] = []
    while not reader.accept(")"):
        names.append(reader.identifier() if reader.peek().text == "=>" else None)
        reader.accept("=>")
        values.append(reader.until(","))
        if not values[-1]:
            raise reader.refuse()
        if reader.token.text != ")":
            reader.expect(",")
    return named_or_not(names), values


def _types(session: Session, given: list[str]) -> Sequence[SqlType]:
    return [column.type for column in query.translate(session, f"SELECT {', '.join(given)}").columns] if given else ()


def _values(session: Session, declared: Routine, given: list[str | None]) -> pa.RecordBatch | None:
    """The arguments as one row, defaults filled in, evaluated in one query and cast to the declared types."""
    if not given:
        return None
    casts = [
        f"CAST({argument.default or 'NULL' if text is None else text} AS {argument.type}) AS A{i}"
        for i, (text, argument) in enumerate(zip(given, declared.arguments, strict=True))
    ]
    with session.transaction():
        answer = query.fetch(session, query.translate(session, f"SELECT {', '.join(casts)}"))
    return answer.table.combine_chunks().to_batches()[0]


KIND = Kind(
    "PROCEDURE",
    "PROCEDURES",
    create=create,
    alter=routine.alter_routine("PROCEDURE"),
    drop=routine.drop_routine("PROCEDURE"),
    describe=routine.describe_routine("PROCEDURE"),
    show=routine.show_routines("PROCEDURE"),
)
