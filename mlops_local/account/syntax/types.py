"""Snowflake's data types: read from SQL text, stored in DuckDB, described to clients.

https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops_local.account.errors import syntax_error, unsupported

MAX_TEXT = 16_777_216
MAX_BINARY = 8_388_608


@dataclass(frozen=True)
class SqlType:
    """One Snowflake type. ``name`` is the wire's logical name in upper case.

    FIXED has precision and scale; TEXT and BINARY a length in characters or bytes; TIME and TIMESTAMP_* a scale in
    fractional digits.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None

    @property
    def sql(self) -> str:
        """As DESCRIBE TABLE prints it."""
        if self.name == "FIXED":
            return f"NUMBER({self.precision},{self.scale})"
        if self.name == "TEXT":
            return f"VARCHAR({self.length})"
        if self.name == "BINARY":
            return f"BINARY({self.length})"
        if self.name == "REAL":
            return "FLOAT"
        if self.name == "TIME" or self.name.startswith("TIMESTAMP"):
            return f"{self.name}({self.scale})"
        return self.name

    @property
    def duckdb(self) -> str:
        """The DuckDB type that holds it. Whole numbers are BIGINT: an overflow is refused, never rounded."""
        if self.name == "FIXED":
            return "BIGINT" if not self.scale else f"DECIMAL({self.precision},{self.scale})"
        return _DUCKDB[self.name]

    @property
    def is_semistructured(self) -> bool:
        return self.name in {"VARIANT", "OBJECT", "ARRAY"}


_DUCKDB = {
    "TEXT": "VARCHAR",
    "REAL": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "BINARY": "BLOB",
    "TIMESTAMP_NTZ": "TIMESTAMP_NS",
    "TIMESTAMP_LTZ": "TIMESTAMPTZ",
    "TIMESTAMP_TZ": "TIMESTAMPTZ",
    "VARIANT": "JSON",
    "OBJECT": "JSON",
    "ARRAY": "JSON",
}

INTEGER = SqlType("FIXED", precision=38, scale=0)
TEXT = SqlType("TEXT", length=MAX_TEXT)
REAL = SqlType("REAL")
BOOLEAN = SqlType("BOOLEAN")
DATE = SqlType("DATE")
TIME = SqlType("TIME", scale=9)
BINARY = SqlType("BINARY", length=MAX_BINARY)
TIMESTAMP_NTZ = SqlType("TIMESTAMP_NTZ", scale=9)
TIMESTAMP_LTZ = SqlType("TIMESTAMP_LTZ", scale=9)
TIMESTAMP_TZ = SqlType("TIMESTAMP_TZ", scale=9)
VARIANT = SqlType("VARIANT")
OBJECT = SqlType("OBJECT")
ARRAY = SqlType("ARRAY")

_WORDS: dict[str, SqlType] = {
    **dict.fromkeys(("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"), INTEGER),
    **dict.fromkeys(("NUMBER", "NUMERIC", "DECIMAL", "DEC"), INTEGER),
    **dict.fromkeys(("FLOAT", "FLOAT4", "FLOAT8", "DOUBLE", "DOUBLE PRECISION", "REAL"), REAL),
    **dict.fromkeys(("VARCHAR", "STRING", "TEXT", "NVARCHAR", "NVARCHAR2", "CHAR VARYING", "NCHAR VARYING"), TEXT),
    **dict.fromkeys(("CHAR", "CHARACTER", "NCHAR"), SqlType("TEXT", length=1)),
    **dict.fromkeys(("BINARY", "VARBINARY"), BINARY),
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "TIME": TIME,
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "TIMESTAMP_NTZ", "TIMESTAMPNTZ", "TIMESTAMP WITHOUT TIME ZONE"), TIMESTAMP_NTZ),
    **dict.fromkeys(("TIMESTAMP_LTZ", "TIMESTAMPLTZ", "TIMESTAMP WITH LOCAL TIME ZONE"), TIMESTAMP_LTZ),
    **dict.fromkeys(("TIMESTAMP_TZ", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), TIMESTAMP_TZ),
    "VARIANT": VARIANT,
    "OBJECT": OBJECT,
    "ARRAY": ARRAY,
}

_TEXT_FORM = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*(?:\s+[A-Za-z]+)*)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*\Z")


def parse_type(text: str) -> SqlType:
    """The type that SQL text names: ``NUMBER(10, 2)``, ``varchar``, ``TIMESTAMP_NTZ(3)``."""
    match = _TEXT_FORM.match(text)
    word = " ".join(match[1].upper().split()) if match else ""
    if match is None or word not in _WORDS:
        raise unsupported(f"data type {text.strip()}")
    first = int(match[2]) if match[2] else None
    second = int(match[3]) if match[3] else None
    return _sized(_WORDS[word], first, second, text)


def _sized(base: SqlType, first: int | None, second: int | None, text: str) -> SqlType:
    if first is None:
        return base
    if base.name == "FIXED":
        if not 1 <= first <= 38 or (second or 0) > first:
            raise syntax_error(
                f"invalid precision or scale in type {text.strip()}: precision is 1 to 38, scale at most precision."
            )
        return SqlType("FIXED", precision=first, scale=second or 0)
    if base.name in {"TEXT", "BINARY"}:
        return SqlType(base.name, length=first)
    if base.scale is not None and first <= 9:
        return SqlType(base.name, scale=first)
    raise syntax_error(f"type {text.strip()} does not take a size.")


_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_FROM_DUCKDB: dict[str, SqlType] = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
        INTEGER,
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE"), REAL),
    "VARCHAR": TEXT,
    "UUID": TEXT,
    '"NULL"': TEXT,
    "NULL": TEXT,
    "BOOLEAN": BOOLEAN,
    "DATE": DATE,
    "TIME": TIME,
    "TIME_NS": TIME,
    "BLOB": BINARY,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"), TIMESTAMP_NTZ),
    "TIMESTAMP WITH TIME ZONE": TIMESTAMP_LTZ,
    "JSON": VARIANT,
}


def from_duckdb(type_text: str) -> SqlType:
    """The Snowflake type that a DuckDB result column is described as; VARIANT for every JSON value."""
    decimal = _DECIMAL.fullmatch(type_text)
    if decimal:
        return SqlType("FIXED", precision=int(decimal[1]), scale=int(decimal[2]))
    if type_text in _FROM_DUCKDB:
        return _FROM_DUCKDB[type_text]
    if type_text.endswith("]"):
        return ARRAY
    if type_text.startswith(("STRUCT", "MAP")):
        return OBJECT
    raise unsupported(f"result of type {type_text}")


@dataclass(frozen=True)
class Column:
    """A column of a result or of a table."""

    name: str
    type: SqlType = TEXT
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
