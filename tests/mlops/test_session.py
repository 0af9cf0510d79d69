"""Signing in with a workload identity, by the real connector, to an account that knows the issuer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mlops.errors import SignInError
from mlops.session import open_session
from mlops.settings import read_settings
from mlops_local.account.account import Account
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.server import Server

ISSUER = "https://vstoken.example.com/organisation"
SUBJECT = "sc://organisation/project/connection"
# What Azure DevOps writes into the token of a service connection.
AUDIENCE = "api://AzureADTokenExchange"
PRIVATE = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    keys = tmp_path_factory.mktemp("issuer") / "keys.json"
    told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(PRIVATE.public_key()))
    keys.write_text(json.dumps({"keys": [{**told, "kid": "one", "alg": "RS256"}]}))
    identity = f"TYPE = OIDC ISSUER = '{ISSUER}' SUBJECT = '{SUBJECT}' OIDC_AUDIENCE_LIST = ('{AUDIENCE}')"
    with Account.open() as account, Server(account, issuers=Issuers({ISSUER: str(keys)})) as running:
        with account.system_session() as session:
            session.run("CREATE DATABASE D")
            session.run("CREATE WAREHOUSE W")
            session.run(f"CREATE USER ROBOT TYPE = SERVICE WORKLOAD_IDENTITY = ({identity})")
        yield running


@pytest.fixture
def environ(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    # The connector sends such a token to hosts of Snowflake only, unless it is told of others.
    monkeypatch.setenv("SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES", server.host)
    address = {"HOST": server.host, "PORT": str(server.port), "PROTOCOL": "http", "ACCOUNT": server.account.name}
    place = {"USER": "ROBOT", "WAREHOUSE": "W", "DATABASE": "D", "SCHEMA": "PUBLIC"}
    token = {"AUTHENTICATOR": "WORKLOAD_IDENTITY", "TOKEN_FILE_PATH": str(tmp_path / "token")}
    return {f"SNOWFLAKE_{name}": value for name, value in {**address, **place, **token}.items()}


def write_token(environ: dict[str, str], subject: str = SUBJECT) -> None:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 300}
    token = jwt.encode(claims, PRIVATE, algorithm="RS256", headers={"kid": "one"})
    Path(environ["SNOWFLAKE_TOKEN_FILE_PATH"]).write_text(token + "\n")


def test_the_token_of_the_file_signs_in(environ: dict[str, str]) -> None:
    write_token(environ)
    with open_session(read_settings(environ)) as session:
        assert session.sql("SELECT CURRENT_USER()").collect()[0][0] == "ROBOT"


def test_the_token_of_somebody_else_is_refused_with_a_reason(environ: dict[str, str]) -> None:
    write_token(environ, subject="sc://organisation/project/other")
    with (
        pytest.raises(SignInError, match="no user has the issuer and subject of this token"),
        open_session(read_settings(environ)),
    ):
        pass
