"""GET_DDL: the statement that would make an object again.

https://docs.snowflake.com/en/sql-reference/functions/get_ddl
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import syntax_error, unsupported
from mlops_local.account.files.file_formats import FileFormat
from mlops_local.account.history import dropped
from mlops_local.account.metadata.object_names import find_object
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.statements.foreign_key import references_of
from mlops_local.account.statements.sequence import next_value
from mlops_local.account.statements.task_options import PROPERTIES
from mlops_local.account.syntax.names import quote, quote_if_needed
from mlops_local.account.syntax.types import Column
from mlops_local.account.tables import streams

# The kinds that GET_DDL is asked for under another name than their own.
_KINDS = {
    "TABLE": ("TABLE", "DYNAMIC TABLE"),
    "VIEW": ("VIEW",),
    "FILE_FORMAT": ("FILE FORMAT",),
    "DYNAMIC_TABLE": ("DYNAMIC TABLE",),
}


@system_function("GET_DDL")
def get_ddl(session: Session, arguments: list[Any]) -> str:
    """``GET_DDL('kind', 'name' [, TRUE for qualified names])``."""
    if len(arguments) not in {2, 3} or not all(isinstance(argument, str) for argument in arguments[:2]):
        raise syntax_error("GET_DDL takes a kind, a name and perhaps a boolean.")
    domain = arguments[0].upper()
    kinds = _KINDS.get(domain, (domain,))
    if kinds[0] not in _STATEMENTS:
        raise unsupported(f"GET_DDL('{arguments[0]}', ..)")
    entry = find_object(session, kinds[0], arguments[1])
    if entry.kind not in kinds:
        raise syntax_error(f"'{arguments[1]}' is a {entry.kind.lower()}, not a {arguments[0].lower()}.")
    return _Writer(session, qualified=len(arguments) == 3 and bool(arguments[2])).statement(entry)


class _Writer:
    def __init__(self, session: Session, *, qualified: bool) -> None:
        self.session = session
        self._qualified = qualified

    def statement(self, entry: Entry) -> str:
        return _STATEMENTS[entry.kind](self, entry) + ";"

    def name(self, entry: Entry) -> str:
        return entry.full_name if self._qualified else quote_if_needed(entry.name)

    def routine_name(self, entry: Entry) -> str:
        place = (entry.database, entry.schema) if self._qualified else ()
        return ".".join([*(quote_if_needed(part) for part in place), quote(entry.properties["BASE"])])

    def contents(self, entries: Iterable[Entry]) -> str:
        """Statements for what a container holds, in the order in which it was made; kinds without one are left out."""
        seen = (
            entry for entry in sorted(entries, key=lambda one: one.id) if _is_shown(entry) and self.session.access.sees(entry)
        )
        written = [self.statement(entry) for entry in seen]
        return "".join(f"\n\n{text}" for text in written)


def _is_shown(entry: Entry) -> bool:
    return entry.kind in _STATEMENTS and not entry.temporary and not (entry.kind == "SCHEMA" and entry.name == "PUBLIC")


def text(value: str) -> str:
    """A string constant of Snowflake."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _comment(entry: Entry) -> str:
    return f" COMMENT={text(entry.comment)}" if entry.comment else ""


def _table(writer: _Writer, entry: Entry) -> str:
    kept = entry.properties
    lines = [_column(column) for column in writer.session.catalogue.columns(entry)]
    lines += [f"primary key ({_names(kept['PRIMARY_KEY'])})"] if kept.get("PRIMARY_KEY") else []
    lines += [f"unique ({_names(key)})" for key in kept.get("UNIQUE", [])]
    lines += [_reference(table, key) for table, key in references_of(writer.session, entry)]
    word = "TEMPORARY " if entry.temporary else "TRANSIENT " if kept.get("TRANSIENT") else ""
    options = [f" cluster by {kept['CLUSTER_BY'].removeprefix('LINEAR')}"] if kept.get("CLUSTER_BY") else []
    options += [f" {dropped.RETENTION}={kept[dropped.RETENTION]}"] if dropped.RETENTION in entry.properties else []
    options += [" CHANGE_TRACKING = TRUE"] if kept.get("CHANGE_TRACKING") else []
    body = ",\n".join(f"\t{line}" for line in lines)
    return f"create or replace {word}TABLE {writer.name(entry)} (\n{body}\n){''.join(options)}{_comment(entry)}\n"


def _reference(table: Entry, key: dict[str, Any]) -> str:
    rules = "".join(f" on {of.lower()} {rule.lower()}" for of, rule in key["RULES"] if of != "MATCH")
    return f"foreign key ({_names(key['COLUMNS'])}) references {table.full_name}({_names(key['REFERENCED'])}){rules}"


def _names(names: list[str]) -> str:
    return ", ".join(quote_if_needed(name) for name in names)


def _column(column: Column) -> str:
    parts = [quote_if_needed(column.name), column.type.sql]
    parts += [] if column.nullable else ["NOT NULL"]
    if column.default is not None:
        identity = column.default.startswith("IDENTITY")
        parts.append(column.default.replace("IDENTITY", "autoincrement").lower() if identity else f"DEFAULT {column.default}")
    parts += [f"COMMENT {text(column.comment)}"] if column.comment else []
    return " ".join(parts)


def _headings(writer: _Writer, entry: Entry) -> str:
    columns = writer.session.catalogue.columns(entry)
    listed = [quote_if_needed(one.name) + (f" COMMENT {text(one.comment)}" if one.comment else "") for one in columns]
    return "(\n" + ",\n".join(f"\t{line}" for line in listed) + "\n)"


def _view(writer: _Writer, entry: Entry) -> str:
    secure = "secure " if entry.properties.get("SECURE") else ""
    head = f"create or replace {secure}view {writer.name(entry)}{_headings(writer, entry)}{_comment(entry)}"
    return f"{head} as {entry.properties['QUERY']}"


def _dynamic_table(writer: _Writer, entry: Entry) -> str:
    kept = entry.properties
    clustered = f" cluster by {kept['CLUSTER_BY'].removeprefix('LINEAR')}" if kept.get("CLUSTER_BY") else ""
    options = (
        f" target_lag = {text(kept['TARGET_LAG'])} refresh_mode = {kept['REFRESH_MODE']} initialize = {kept['INITIALIZE']} "
        f"warehouse = {quote_if_needed(kept['WAREHOUSE'])}"
    )
    head = f"create or replace dynamic table {writer.name(entry)}{_headings(writer, entry)}"
    return f"{head}{clustered}{options}{_comment(entry)}\n as {kept['QUERY']}"


def _routine(writer: _Writer, entry: Entry) -> str:
    kept = entry.properties
    columns = kept.get("TABLE")
    returned = f"TABLE ({_arguments(columns)})" if columns is not None else kept["RETURNS"]
    lines = [
        f"CREATE OR REPLACE {entry.kind} {writer.routine_name(entry)}({_arguments(kept['ARGUMENTS'])})",
        f"RETURNS {returned}",
    ]
    lines += [f"LANGUAGE {kept['LANGUAGE']}"]
    lines += ["STRICT"] if kept.get("STRICT") else []
    lines += [kept["VOLATILITY"]] if kept.get("VOLATILITY") else []
    lines += [f"{word} = {text(kept[word])}" for word in ("RUNTIME_VERSION", "HANDLER") if kept.get(word)]
    lines += [f"{word} = ({', '.join(text(item) for item in kept[word])})" for word in ("PACKAGES", "IMPORTS") if kept.get(word)]
    lines += [f"COMMENT={text(entry.comment)}"] if entry.comment else []
    lines += [f"EXECUTE AS {kept['EXECUTE_AS']}"] if kept.get("EXECUTE_AS") else []
    return "\n".join([*lines, *([f"AS {text(kept['BODY'])}"] if kept.get("BODY") else [])])


def _arguments(listed: list[list[Any]]) -> str:
    return ", ".join(
        f"{quote(name)} {type_}" + (f" DEFAULT {rest[0]}" if rest and rest[0] else "") for name, type_, *rest in listed
    )


def _task(writer: _Writer, entry: Entry) -> str:
    kept = entry.properties
    lines = [f"create or replace task {writer.name(entry)}"]
    lines += [f"{word}={_value(word, kept[word])}" for word in PROPERTIES if kept.get(word) is not None]
    lines += [f"{name}={_value(name, value)}" for name, value in kept.get("PARAMETERS", {}).items()]
    lines += [f"COMMENT={text(entry.comment)}"] if entry.comment else []
    lines += [f"FINALIZE={quote_if_needed(kept['FINALIZE'])}"] if kept.get("FINALIZE") else []
    lines += [f"after {_names(kept['AFTER'])}"] if kept.get("AFTER") else []
    lines += [f"when {kept['CONDITION']}"] if kept.get("CONDITION") else []
    return "\n\t".join([*lines, f"as {kept['DEFINITION']}"])


def _value(word: str, value: Any) -> str:
    if word == "WAREHOUSE":
        return quote_if_needed(value)
    return text(value) if isinstance(value, str) else str(value).lower()


def _stream(writer: _Writer, entry: Entry) -> str:
    table = streams.base_table(writer.session, entry)
    base = table.full_name if table else entry.properties["BASE_NAME"]
    mode = " append_only = true" if entry.properties["MODE"] == "APPEND_ONLY" else ""
    return f"create or replace stream {writer.name(entry)} on {(table.kind if table else 'TABLE').lower()} {base}{mode}{_comment(entry)}"


def _file_format(writer: _Writer, entry: Entry) -> str:
    kept = FileFormat.of(entry.properties["FORMAT"])
    lines = [f"CREATE OR REPLACE FILE FORMAT {writer.name(entry)}", f"TYPE = {kept.type.lower()}"]
    lines += [f"{name} = {_option(value)}" for name, value in kept.given.items() if name != "TYPE"]
    return "\n\t".join(lines) + _comment(entry) + "\n"


def _option(value: Any) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(text(item) for item in value) + ")"
    return text(value) if isinstance(value, str) else str(value).upper()


def _sequence(writer: _Writer, entry: Entry) -> str:
    """It begins where this one goes on."""
    start, step = next_value(writer.session, entry), entry.properties["STEP"]
    order = "order" if entry.properties["ORDERED"] else "noorder"
    return f"create or replace sequence {writer.name(entry)} start with {start} increment by {step} {order}{_comment(entry)}"


def _tag(writer: _Writer, entry: Entry) -> str:
    allowed = entry.properties.get("allowed_values") or []
    values = " allowed_values " + ", ".join(text(value) for value in allowed) if allowed else ""
    return f"create or replace tag {writer.name(entry)}{values}{_comment(entry)}"


def _schema(writer: _Writer, entry: Entry) -> str:
    word = "TRANSIENT " if entry.properties.get("TRANSIENT") else ""
    managed = " WITH MANAGED ACCESS" if entry.properties.get("MANAGED") else ""
    head = f"create or replace {word}schema {writer.name(entry)}{managed}{_parameters(entry)}"
    inside = writer.contents(writer.session.catalogue.inside(entry.database, entry.name))
    return f"{head};{inside}".removesuffix(";")


def _database(writer: _Writer, entry: Entry) -> str:
    word = "TRANSIENT " if entry.properties.get("TRANSIENT") else ""
    schemas = writer.session.catalogue.list("SCHEMA", database=entry.name)
    public = [
        inner for schema in schemas if schema.name == "PUBLIC" for inner in writer.session.catalogue.inside(entry.name, "PUBLIC")
    ]
    inside = writer.contents(public) + writer.contents(schemas)
    return f"create or replace {word}database {writer.name(entry)}{_parameters(entry)};{inside}".removesuffix(";")


def _parameters(entry: Entry) -> str:
    days = entry.properties.get(dropped.RETENTION)
    return ("" if days is None else f" {dropped.RETENTION}={days}") + _comment(entry)


def _warehouse(writer: _Writer, entry: Entry) -> str:
    lines = [f"create or replace warehouse {writer.name(entry)}\n\twith"]
    lines += [f"{name}={_value(name, value)}" for name, value in entry.properties.items() if name != "INITIALLY_SUSPENDED"]
    return "\n\t".join(lines) + _comment(entry)


_STATEMENTS: dict[str, Callable[[_Writer, Entry], str]] = {
    "DATABASE": _database,
    "DYNAMIC TABLE": _dynamic_table,
    "FILE FORMAT": _file_format,
    "FUNCTION": _routine,
    "PROCEDURE": _routine,
    "SCHEMA": _schema,
    "SEQUENCE": _sequence,
    "STREAM": _stream,
    "TABLE": _table,
    "TAG": _tag,
    "TASK": _task,
    "VIEW": _view,
    "WAREHOUSE": _warehouse,
}
