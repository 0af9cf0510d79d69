"""Which values of session parameters the account takes: those that it acts on, or that clients alone act on.

A value that would change answers in Snowflake and does not here is refused rather than kept without effect.
https://docs.snowflake.com/en/sql-reference/parameters
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlops_local.account.errors import compilation_error, unsupported

# What Snowflake answers at sign-in, as far as clients act on it.
# https://docs.snowflake.com/en/sql-reference/parameters
DEFAULT_PARAMETERS: dict[str, Any] = {
    "AUTOCOMMIT": True,
    "BINARY_OUTPUT_FORMAT": "HEX",
    "CLIENT_PREFETCH_THREADS": 4,
    "CLIENT_SESSION_KEEP_ALIVE": False,
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 65280,
    "CLIENT_TELEMETRY_ENABLED": False,
    "DATE_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "LOG_LEVEL": "OFF",
    "MULTI_STATEMENT_COUNT": 1,
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
    "QUERY_TAG": "",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "STATEMENT_TIMEOUT_IN_SECONDS": 172800,
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
    "TIMEZONE": "Etc/UTC",
    "TIME_INPUT_FORMAT": "AUTO",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
}

UTC = {"UTC", "ETC/UTC", "ETC/UCT", "ETC/ZULU", "UCT", "ZULU", "GMT", "ETC/GMT"}
_SWITCHES = {"AUTOCOMMIT", "CLIENT_SESSION_KEEP_ALIVE", "CLIENT_TELEMETRY_ENABLED", "QUOTED_IDENTIFIERS_IGNORE_CASE"}
_NUMBERS = {
    "CLIENT_PREFETCH_THREADS",
    "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD",
    "MULTI_STATEMENT_COUNT",
    "STATEMENT_TIMEOUT_IN_SECONDS",
}
# The only values that answers agree with; AUTO and '' stand for the default.
_ONLY: dict[str, set[Any]] = {
    "BINARY_OUTPUT_FORMAT": {"HEX"},
    "TIMESTAMP_TYPE_MAPPING": {"TIMESTAMP_NTZ"},
}
_LOG_LEVELS = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"}
# What the connector asks a server for by parameter.
_FORMATS = {"ARROW", "ARROW_FORCE", "JSON"}


def checked(name: str, value: Any) -> Any:
    """The value as the session keeps it; parameters that the account does not know are the caller's to judge."""
    if name in _SWITCHES:
        value = _switch(name, value)
    elif name in _NUMBERS:
        value = _number(name, value)
    allowed = _ONLY.get(name)
    if allowed is not None and (value.upper() if isinstance(value, str) else value) not in allowed:
        raise unsupported(f"{name} = {value}")
    if name == "LOG_LEVEL":
        value = str(value).upper()
        if value not in _LOG_LEVELS:
            raise _invalid(name, value)
    if name == "TIMEZONE":
        _check_zone(value)
    if name == "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT" and str(value).upper() not in _FORMATS:
        raise _invalid(name, value)
    return value


def _switch(name: str, value: Any) -> bool:
    known = {"TRUE": True, "FALSE": False, "1": True, "0": False}.get(str(value).upper())
    if known is None:
        raise _invalid(name, value)
    return known


def _number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise _invalid(name, value)
    return int(value)


def _check_zone(value: Any) -> None:
    """A name of the tz database. https://docs.snowflake.com/en/sql-reference/parameters#timezone"""
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _invalid("TIMEZONE", value) from error


def _invalid(name: str, value: Any) -> Exception:
    return compilation_error(1008, "22023", f"invalid value [{value}] for parameter '{name}'")
