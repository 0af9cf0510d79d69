"""The only place that opens a connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from snowflake.connector.config_manager import CONFIG_MANAGER
from snowflake.connector.errors import Error
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkClientException, SnowparkSessionException

from mlops.connection import GuardedConnection
from mlops.errors import AccountError, SignInError
from mlops.keys import load_private_key, load_token
from mlops.marks import RUN_TAG
from mlops.refusals import explain
from mlops.settings import Settings

# What the clients raise when the account refuses.
CLIENT_ERRORS = (SnowparkClientException, Error)

# https://docs.snowflake.com/en/user-guide/key-pair-auth-troubleshooting
_REASONS = {
    390144: "the public key registered for {user} is another one, or none: run ALTER USER {user} SET RSA_PUBLIC_KEY = '...'",
    390100: "user or password is wrong",
    390189: "the role {role} does not exist or is not granted to {user}",
    390201: "the warehouse, database or schema does not exist, or the role {role} may not use it",
    250001: "no connection could be made: check SNOWFLAKE_ACCOUNT, SNOWFLAKE_HOST and the network",
    250003: "no connection could be made: check SNOWFLAKE_ACCOUNT, SNOWFLAKE_HOST and the network",
}
# https://docs.snowflake.com/en/user-guide/workload-identity-federation
_UNKNOWN_WORKLOAD = (
    "no user has the issuer and subject of this token, or the token is too old: look at DESCRIBE USER {user}, "
    "and fetch the token right before the command"
)


def named_connections() -> dict[str, dict[str, object]]:
    """connections.toml, found where the connector looks for it."""
    return {name: dict(values) for name, values in CONFIG_MANAGER["connections"].items()}


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """Inside Snowflake, and in a notebook, the session that is there already; otherwise a new one, closed at the end."""
    try:
        active = get_active_session()
    except SnowparkSessionException:
        active = None
    if active is not None:
        yield active
        return
    with open_another_session(settings) as session:
        yield session


@contextmanager
def open_another_session(settings: Settings) -> Iterator[Session]:
    """A new one, also beside one that is open already."""
    session = _connect(settings)
    try:
        yield session
    except CLIENT_ERRORS as error:
        raise AccountError(explain(error)) from error
    finally:
        # The work is done or has failed by now; a session that cannot be closed changes neither.
        with suppress(SnowparkSessionException):
            session.close()


def _connect(settings: Settings) -> Session:
    options = _options(settings)
    try:
        return Session.builder.configs({"connection": GuardedConnection(**options)}).create()
    except Error as error:
        raise SignInError(_sentence(error, settings)) from None
    finally:
        options.clear()


def _options(settings: Settings) -> dict[str, Any]:
    address = {"host": settings.host, "port": settings.port, "protocol": settings.protocol}
    identity = {"account": settings.account, "user": settings.user, "role": settings.role}
    place = {"warehouse": settings.warehouse, "database": settings.database, "schema": settings.schema}
    known = {**identity, **place, **{name: value for name, value in address.items() if value is not None}}
    # Tells in the account's query history what the pipeline itself sent, and by which run.
    tag = {"session_parameters": {"QUERY_TAG": f"{RUN_TAG}{settings.run}"}}
    # Values are bound as Snowpark binds them.
    client = {"application": "mlops", "login_timeout": 30, "paramstyle": "qmark"}
    return {**known, **_credentials(settings), **tag, **client}


def _credentials(settings: Settings) -> dict[str, Any]:
    if settings.authenticator == "SNOWFLAKE_JWT":
        key = load_private_key(settings.private_key_file or "", settings.private_key_passphrase)
        return {"authenticator": "SNOWFLAKE_JWT", "private_key": key}
    if settings.authenticator == "WORKLOAD_IDENTITY":
        provider = {"authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "OIDC"}
        # The token says whose it is; a user beside it is not asked for.
        return {**provider, "user": None, "token": load_token(settings.token_file, settings.token).reveal()}
    return {"password": settings.password.reveal() if settings.password else ""}


def _sentence(error: Error, settings: Settings) -> str:
    reason = _REASONS.get(error.errno or 0, f"{error.raw_msg or error}")
    if settings.authenticator == "WORKLOAD_IDENTITY" and error.errno == 390144:
        reason = _UNKNOWN_WORKLOAD
    filled = reason.replace("{user}", settings.user).replace("{role}", settings.role or "(default)")
    return f"Snowflake refused the login of {settings.user} to {settings.account} ({error.errno}): {filled}."
