"""The sign-in request: who, how, and with which role, warehouse, database and schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_local.account.access.access_tokens import AccessToken
from mlops_local.account.account import Account, User
from mlops_local.account.errors import AccountError
from mlops_local.account.history.query_history import SignIn
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import fold
from mlops_local.account.wire.auth import by_access_token, by_key_pair, by_password, by_workload_identity
from mlops_local.account.wire.body import bad_request
from mlops_local.account.wire.envelope import Answer, success
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.results import parameter_list
from mlops_local.account.wire.tokens import MASTER_SECONDS, SESSION_SECONDS, Tokens

SERVER_VERSION = "9.32.0"
# How much of what a stranger says is kept.
_KEPT = 256
# How LOGIN_HISTORY calls them.
_FACTORS = {"SNOWFLAKE": "PASSWORD", "SNOWFLAKE_JWT": "RSA_KEYPAIR"}


def login(
    account: Account, tokens: Tokens, issuers: Issuers, query: Mapping[str, str], body: Mapping[str, Any], address: str
) -> Answer:
    data = body.get("data")
    if not isinstance(data, dict):
        raise bad_request("the sign-in has no data")
    with account.history.sign_in(_told(data, address), account.clock) as told:
        session = _open(account, issuers, query, data, told)
    token, master = tokens.issue(session, child=False)
    return success(_signed_in(session, token, master))


def _told(data: Mapping[str, Any], address: str) -> SignIn:
    """What the client says of itself; nobody has checked it."""
    factor = _FACTORS.get(_method(data), _method(data))
    name, client, version = (str(data.get(key) or "")[:_KEPT] for key in ("LOGIN_NAME", "CLIENT_APP_ID", "CLIENT_APP_VERSION"))
    return SignIn(name.upper(), factor[:_KEPT], client, version, address)


def _method(data: Mapping[str, Any]) -> str:
    return str(data.get("AUTHENTICATOR") or "SNOWFLAKE").upper()


def _open(account: Account, issuers: Issuers, query: Mapping[str, str], data: Mapping[str, Any], told: SignIn) -> Session:
    user, access_token = _authenticate(account, issuers, data)
    told.user = user.name
    if access_token is not None:
        told.factor = "PROGRAMMATIC_ACCESS_TOKEN"
    if user.disabled:
        raise AccountError(390101, "08001", "User access disabled. Contact your local system administrator.")
    return account.open_session(
        user.name,
        role=identifier(query.get("roleName")),
        warehouse=identifier(query.get("warehouse")),
        database=identifier(query.get("databaseName")),
        schema=identifier(query.get("schemaName")),
        parameters=data.get("SESSION_PARAMETERS") or {},
        token=access_token,
    )


def identifier(text: str | None) -> str | None:
    """A name among the connection settings: folded to upper case unless it stands in double quotes."""
    if not text:
        return None
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return fold(text, quoted=False)


def _authenticate(account: Account, issuers: Issuers, data: Mapping[str, Any]) -> tuple[User, AccessToken | None]:
    """Who it is, and the programmatic access token that says so, if one does."""
    login_name = str(data.get("LOGIN_NAME") or "").upper()
    method = _method(data)
    token = str(data.get("TOKEN") or "")
    if method == "SNOWFLAKE_JWT":
        return by_key_pair(account, login_name, token), None
    if method == "SNOWFLAKE":
        return by_password(account, login_name, str(data.get("PASSWORD") or ""))
    if method == "PROGRAMMATIC_ACCESS_TOKEN":
        return by_access_token(account, login_name, token)
    if method == "WORKLOAD_IDENTITY" and data.get("PROVIDER") == "OIDC":
        return by_workload_identity(account, issuers, token), None
    provider = f" with provider {data['PROVIDER']}" if data.get("PROVIDER") else ""
    raise AccountError(
        390400, "08001", f"Authenticator {method}{provider} is not offered here; sign in with SNOWFLAKE_JWT and a registered key."
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
