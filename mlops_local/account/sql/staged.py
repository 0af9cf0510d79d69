"""Staged files in queries: ``FROM @stage``, ``FROM snow://..``, INFER_SCHEMA and GET_PRESIGNED_URL.

https://docs.snowflake.com/en/user-guide/querying-stage, https://docs.snowflake.com/en/sql-reference/functions/infer_schema
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mlops_local.account.errors import AccountError, compilation_error, does_not_exist, syntax_error, unsupported
from mlops_local.account.files.file_formats import FileFormat, named_format
from mlops_local.account.files.locations import locate
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.files.transfers import download_address
from mlops_local.account.session.binding import replace_spans
from mlops_local.account.session.result import arrow_type
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import location, preparation, system_function, table_function
from mlops_local.account.sql.file_rows import FIELD, csv_header, csv_width, parquet_fields, read_files
from mlops_local.account.syntax.lexer import Token, tokenize
from mlops_local.account.syntax.names import fold, literal, quote, quote_if_needed
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import BOOLEAN, DATE, INTEGER, REAL, TEXT, TIMESTAMP_NTZ, Column, SqlType, from_duckdb

_CHOSEN = "@~/.chosen/"


@dataclass(frozen=True)
class Choice:
    """Files that a statement has picked itself, and how they are read.

    ``width`` is the number of fields that every CSV record has to have, None when it may vary; with ``careful`` those that have
    another are left out.
    """

    files: tuple[StagedFile, ...]
    format: FileFormat
    width: int | None = None
    careful: bool = False


_choices: dict[str, Choice] = {}


@contextmanager
def chosen(choice: Choice) -> Iterator[str]:
    """A location that stands for exactly these files, for as long as the block lasts."""
    name = _CHOSEN + secrets.token_hex(8)
    _choices[name] = choice
    try:
        yield name
    finally:
        del _choices[name]


def choose(session: Session, text: str, options: dict[str, Any]) -> Choice:
    """The files at a location and their format: the one that the query names, or the stage's."""
    if text in _choices:
        return _choices[text]
    place = locate(session, text)
    named = options.get("FILE_FORMAT")
    format_ = FileFormat.of(place.file_format) if named is None else named_format(session, Reader(str(named)).path())
    if named is None and place.location.kind in {"DATASET", "MODEL"}:
        format_ = FileFormat("PARQUET")
    return Choice(tuple(place.files(options.get("PATTERN"))), format_)


@location
def read_location(context: Context, text: str, options: dict[str, str], width: int) -> Relation:
    """The rows of the files at a location."""
    choice = choose(context.session, text, {key.upper(): value for key, value in options.items()})
    return read_choice(context.session, choice, width)


def read_choice(session: Session, choice: Choice, width: int) -> Relation:
    return read_files(
        session.connection,
        choice.files,
        choice.format,
        choice.width or width,
        unpacked=session.account.stages.unpacked,
        exact=choice.width is not None,
        careful=choice.careful,
    )


# Before a query is parsed


@preparation
def name_fields(context: Context, text: str) -> str:
    """``$1:"A"::T`` over Parquet files becomes the column that read_files has for it.

    For COPY a field without a cast stands for that column too: it is converted to the type of the column that it is loaded into.
    """
    if "$1" not in text or ("@" not in text and "snow://" not in text):
        return text
    tokens = tokenize(text)
    spans = {span for source in _sources(tokens) for span in _field_spans(context, tokens, source)}
    return replace_spans(text, sorted(spans))


def _is_bare_location(token: Token) -> bool:
    return token.kind == "location" and (token.text.startswith("@") or token.text.startswith("snow://"))


@dataclass(frozen=True)
class _Source:
    """A location behind FROM: its text, options and alias, and the tokens of the SELECT that reads it (first, last)."""

    text: str
    options: dict[str, Any]
    alias: str
    first: int
    last: int

    def is_meant(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether ``$1`` here, or ``alias.$1``, is this source's."""
        return at < 2 or tokens[at - 1].text != "." or _name(tokens[at - 2]) == self.alias


def _sources(tokens: Sequence[Token]) -> Iterator[_Source]:
    for i in range(1, len(tokens)):
        if tokens[i - 1].upper in {"FROM", "JOIN", ","} and _is_location(tokens[i]):
            first, last = _surroundings(tokens, i)
            yield _Source(tokens[i].value, _options(tokens, i + 1), _alias(tokens, i + 1), first, last)


def _is_location(token: Token) -> bool:
    return _is_bare_location(token) or (token.kind == "string" and token.value.startswith(("@", "snow://")))


def _surroundings(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The parenthesis around a token, or the whole text; a set operator is a border too."""
    first = _border(tokens, at, -1, ")", "(")
    return first, _border(tokens, at, 1, "(", ")")


def _border(tokens: Sequence[Token], at: int, step: int, deeper: str, out: str) -> int:
    depth = 0
    while 0 <= at + step < len(tokens):
        token = tokens[at + step]
        depth += (token.text == deeper) - (token.text == out)
        if depth < 0 or (depth == 0 and token.upper in {"UNION", "INTERSECT", "EXCEPT", "MINUS"}):
            break
        at += step
    return at


def _options(tokens: Sequence[Token], at: int) -> dict[str, Any]:
    """``( FILE_FORMAT => f, PATTERN => 'p')`` behind a location, when it stands there."""
    options: dict[str, Any] = {}
    if at >= len(tokens) or tokens[at].text != "(":
        return options
    name = ""
    for i in range(at + 1, len(tokens)):
        if tokens[i].text == ")":
            break
        if i + 1 < len(tokens) and tokens[i + 1].text == "=>":
            name = tokens[i].upper
            options[name] = ""
        elif name and tokens[i].text not in {"=>", ","}:
            options[name] += tokens[i].value if tokens[i].kind == "string" else tokens[i].text
    return options


def _alias(tokens: Sequence[Token], at: int) -> str:
    """The name behind a location and its options; '' when there is none. A keyword that stands there is nobody's qualifier."""
    if at < len(tokens) and tokens[at].text == "(":
        at = _border(tokens, at + 1, 1, "(", ")") + 2
    if at < len(tokens) and tokens[at].upper == "AS":
        at += 1
    return _name(tokens[at]) if at < len(tokens) else ""


def _name(token: Token) -> str:
    return fold(token.value, quoted=token.kind == "quoted")


def _field_spans(context: Context, tokens: Sequence[Token], source: _Source) -> list[tuple[int, int, str]]:
    places = [
        i
        for i in range(source.first, source.last - 1)
        if tokens[i].text == "$1"
        and tokens[i + 1].text == ":"
        and tokens[i + 2].kind in {"word", "quoted"}
        and source.is_meant(tokens, i)
    ]
    if not places:
        return []
    choice = choose(context.session, source.text, source.options)
    if choice.format.type != "PARQUET" or not choice.files:
        return []
    known = {field.name for field in parquet_fields(context.session.connection, choice.files, choice.format)}
    ends = {"::"} if source.text not in _choices else {"::", ",", "FROM"}
    return [
        (tokens[i].start, tokens[i + 2].end, quote(FIELD + tokens[i + 2].value))
        for i in places
        if tokens[i + 2].value in known and i + 3 < len(tokens) and (tokens[i + 3].upper or tokens[i + 3].text) in ends
    ]


def the_location(text: str) -> tuple[Token, dict[str, Any]]:
    """The one location that a query reads: its token, and the options behind it."""
    tokens = tokenize(text)
    found = [i for i in range(1, len(tokens)) if tokens[i - 1].upper == "FROM" and _is_location(tokens[i])]
    if len(found) != 1:
        raise unsupported("COPY INTO from a query that does not read one location")
    return tokens[found[0]], _options(tokens, found[0] + 1)


# Functions


_INFERRED = (
    Column("COLUMN_NAME"),
    Column("TYPE"),
    Column("NULLABLE", BOOLEAN),
    Column("EXPRESSION"),
    Column("FILENAMES"),
    Column("ORDER_ID", INTEGER),
)
_ARGUMENTS = {"LOCATION", "FILE_FORMAT", "FILES", "IGNORE_CASE", "MAX_FILE_COUNT", "MAX_RECORDS_PER_FILE"}


@table_function("INFER_SCHEMA")
def infer_schema(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """The columns of staged files."""
    given = {key.upper(): value for key, value in named.items()}
    if positional or "LOCATION" not in given or not set(given) <= _ARGUMENTS:
        raise syntax_error(f"INFER_SCHEMA takes LOCATION and FILE_FORMAT by name; it was given {', '.join(given) or 'values'}.")
    choice = choose(context.session, str(given["LOCATION"]), given)
    files = _limited(choice.files, given)
    if not files:
        raise does_not_exist("Remote file", str(given["LOCATION"]))
    found = infer(context.session, Choice(files, choice.format))
    listed = ",".join(file.relative for file in files)
    values = [
        [_shown(column.name, given), type_name(column.type), column.nullable, expression, listed, i]
        for i, (column, expression) in enumerate(found)
    ]
    arrays = [pa.array([row[i] for row in values], arrow_type(column.type)) for i, column in enumerate(_INFERRED)]
    return context.register(pa.Table.from_arrays(arrays, names=[column.name for column in _INFERRED]), _INFERRED)


def _shown(name: str, given: dict[str, Any]) -> str:
    return name.upper() if given.get("IGNORE_CASE") else name


def _limited(files: Sequence[StagedFile], given: dict[str, Any]) -> tuple[StagedFile, ...]:
    wanted = given.get("FILES")
    names = [wanted] if isinstance(wanted, str) else wanted
    kept = [file for file in files if names is None or file.relative in names or file.path.name in names]
    return tuple(kept[: given.get("MAX_FILE_COUNT")])


def infer(session: Session, choice: Choice) -> list[tuple[Column, str]]:
    """The columns of files in their order, each with the expression that reads it."""
    if choice.format.type == "PARQUET":
        fields = parquet_fields(session.connection, choice.files, choice.format)
        columns = [Column(field.name, field.type) for field in fields]
        return [(column, f"$1:{quote_if_needed(column.name)}::{type_name(column.type)}") for column in columns]
    if choice.format.type == "CSV":
        return _infer_csv(session, choice)
    return _infer_json(session, choice)


def _infer_csv(session: Session, choice: Choice) -> list[tuple[Column, str]]:
    first = choice.files[0].path
    if choice.format["PARSE_HEADER"]:
        names = csv_header(first, choice.format)
    else:
        names = [f"c{i + 1}" for i in range(csv_width(first, choice.format))]
    relation = read_choice(session, choice, len(names))
    return [
        (Column(name, type_), f"${i + 1}::{type_name(type_)}")
        for i, name in enumerate(names)
        for type_ in [_narrowest(session, relation, quote(f"${i + 1}"))]
    ]


# What a type looks like as text, and whether that text is also valid; DuckDB converts more generously than a guess may.
_LOOKS: tuple[tuple[str, str, SqlType], ...] = (
    ("(?i)true|false", "TRUE", BOOLEAN),
    (r"[+-]?\d{{1,38}}", "TRUE", INTEGER),
    (r"[+-]?(\d+\.\d*|\.?\d+)", "TRUE", SqlType("FIXED", precision=38, scale=1)),
    (r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", "TRY_CAST({0} AS DOUBLE) IS NOT NULL", REAL),
    (r"\d{{4}}-\d{{1,2}}-\d{{1,2}}", "TRY_CAST({0} AS DATE) IS NOT NULL", DATE),
    (r"\d{{4}}-\d{{1,2}}-\d{{1,2}}[T ].+", "TRY_CAST({0} AS TIMESTAMP_NS) IS NOT NULL", TIMESTAMP_NTZ),
)


def _narrowest(session: Session, relation: Relation, column: str) -> SqlType:
    """The first type that every value of a column looks like; numbers with the digits that they have."""
    condition = "{0} IS NULL OR (regexp_full_match({0}, '" + "{pattern}" + "') AND {valid})"
    looks = [condition.replace("{pattern}", pattern).replace("{valid}", valid).format(column) for pattern, valid, _ in _LOOKS]
    digits = f"max(length(regexp_extract({column}, '\\d+'))), max(length(regexp_extract({column}, '\\.(\\d*)', 1)))"
    tests = ", ".join(f"bool_and({look})" for look in looks)
    filled, whole, fraction, *fits = session.connection.fetch(f"SELECT count({column}), {digits}, {tests} FROM ({relation.sql})")[
        0
    ]
    found = next((type_ for (_, _, type_), fit in zip(_LOOKS, fits, strict=True) if fit), TEXT) if filled else TEXT
    if found.name != "FIXED":
        return found
    return SqlType("FIXED", precision=min(max(whole + fraction, 1), 38), scale=fraction)


def _infer_json(session: Session, choice: Choice) -> list[tuple[Column, str]]:
    relation = read_choice(session, choice, 1)
    keys = session.connection.fetch(f"SELECT DISTINCT unnest(json_keys({quote('$1')})) AS key FROM ({relation.sql}) ORDER BY key")
    return [_infer_key(session, relation, key) for (key,) in keys]


_JSON_TYPES = {
    "BIGINT": from_duckdb("BIGINT"),
    "UBIGINT": from_duckdb("BIGINT"),
    "DOUBLE": from_duckdb("DOUBLE"),
    "BOOLEAN": from_duckdb("BOOLEAN"),
    "VARCHAR": TEXT,
}


def _infer_key(session: Session, relation: Relation, key: str) -> tuple[Column, str]:
    value = f"json_extract({quote('$1')}, {literal('$.' + quote(key))})"
    found = session.connection.fetch(f"SELECT DISTINCT json_type({value}) AS t FROM ({relation.sql}) WHERE t <> 'NULL'")
    types = {_JSON_TYPES.get(row[0], from_duckdb("JSON")) for row in found}
    chosen_type = types.pop() if len(types) == 1 else from_duckdb("JSON") if types else TEXT
    return Column(key, chosen_type), f"$1:{quote_if_needed(key)}::{type_name(chosen_type)}"


def type_name(type_: SqlType) -> str:
    """As INFER_SCHEMA prints it."""
    if type_.name == "FIXED":
        return f"NUMBER({type_.precision}, {type_.scale})"
    return type_.name


@system_function("GET_PRESIGNED_URL")
def presigned_url(session: Session, arguments: list[Any]) -> str:
    """An address that reads one file. https://docs.snowflake.com/en/sql-reference/functions/get_presigned_url"""
    if not 2 <= len(arguments) <= 3:
        raise compilation_error(938, "22023", "GET_PRESIGNED_URL takes a stage, a path in it and a number of seconds.")
    text, relative = (str(argument) for argument in arguments[:2])
    seconds = float(arguments[2]) if len(arguments) > 2 else 3600.0
    place = locate(session, text if text.endswith("/") or "/" not in text.removeprefix("snow://") else text + "/")
    wanted = (place.prefix + relative).lstrip("/")
    found = [file for file in place.files() if file.relative == wanted]
    if not found:
        raise AccountError(2003, "02000", f"Remote file '{text}/{relative}' was not found; LIST shows the files that are there.")
    return download_address(session, found[0], seconds=seconds)
