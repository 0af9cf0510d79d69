"""System functions that clients ask about the platform itself.

What is not announced here the clients do without: the registry, for one, writes no live versions.
"""

from __future__ import annotations

import json
from typing import Any

from mlops_local.account.session import Session
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
    """Snowpark asks for it when it closes; statements of a session run one after another, so nothing else can be running."""
    return "0 queries were cancelled."
