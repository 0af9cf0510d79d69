"""What CREATE FUNCTION and CREATE PROCEDURE share: arguments, what is returned, options and the handler.

https://docs.snowflake.com/en/sql-reference/sql/create-function, https://docs.snowflake.com/en/sql-reference/sql/create-procedure
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import already_exists, does_not_exist, syntax_error, unsupported
from mlops_local.account.routines.artifact_repositories import read_repository
from mlops_local.account.routines.routine import Argument, Routine, short_type, signature
from mlops_local.account.session.result import SUCCEEDED, Column, Result, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.kind import Change, Creation, Read, read_filter, show
from mlops_local.account.syntax.names import Name, quote_if_needed
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ, parse_type

_TYPE_WORDS = ("VARYING", "PRECISION", "WITH", "WITHOUT", "TIME", "ZONE", "LOCAL")
Option = Callable[[Reader, dict[str, Any]], None]


def read_routine(reader: Reader, name: str) -> Routine:
    """Everything behind the name of a CREATE FUNCTION or PROCEDURE, to the end of the statement."""
    routine = read_declaration(reader, name)
    reader.end()
    return routine


def read_declaration(reader: Reader, name: str) -> Routine:
    """As :func:`read_routine`, but stops behind the body (an anonymous procedure goes on with CALL)."""
    arguments = read_arguments(reader)
    reader.accept_copy_grants()
    reader.expect("RETURNS")
    table = None
    if reader.accept("TABLE"):
        table, returns = read_arguments(reader), "TABLE"
    else:
        returns = read_type(reader)
    reader.accept("NOT", "NULL")
    options = _read_options(reader)
    language = options.pop("LANGUAGE", "SQL")
    if language not in {"PYTHON", "SQL"}:
        raise unsupported(f"LANGUAGE {language}")
    body = options.pop("BODY", "")
    if language == "PYTHON" and "HANDLER" not in options:
        raise syntax_error("a Python function or procedure needs HANDLER = '<name>'.")
    return Routine(name, arguments, returns, table, language, body, options)


def read_arguments(reader: Reader) -> tuple[Argument, ...]:
    reader.expect("(")
    arguments: list[Argument] = []
    while not reader.accept(")"):
        name = reader.identifier()
        type_ = read_type(reader)
        default = reader.until(",") if reader.accept("DEFAULT") else None
        arguments.append(Argument(name, type_, default))
        if reader.token.text != ")":
            reader.expect(",")
    return tuple(arguments)


def read_type(reader: Reader) -> str:
    """A type of one or more words with its sizes, normalised as SQL prints it."""
    words = [reader.identifier()]
    while reader.token.upper in _TYPE_WORDS:
        words.append(reader.next().upper)
    size = f"({reader.parenthesised()})" if reader.token.text == "(" else ""
    return parse_type(" ".join(words) + size).sql


def _read_options(reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # A handler in the imports needs no body; of an anonymous procedure the call comes next.
    while not reader.at_end and "BODY" not in found and reader.token.upper != "CALL":
        word = reader.accept_any(*_OPTIONS)
        if word is None:
            raise reader.refuse()
        _OPTIONS[word](reader, found)
    return found


def _body(reader: Reader, found: dict[str, Any]) -> None:
    found["BODY"] = reader.string() if reader.token.kind in {"string", "dollars"} else reader.rest()


def _language(reader: Reader, found: dict[str, Any]) -> None:
    found["LANGUAGE"] = reader.identifier()


def _strings(name: str) -> Option:
    def read(reader: Reader, found: dict[str, Any]) -> None:
        reader.accept("=")
        items: list[str] = []
        reader.expect("(")
        while not reader.accept(")"):
            items.append(reader.string())
            reader.accept(",")
        found[name] = items

    return read


def _text(name: str) -> Option:
    def read(reader: Reader, found: dict[str, Any]) -> None:
        reader.accept("=")
        found[name] = reader.next().value

    return read


def _flag(name: str, value: str, *rest: str) -> Option:
    def read(reader: Reader, found: dict[str, Any]) -> None:
        reader.expect(*rest)
        found[name] = value

    return read


def _execute_as(reader: Reader, found: dict[str, Any]) -> None:
    reader.expect("AS")
    word = reader.accept_any("OWNER", "CALLER")
    if word is None:
        raise reader.refuse()
    found["EXECUTE_AS"] = word


def _called(reader: Reader, found: dict[str, Any]) -> None:
    reader.expect("ON", "NULL", "INPUT")


def _returns_null(reader: Reader, found: dict[str, Any]) -> None:
    reader.expect("NULL", "ON", "NULL", "INPUT")
    found["STRICT"] = True


def _strict(reader: Reader, found: dict[str, Any]) -> None:
    found["STRICT"] = True


def _access(reader: Reader, found: dict[str, Any]) -> None:
    raise unsupported("EXTERNAL_ACCESS_INTEGRATIONS: handlers here have no network")


def _repository(reader: Reader, found: dict[str, Any]) -> None:
    reader.accept("=")
    found["ARTIFACT_REPOSITORY"] = read_repository(reader)


_OPTIONS: dict[str, Option] = {
    "ARTIFACT_REPOSITORY": _repository,
    "AS": _body,
    "CALLED": _called,
    "COMMENT": _text("COMMENT"),
    "EXECUTE": _execute_as,
    "EXTERNAL_ACCESS_INTEGRATIONS": _access,
    "HANDLER": _text("HANDLER"),
    "IMMUTABLE": _flag("VOLATILITY", "IMMUTABLE"),
    "IMPORTS": _strings("IMPORTS"),
    "LANGUAGE": _language,
    "PACKAGES": _strings("PACKAGES"),
    "RETURNS": _returns_null,
    "RUNTIME_VERSION": _text("RUNTIME_VERSION"),
    "STRICT": _strict,
    "VOLATILE": _flag("VOLATILITY", "VOLATILE"),
}


def create_routine(session: Session, kind: str, path: tuple[str, ...], routine: Routine, creation: Creation) -> Result:
    """The catalogue row; OR REPLACE replaces the one overload with the same argument types."""
    where = session.complete(path)
    options = dict(routine.options)
    comment = options.pop("COMMENT", "")
    with session.ddl():
        session.catalogue.get("SCHEMA", where.database, "", where.schema)
        session.access.create(kind, where.database, where.schema, temporary=creation.temporary)
        existing = session.catalogue.find(kind, where.database, where.schema, routine.signature)
        if existing and existing.temporary == creation.temporary:
            if creation.if_not_exists:
                return status(f"{routine.name} already exists, statement succeeded.")
            if not creation.or_replace:
                raise already_exists(kind, existing.full_name)
            session.catalogue.remove(existing)
        session.catalogue.add(
            kind,
            where.database,
            where.schema,
            routine.signature,
            owner=session.role,
            created_on=session.account.clock.now(),
            comment=comment,
            properties=Routine(
                routine.name, routine.arguments, routine.returns, routine.table, routine.language, routine.body, options
            ).stored(),
            temporary=creation.temporary,
        )
    return status(f"{kind.capitalize()} {routine.name} successfully created.")


def read_signature(session: Session, reader: Reader) -> tuple[Name, str]:
    """``name(types)`` as DROP, ALTER and DESCRIBE take it: where, and the signature. ``IDENTIFIER('n')(types)`` too."""
    where = session.complete(reader.path())
    reader.expect("(")
    types: list[str] = []
    while not reader.accept(")"):
        types.append(read_type(reader))
        reader.accept(",")
    return where, signature(where.name, types)


def get_routine(catalogue: Catalogue, kind: str, where: Name, shown: str) -> Entry:
    entry = catalogue.find(kind, where.database, where.schema, shown)
    if entry is None:
        raise does_not_exist(kind, f"{quote_if_needed(where.database)}.{quote_if_needed(where.schema)}.{shown}")
    return entry


def drop_routine(kind: str) -> Change:
    def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
        where, shown = read_signature(session, reader)
        reader.end()
        with session.ddl():
            entry = session.catalogue.find(kind, where.database, where.schema, shown)
            if entry is None and if_exists:
                return status(f"Drop statement executed successfully ({where.name} already dropped).")
            session.catalogue.remove(get_routine(session.catalogue, kind, where, shown))
        return status(f"{where.name} successfully dropped.")

    return drop


def alter_routine(kind: str) -> Change:
    def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
        where, shown = read_signature(session, reader)
        with session.ddl():
            entry = session.catalogue.find(kind, where.database, where.schema, shown)
            if entry is None and if_exists:
                return status(SUCCEEDED)
            entry = get_routine(session.catalogue, kind, where, shown)
            if reader.accept("RENAME", "TO"):
                _rename(session, entry, reader)
            elif reader.accept("SET", "SECURE"):
                session.catalogue.update(entry, SECURE=True)
            elif reader.accept("UNSET", "SECURE"):
                session.catalogue.update(entry, SECURE=None)
            elif kind == "PROCEDURE" and reader.accept("EXECUTE", "AS"):
                session.catalogue.update(entry, EXECUTE_AS=reader.accept_any("OWNER", "CALLER"))
            else:
                raise reader.refuse()
            reader.end()
        return status(SUCCEEDED)

    return alter


def _rename(session: Session, entry: Entry, reader: Reader) -> None:
    """Another name for the same arguments; a bare one stays in the routine's own schema."""
    path = reader.path()
    name = session.complete((entry.database, entry.schema, path[-1]) if len(path) == 1 else path)
    session.catalogue.get("SCHEMA", name.database, "", name.schema)
    types = [argument.type for argument in Routine.of(entry).arguments]
    renamed = session.catalogue.rename(entry, Name(name.database, name.schema, signature(name.name, types)))
    session.catalogue.update(renamed, BASE=name.name)


def describe_routine(kind: str) -> Read:
    def describe(session: Session, reader: Reader) -> Result:
        where, shown = read_signature(session, reader)
        reader.end()
        routine = Routine.of(get_routine(session.catalogue, kind, where, shown))
        listed = [
            (
                "signature",
                "(" + ", ".join(f"{argument.name} {short_type(argument.type)}" for argument in routine.arguments) + ")",
            ),
            ("returns", returned(routine)),
            ("language", routine.language),
        ]
        if routine.language == "PYTHON":
            listed += [
                ("null handling", "RETURNS NULL ON NULL INPUT" if routine.options.get("STRICT") else "CALLED ON NULL INPUT"),
                ("volatility", str(routine.options.get("VOLATILITY", "VOLATILE"))),
                ("handler", str(routine.options["HANDLER"])),
                ("imports", "[" + ", ".join(routine.options.get("IMPORTS", [])) + "]"),
                ("packages", "[" + ",".join(f"'{package}'" for package in routine.options.get("PACKAGES", [])) + "]"),
                ("runtime_version", str(routine.options.get("RUNTIME_VERSION", ""))),
            ]
        if kind == "PROCEDURE":
            listed.append(("execute as", str(routine.options.get("EXECUTE_AS", "OWNER"))))
        listed.append(("body", routine.body))
        return rows((Column("property"), Column("value")), listed)

    return describe


def returned(routine: Routine) -> str:
    if routine.table is None:
        return routine.returns
    return "TABLE (" + ", ".join(f"{column.name} {short_type(column.type)}" for column in routine.table) + ")"


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("name"),
    Column("schema_name"),
    Column("is_builtin"),
    Column("is_aggregate"),
    Column("is_ansi"),
    Column("min_num_arguments"),
    Column("max_num_arguments"),
    Column("arguments"),
    Column("description"),
    Column("catalog_name"),
    Column("is_table_function"),
    Column("valid_for_clustering"),
    Column("is_secure"),
    Column("secrets"),
    Column("external_access_integrations"),
    Column("language"),
)


def show_routines(kind: str) -> Read:
    def show_all(session: Session, reader: Reader) -> Result:
        shown = read_filter(session, reader)
        listed = [
            entry
            for entry in session.catalogue.list(kind, database=shown.database, schema=shown.schema)
            if shown.keeps(entry.properties["BASE"])
        ]
        return show(_COLUMNS, type(shown)(limit=shown.limit), listed, _row)

    return show_all


def _row(entry: Entry) -> tuple[Any, ...]:
    routine = Routine.of(entry)
    count = len(routine.arguments)
    needed = sum(1 for argument in routine.arguments if argument.default is None)
    return (
        entry.created_on,
        routine.name,
        entry.schema,
        "N",
        "Y" if routine.options.get("AGGREGATE") else "N",
        "N",
        str(needed),
        str(count),
        f"{routine.signature} RETURN {returned(routine) if routine.table is not None else short_type(routine.returns)}",
        entry.comment or "user-defined " + entry.kind.lower(),
        entry.database,
        "Y" if routine.table is not None else "N",
        "N",
        "N",
        None,
        None,
        routine.language,
    )
