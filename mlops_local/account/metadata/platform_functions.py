"""System functions that clients ask about the platform itself.

What is not announced here the clients do without: the registry, for one, writes no live versions.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from mlops_local.account.errors import cancelled, compilation_error, does_not_exist
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function

_CAPABILITIES = {"ENABLE_SINGLE_OUTPUT_NATIVE_TYPE": True, "SET_MODULE_FUNCTIONS_VOLATILITY_FROM_MANIFEST": True}


@system_function("SYSTEM$ML_PLATFORM_CAPABILITIES")
def ml_platform_capabilities(session: Session, arguments: list[Any]) -> str:
    return json.dumps(_CAPABILITIES)


@system_function("SYSTEM$CLIENT_VERSION_INFO")
def client_version_info(session: Session, arguments: list[Any]) -> str:
    """No client is too old for this account."""
    return "[]"


@system_function("SYSTEM$CANCEL_ALL_QUERIES")
def cancel_all_queries(session: Session, arguments: list[Any]) -> str:
    """Ends what a session of the same user runs; of this session nothing else can be running, one statement follows the other.

    https://docs.snowflake.com/en/sql-reference/functions/system_cancel_all_queries
    """
    number = int(arguments[0]) if len(arguments) == 1 and str(arguments[0]).isdecimal() else session.id
    found = session.account.sessions.get(number)
    if found is None or found.user != session.user:
        raise does_not_exist("Session", str(number))
    if found is not session:
        found.cancel()
    return "all queries cancelled."


_UNITS = {"DAYS": 86400.0, "HOURS": 3600.0, "MINUTES": 60.0, "SECONDS": 1.0, "MILLISECONDS": 0.001}


@system_function("SYSTEM$WAIT")
def wait(session: Session, arguments: list[Any]) -> str:
    """Waits, by a machine's clock, until the time is over or the statement is cancelled.

    https://docs.snowflake.com/en/sql-reference/stored-procedures/system_wait
    """
    amount, unit = [*arguments, "SECONDS"][:2] if arguments else (None, "")
    if not isinstance(amount, int | float) or len(arguments) > 2 or str(unit).upper() not in _UNITS:
        raise compilation_error(938, "22023", f"SYSTEM$WAIT takes an amount and one of {', '.join(_UNITS)}.")
    stopped = threading.Event()
    with session.stopped_by(stopped.set):
        if stopped.wait(amount * _UNITS[str(unit).upper()]):
            raise cancelled()
    return f"waited {amount} {str(unit).lower()}"
