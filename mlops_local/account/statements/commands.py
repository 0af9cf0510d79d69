"""The verbs that are not about one kind of object: USE, SET, transactions, and the table of all verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_local.account.access.privileges import ALL, may_take_role
from mlops_local.account.errors import AccountError, compilation_error, does_not_exist, syntax_error, unsupported
from mlops_local.account.session.parameters import DEFAULT_PARAMETERS, checked
from mlops_local.account.session.result import SUCCEEDED, Result, StatementType, status
from mlops_local.account.session.session import Request, Session
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column

Verb = Callable[[Session, Reader, Request], Result]


def described(session: Session, request: Request, run: Callable[[], Result]) -> Result:
    """Runs a statement that answers a status; when only its description is asked for, nothing runs."""
    if request.describe_only:
        empty = status(SUCCEEDED)
        return Result((Column("status"),), empty.table.slice(0, 0), StatementType.DDL, as_json=True)
    return run()


def use(session: Session, reader: Reader, request: Request) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/use"""
    reader.next()
    what = reader.accept_any("ROLE", "WAREHOUSE", "DATABASE", "SCHEMA", "SECONDARY")
    if what == "SECONDARY":
        reader.expect("ROLES")
        with session.transaction():
            session.secondary_roles = _read_secondary(session, reader)
    else:
        with session.transaction():
            _USES[what or "NAMESPACE"](session, reader.path())
    reader.end()
    return status(SUCCEEDED)


def _read_secondary(session: Session, reader: Reader) -> tuple[str, ...]:
    """``{ALL | NONE | role, ..}``. https://docs.snowflake.com/en/sql-reference/sql/use-secondary-roles"""
    word = reader.accept_any(ALL, "NONE")
    if word is not None:
        return (ALL,) if word == ALL else ()
    names = [reader.identifier()]
    while reader.accept(","):
        names.append(reader.identifier())
    for name in names:
        if not may_take_role(session.catalogue, session.user, name):
            raise does_not_exist("Role", name)
    return tuple(names)


def _use_role(session: Session, path: tuple[str, ...]) -> None:
    allowed = session.only_role in {None, path[-1]}
    if not allowed or not may_take_role(session.catalogue, session.user, path[-1]):
        raise does_not_exist("Role", path[-1])
    session.role = path[-1]


def _use_warehouse(session: Session, path: tuple[str, ...]) -> None:
    session.warehouse = session.catalogue.get("WAREHOUSE", "", "", path[-1]).name


def _use_database(session: Session, path: tuple[str, ...]) -> None:
    session.database = session.catalogue.get("DATABASE", "", "", path[-1]).name
    public = session.catalogue.find("SCHEMA", session.database, "", "PUBLIC")
    session.schema = public.name if public else None


def _use_schema(session: Session, path: tuple[str, ...]) -> None:
    name = session.complete((*path, ""))
    entry = session.catalogue.get("SCHEMA", name.database, "", name.schema)
    session.database, session.schema = entry.database, entry.name


def _use_namespace(session: Session, path: tuple[str, ...]) -> None:
    (_use_schema if len(path) == 2 else _use_database)(session, path)


_USES: dict[str, Callable[[Session, tuple[str, ...]], None]] = {
    "ROLE": _use_role,
    "WAREHOUSE": _use_warehouse,
    "DATABASE": _use_database,
    "SCHEMA": _use_schema,
    "NAMESPACE": _use_namespace,
}


def alter_session(session: Session, reader: Reader) -> Result:
    """``ALTER SESSION SET p = v [..]`` and ``UNSET p [, ..]``; a parameter that the account does not know is refused."""
    if reader.accept("UNSET"):
        while True:
            name = _parameter_name(reader)
            session.parameters[name] = DEFAULT_PARAMETERS[name]
            if not reader.accept(","):
                break
    else:
        reader.expect("SET")
        while not reader.at_end:
            name = _parameter_name(reader)
            reader.expect("=")
            _set_parameter(session, name, parameter_value(reader))
            reader.accept(",")
    reader.end()
    return status(SUCCEEDED)


def _parameter_name(reader: Reader) -> str:
    name = reader.identifier()
    if name not in DEFAULT_PARAMETERS:
        raise AccountError(1, "42601", f"SQL compilation error:\ninvalid parameter '{name}'")
    return name


def parameter_value(reader: Reader) -> Any:
    """A constant as parameters and options take it: a string, a number, TRUE/FALSE or a bare word."""
    token = reader.token
    if token.kind in {"string", "dollars"}:
        return reader.string()
    if token.kind == "number" or token.text == "-":
        return reader.integer()
    word = reader.identifier()
    return {"TRUE": True, "FALSE": False}.get(word, word)


def _set_parameter(session: Session, name: str, value: Any) -> None:
    value = checked(name, value)
    if name == "AUTOCOMMIT" and value and session.explicit_transaction:
        session.commit()
    session.parameters[name] = value


def set_variable(session: Session, reader: Reader, request: Request) -> Result:
    """``SET v = expression``, ``SET (a, b) = (x, y)``. https://docs.snowflake.com/en/sql-reference/session-variables"""
    reader.next()
    names = reader.list(reader.identifier) if reader.token.text == "(" else [reader.identifier()]
    reader.expect("=")
    text = reader.rest()
    if len(names) > 1:
        text = f"* FROM (VALUES {text})" if not text.lstrip("( \n").upper().startswith("SELECT") else f"* FROM {text}"
    table = session.account.run(session, Request(f"SELECT {text}")).table
    if table.num_columns != len(names) or table.num_rows != 1:
        raise compilation_error(
            1014, "42601", f"SET of {len(names)} variables with {table.num_columns} values in {table.num_rows} rows."
        )
    for name, column in zip(names, table.columns, strict=True):
        session.variables[name] = column[0].as_py()
    return status(SUCCEEDED)


def unset_variable(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    for name in reader.list(reader.identifier) if reader.token.text == "(" else [reader.identifier()]:
        session.variables.pop(name, None)
    reader.end()
    return status(SUCCEEDED)


def begin(session: Session, reader: Reader, request: Request) -> Result:
    """``BEGIN [TRANSACTION | WORK]``, ``START TRANSACTION``; a scripting block is told apart before."""
    if reader.next().upper == "START":
        reader.expect("TRANSACTION")
    else:
        reader.accept_any("TRANSACTION", "WORK")
    if reader.accept("NAME"):
        reader.identifier()
    reader.end()
    session.begin()
    return status(SUCCEEDED, type_=StatementType.TCL)


def commit(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    reader.accept("WORK")
    reader.end()
    session.commit()
    return status(SUCCEEDED, type_=StatementType.TCL)


def rollback(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    reader.accept("WORK")
    reader.end()
    session.rollback()
    return status(SUCCEEDED, type_=StatementType.TCL)


def refuse(what: str) -> Verb:
    def run(session: Session, reader: Reader, request: Request) -> Result:
        raise unsupported(what)

    return run


__all__ = [
    "alter_session",
    "begin",
    "commit",
    "described",
    "parameter_value",
    "refuse",
    "rollback",
    "set_variable",
    "syntax_error",
    "unset_variable",
    "use",
]
