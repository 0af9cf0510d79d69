"""The column list of CREATE TABLE and ALTER TABLE ADD COLUMN.

Keys are accepted and never enforced, as in Snowflake: https://docs.snowflake.com/en/sql-reference/constraints-overview
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mlops_local.account.errors import unsupported
from mlops_local.account.statements.tagging import TagValues, read_tag_clause
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column, SqlType, parse_type
from mlops_local.account.tables.physical import AutoIncrement


@dataclass(frozen=True)
class Reference:
    """A foreign key: its columns, the table that it leads to and the columns there, those of its primary key when none are said."""

    columns: tuple[str, ...]
    table: tuple[str, ...]
    referenced: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TableKey:
    """``kind`` is PRIMARY, UNIQUE or FOREIGN."""

    kind: str
    columns: tuple[str, ...]
    reference: Reference | None = None


@dataclass(frozen=True)
class ColumnDefinition:
    """One column as it was written; ``type`` is None in the list of a CREATE TABLE AS that names columns only."""

    name: str
    type: SqlType | None = None
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    autoincrement: AutoIncrement | None = None
    primary_key: bool = False
    unique: bool = False
    tags: TagValues = ()
    reference: Reference | None = None

    def column(self, type_: SqlType) -> Column:
        default = self.autoincrement.text if self.autoincrement else self.default
        return Column(self.name, self.type or type_, self.nullable, default, self.comment)


@dataclass(frozen=True)
class TableColumns:
    """The columns of a list and the keys that stood among them."""

    columns: tuple[ColumnDefinition, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = field(default=())
    foreign: tuple[Reference, ...] = ()


_AFTER_TYPE = frozenset(
    {
        "NOT",
        "NULL",
        "DEFAULT",
        "AUTOINCREMENT",
        "IDENTITY",
        "COMMENT",
        "PRIMARY",
        "UNIQUE",
        "REFERENCES",
        "FOREIGN",
        "CONSTRAINT",
        "COLLATE",
        "WITH",
        "TAG",
        "MASKING",
        "PROJECTION",
        "AS",
        "CHECK",
    }
)
_AFTER_DEFAULT = ("NOT", "NULL", "COMMENT", "PRIMARY", "UNIQUE", "REFERENCES", "CONSTRAINT", "COLLATE", "WITH", "TAG", ",")
_KEY_PROPERTIES = frozenset(
    {
        "ENFORCED",
        "NOT",
        "DEFERRABLE",
        "INITIALLY",
        "DEFERRED",
        "IMMEDIATE",
        "ENABLE",
        "DISABLE",
        "VALIDATE",
        "NOVALIDATE",
        "RELY",
        "NORELY",
    }
)


def read_columns(reader: Reader) -> TableColumns:
    """``( column type .., .., [CONSTRAINT n] PRIMARY KEY (..), .. )``."""
    reader.expect("(")
    columns: list[ColumnDefinition] = []
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = []
    foreign: list[Reference] = []
    while True:
        key = read_table_key(reader)
        if key is None:
            columns.append(read_column(reader))
        elif key.kind == "PRIMARY":
            primary = key.columns
        elif key.kind == "UNIQUE":
            unique.append(key.columns)
        if key is not None and key.reference is not None:
            foreign.append(key.reference)
        if not reader.accept(","):
            break
    reader.expect(")")
    unique += [(column.name,) for column in columns if column.unique]
    primary = primary or tuple(column.name for column in columns if column.primary_key)
    marked = [replace(c, nullable=c.nullable and c.name not in primary, primary_key=c.name in primary) for c in columns]
    foreign += [column.reference for column in columns if column.reference is not None]
    return TableColumns(tuple(marked), primary, tuple(unique), tuple(foreign))


def read_table_key(reader: Reader) -> TableKey | None:
    """A key of the whole table, when one stands here."""
    if reader.accept("CONSTRAINT"):
        reader.identifier()
    if reader.token.upper == "PRIMARY" and reader.peek().upper == "KEY":
        reader.expect("PRIMARY", "KEY")
        return _key("PRIMARY", reader)
    if reader.token.upper == "UNIQUE" and reader.peek().text == "(":
        reader.expect("UNIQUE")
        return _key("UNIQUE", reader)
    if reader.token.upper == "FOREIGN" and reader.peek().upper == "KEY":
        reader.expect("FOREIGN", "KEY")
        columns = _key("FOREIGN", reader).columns
        return TableKey("FOREIGN", columns, _reference(reader, columns))
    return None


def _key(kind: str, reader: Reader) -> TableKey:
    names = tuple(reader.list(reader.identifier))
    _key_properties(reader)
    return TableKey(kind, names)


def _key_properties(reader: Reader) -> None:
    while reader.token.upper in _KEY_PROPERTIES and not (reader.token.upper == "NOT" and reader.peek().upper == "NULL"):
        reader.next()


def _reference(reader: Reader, columns: tuple[str, ...]) -> Reference:
    """``REFERENCES t [(a, ..)] [MATCH ..] [ON DELETE ..] [ON UPDATE ..]``; as in Snowflake nothing is enforced."""
    reader.expect("REFERENCES")
    table = reader.path()
    referenced = tuple(reader.list(reader.identifier)) if reader.token.text == "(" else ()
    rules: list[tuple[str, str]] = []
    while word := reader.accept_any("MATCH", "ON"):
        of = reader.accept_any("DELETE", "UPDATE") if word == "ON" else "MATCH"
        if of is None:
            raise reader.refuse()
        first = reader.accept_any("NO", "SET")
        rules.append((of, " ".join(filter(None, (first, reader.identifier())))))
    _key_properties(reader)
    return Reference(columns, table, referenced, tuple(rules))


def read_column(reader: Reader) -> ColumnDefinition:
    """``name [type] [NOT NULL] [DEFAULT ..] ..``."""
    column = ColumnDefinition(reader.identifier())
    if reader.token.kind == "word" and reader.token.upper not in _AFTER_TYPE:
        column = replace(column, type=read_type(reader))
    while not reader.at_end and reader.token.text not in {",", ")"}:
        column = _constraint(reader, column)
    return column


def read_type(reader: Reader) -> SqlType:
    """A type, one or more words and perhaps a size."""
    start = reader.token.start
    end = reader.next().end
    while (reader.token.kind == "word" and reader.token.upper not in _AFTER_TYPE) or (
        reader.token.upper == "WITH" and reader.peek().upper in {"TIME", "LOCAL"}
    ):
        end = reader.next().end
    text = reader.text[start:end]
    if reader.token.text == "(":
        text += f"({reader.parenthesised()})"
    return parse_type(text)


def _constraint(reader: Reader, column: ColumnDefinition) -> ColumnDefinition:
    if reader.accept("CONSTRAINT"):
        reader.identifier()
    if reader.accept("NOT", "NULL"):
        return replace(column, nullable=False)
    if reader.accept("NULL"):
        return column
    if reader.accept("DEFAULT"):
        return replace(column, default=reader.until(*_AFTER_DEFAULT))
    if reader.accept_any("AUTOINCREMENT", "IDENTITY"):
        return replace(column, autoincrement=_autoincrement(reader))
    if reader.accept("COMMENT"):
        return replace(column, comment=reader.string())
    if reader.accept("COLLATE"):
        collation = reader.string()
        if collation.lower() not in {"", "utf8", "binary"}:
            raise unsupported(f"collation {collation}")
        return column
    return _key_constraint(reader, column)


def _key_constraint(reader: Reader, column: ColumnDefinition) -> ColumnDefinition:
    if reader.accept("PRIMARY", "KEY"):
        _key_properties(reader)
        return replace(column, primary_key=True)
    if reader.accept("UNIQUE"):
        _key_properties(reader)
        return replace(column, unique=True)
    if reader.accept("FOREIGN", "KEY") or reader.token.upper == "REFERENCES":
        return replace(column, reference=_reference(reader, (column.name,)))
    if reader.token.upper in {"WITH", "TAG"}:
        return replace(column, tags=read_tag_clause(reader))
    raise reader.refuse()


def _autoincrement(reader: Reader) -> AutoIncrement:
    start = step = 1
    if reader.accept("("):
        start = reader.integer()
        reader.expect(",")
        step = reader.integer()
        reader.expect(")")
    elif reader.accept("START"):
        reader.accept("WITH")
        reader.accept("=")
        start = reader.integer()
        if reader.accept("INCREMENT"):
            reader.accept("BY")
            reader.accept("=")
            step = reader.integer()
    reader.accept_any("ORDER", "NOORDER")
    return AutoIncrement(start, step)
