"""How files are written: the options of FILE_FORMAT, with Snowflake's defaults.

https://docs.snowflake.com/en/sql-reference/sql/create-file-format
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.errors import syntax_error, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.reader import Reader

_COMMON: dict[str, Any] = {"COMPRESSION": "AUTO", "TRIM_SPACE": False, "NULL_IF": ["\\N"], "REPLACE_INVALID_CHARACTERS": False}
_TIMES: dict[str, Any] = {"DATE_FORMAT": "AUTO", "TIME_FORMAT": "AUTO", "TIMESTAMP_FORMAT": "AUTO", "BINARY_FORMAT": "HEX"}

DEFAULTS: dict[str, dict[str, Any]] = {
    "CSV": {
        **_COMMON,
        **_TIMES,
        "RECORD_DELIMITER": "\n",
        "FIELD_DELIMITER": ",",
        "FILE_EXTENSION": None,
        "PARSE_HEADER": False,
        "SKIP_HEADER": 0,
        "SKIP_BLANK_LINES": False,
        "ESCAPE": "NONE",
        "ESCAPE_UNENCLOSED_FIELD": "\\",
        "MULTI_LINE": True,
        "FIELD_OPTIONALLY_ENCLOSED_BY": "NONE",
        "ERROR_ON_COLUMN_COUNT_MISMATCH": True,
        "EMPTY_FIELD_AS_NULL": True,
        "SKIP_BYTE_ORDER_MARK": True,
        "ENCODING": "UTF8",
        "VALIDATE_UTF8": True,
    },
    "JSON": {
        **_COMMON,
        **_TIMES,
        "NULL_IF": [],
        "FILE_EXTENSION": None,
        "ENABLE_OCTAL": False,
        "ALLOW_DUPLICATE": False,
        "STRIP_OUTER_ARRAY": False,
        "STRIP_NULL_VALUES": False,
        "IGNORE_UTF8_ERRORS": False,
        "SKIP_BYTE_ORDER_MARK": True,
        "MULTI_LINE": True,
    },
    "PARQUET": {
        **_COMMON,
        "SNAPPY_COMPRESSION": True,
        "BINARY_AS_TEXT": True,
        "USE_LOGICAL_TYPE": False,
        "USE_VECTORIZED_SCANNER": False,
    },
}

# Options that the account does not act on may only have these values; anything else is refused when files are read or written.
_FIXED: dict[str, tuple[Any, ...]] = {
    "RECORD_DELIMITER": ("\n", "\r\n", "NONE", "AUTO"),
    "ESCAPE": ("NONE", "\\"),
    "ESCAPE_UNENCLOSED_FIELD": ("\\", "NONE"),
    "BINARY_FORMAT": ("HEX", "BASE64", "UTF8", "UTF-8"),
    "REPLACE_INVALID_CHARACTERS": (False,),
    "ENCODING": ("UTF8", "UTF-8"),
    "VALIDATE_UTF8": (True,),
    "ENABLE_OCTAL": (False,),
    "ALLOW_DUPLICATE": (False,),
    "STRIP_NULL_VALUES": (False,),
    "IGNORE_UTF8_ERRORS": (False,),
}


@dataclass(frozen=True)
class FileFormat:
    """``given`` holds the options that were said; the others have the defaults of the type."""

    type: str = "CSV"
    given: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, option: str) -> Any:
        return self.given.get(option, DEFAULTS[self.type].get(option))

    @property
    def compression(self) -> str:
        return str(self["COMPRESSION"]).upper()

    @property
    def properties(self) -> dict[str, Any]:
        """As the catalogue keeps it."""
        return {"TYPE": self.type, **self.given}

    @classmethod
    def of(cls, properties: dict[str, Any]) -> FileFormat:
        given = dict(properties)
        return cls(given.pop("TYPE", "CSV"), given)

    def check(self) -> FileFormat:
        """Itself; refused when an option asks for something that the account does not do."""
        for option, allowed in _FIXED.items():
            value = self[option]
            if value is not None and (value.upper() if isinstance(value, str) and len(value) > 2 else value) not in allowed:
                raise unsupported(f"{option} = {value!r}")
        for option in ("TRIM_SPACE", "NULL_IF"):
            if self.type != "CSV" and self[option] not in (DEFAULTS[self.type][option], []):
                raise unsupported(f"{option} for files of type {self.type}")
        return self

    def text(self, option: str) -> str:
        """A delimiter or enclosing character; '' for NONE."""
        value = str(self[option])
        return "" if value.upper() == "NONE" else value


def read_format_options(reader: Reader, *, type_: str = "CSV") -> FileFormat:
    """``TYPE = .. OPTION = ..``, blanks or commas between them, until a word that is no option; ``type_`` when none is said."""
    given: dict[str, Any] = {}
    known = {"TYPE"}.union(*DEFAULTS.values())
    while reader.token.upper in known:
        name = reader.next().upper
        reader.expect("=")
        if name in given:
            raise syntax_error(f"duplicate property '{name}'.")
        given[name] = _value(reader)
        reader.accept(",")
    return make_format({"TYPE": type_, **given})


def make_format(given: dict[str, Any]) -> FileFormat:
    type_ = str(given.pop("TYPE", "CSV")).upper()
    if type_ not in DEFAULTS:
        raise unsupported(f"file format type {type_}")
    for name in given:
        if name not in DEFAULTS[type_]:
            raise syntax_error(f"invalid property '{name}' for file format type '{type_}'.")
    return FileFormat(type_, {name: _typed(name, value, DEFAULTS[type_][name]) for name, value in given.items()})


def _value(reader: Reader) -> Any:
    token = reader.token
    if token.text == "(":
        return reader.list(reader.string) if reader.peek().text != ")" else _empty_list(reader)
    if token.kind in {"string", "dollars"}:
        return reader.string()
    if token.kind == "number":
        return reader.integer()
    if token.upper in {"TRUE", "FALSE"}:
        return reader.boolean()
    return reader.identifier()


def _empty_list(reader: Reader) -> list[str]:
    reader.expect("(", ")")
    return []


def _typed(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, list):
        return [str(value)] if not isinstance(value, list) else value
    if isinstance(default, bool) and isinstance(value, str) and value.upper() in {"TRUE", "FALSE"}:
        return value.upper() == "TRUE"
    if isinstance(default, int) and not isinstance(value, int):
        if str(value).isdigit() and not isinstance(default, bool):
            return int(value)
        raise syntax_error(f"invalid value '{value}' for property '{name}'.")
    return value


def read_file_format(session: Session, reader: Reader) -> FileFormat:
    """What stands behind ``FILE_FORMAT =``: a name, or ``(FORMAT_NAME = ..)``, or ``(TYPE = .. options)``."""
    if reader.accept("("):
        if reader.accept("FORMAT_NAME"):
            reader.expect("=")
            found = named_format(session, reader.path())
        else:
            found = read_format_options(reader)
        reader.expect(")")
        return found
    return named_format(session, reader.path())


def named_format(session: Session, path: tuple[str, ...]) -> FileFormat:
    entry = session.get("FILE FORMAT", path)
    session.access.demand("USAGE", entry)
    return FileFormat.of(entry.properties["FORMAT"])


def shown_value(value: Any) -> str:
    """An option as DESC STAGE and DESC FILE FORMAT print it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "" if value is None else str(value).replace("\n", "\\n")


def option_type(default: Any) -> str:
    if isinstance(default, bool):
        return "Boolean"
    return "Integer" if isinstance(default, int) else "List" if isinstance(default, list) else "String"
