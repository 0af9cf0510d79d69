"""The sign-in request: who, how, and with which role, warehouse, database and schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_local.account.account import Account, User
from mlops_local.account.errors import AccountError
from mlops_local.account.names import fold
from mlops_local.account.session import Session
from mlops_local.account.wire.auth import by_key_pair, by_password
from mlops_local.account.wire.envelope import Answer, success
from mlops_local.account.wire.results import parameter_list
from mlops_local.account.wire.tokens import MASTER_SECONDS, SESSION_SECONDS, Tokens

SERVER_VERSION = "9.32.0"


def login(account: Account, tokens: Tokens, query: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
    data = body["data"]
    user = _authenticate(account, data)
    if user.disabled:
        raise AccountError(390101, "08001", "User access disabled. Contact your local system administrator.")
    session = account.open_session(
        user.name,
        role=identifier(query.get("roleName")),
        warehouse=identifier(query.get("warehouse")),
        database=identifier(query.get("databaseName")),
        schema=identifier(query.get("schemaName")),
        parameters=data.get("SESSION_PARAMETERS") or {},
    )
    token, master = tokens.issue(session, child=False)
    return success(_signed_in(session, token, master))


def identifier(text: str | None) -> str | None:
    """A name among the connection settings: folded to upper case unless it stands in double quotes."""
    if not text:
        return None
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return fold(text, quoted=False)


def _authenticate(account: Account, data: Mapping[str, Any]) -> User:
    login_name = str(data.get("LOGIN_NAME") or "").upper()
    method = str(data.get("AUTHENTICATOR") or "SNOWFLAKE").upper()
    if method == "SNOWFLAKE_JWT":
        return by_key_pair(account, login_name, str(data.get("TOKEN") or ""))
    if method == "SNOWFLAKE":
        return by_password(account, login_name, str(data.get("PASSWORD") or ""))
    raise AccountError(
        390400, "08001", f"Authenticator {method} is not offered here; sign in with SNOWFLAKE_JWT and a registered key."
    )


def _signed_in(session: Session, token: str, master: str) -> Answer:
    return {
        "token": token,
        "validityInSeconds": SESSION_SECONDS,
        "masterToken": master,
        "masterValidityInSeconds": MASTER_SECONDS,
        "displayUserName": session.user,
        "serverVersion": SERVER_VERSION,
        "firstLogin": False,
        "healthCheckInterval": 45,
        "sessionId": session.id,
        "parameters": parameter_list(session),
        "sessionInfo": {
            "databaseName": session.database,
            "schemaName": session.schema,
            "warehouseName": session.warehouse,
            "roleName": session.role,
        },
    }
