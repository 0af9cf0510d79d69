"""What a handler logs, and the exception that it lets through, as the account writes it to the event table.

https://docs.snowflake.com/en/developer-guide/logging-tracing/logging-python
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

Record = dict[str, Any]

_NUMBERS = {"TRACE": 5, "DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING}
_NUMBERS |= {"ERROR": logging.ERROR, "FATAL": logging.CRITICAL, "OFF": logging.CRITICAL + 1}
# More than this of one call is cut off: a handler that logs each of a million rows.
_MOST = 10_000


class Recorder(logging.Handler):
    """Stands at the root of all loggers."""

    def __init__(self, level: str) -> None:
        super().__init__(_NUMBERS[level])
        self._records: list[Record] = []
        if level != "OFF":
            logging.getLogger().addHandler(self)
            logging.getLogger().setLevel(_NUMBERS[level])

    def emit(self, record: logging.LogRecord) -> None:
        attributes = {"code.filepath": record.pathname, "code.function": record.funcName, "code.lineno": record.lineno}
        if record.exc_info and record.exc_info[1] is not None:
            attributes |= _exception(record.exc_info[1])
        self._add(
            {"severity": _severity(record.levelno), "value": record.getMessage(), "scope": record.name, "attributes": attributes}
        )

    def unhandled(self, error: BaseException) -> None:
        if self.level <= logging.CRITICAL:
            self._add({"severity": "FATAL", "value": "exception", "scope": "", "attributes": _exception(error)})

    def take(self) -> list[Record]:
        taken, self._records = self._records, []
        return taken

    def _add(self, record: Record) -> None:
        if len(self._records) < _MOST:
            self._records.append(record)


def _exception(error: BaseException) -> Record:
    return {
        "exception.message": str(error),
        "exception.type": type(error).__name__,
        "exception.stacktrace": "".join(traceback.format_exception(error)),
    }


def _severity(number: int) -> str:
    return max(
        (name for name in _NUMBERS if name != "OFF" and _NUMBERS[name] <= number), key=_NUMBERS.__getitem__, default="TRACE"
    )
