"""Workload identities: tokens of a configured issuer sign in, by the real connector, and no others."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.server import Server

from .conftest import Connect, Key

ISSUER = "https://token.example.com"
SUBJECT = "repo:team/project:environment:dev"
IDENTITY = f"WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '{ISSUER}' SUBJECT = '{SUBJECT}')"


def key_set(key: Key, kid: str) -> str:
    told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.private.public_key()))
    return json.dumps({"keys": [{**told, "kid": kid, "alg": "RS256", "use": "sig"}]})


@pytest.fixture
def keys(tmp_path: Path, key: Key) -> Path:
    file = tmp_path / "jwks.json"
    file.write_text(key_set(key, "one"))
    return file


@pytest.fixture
def server(account: Account, keys: Path) -> Iterator[Server]:
    with account.system_session() as session:
        session.run(f"CREATE USER ROBOT TYPE = SERVICE {IDENTITY}")
    with Server(account, issuers=Issuers({ISSUER: str(keys)})) as running:
        yield running


SignIn = Callable[..., SnowflakeConnection]


@pytest.fixture
def sign_in(connect: Connect, key: Key, monkeypatch: pytest.MonkeyPatch) -> SignIn:
    # The connector sends such a token to Snowflake's hosts only, unless it is told of others.
    monkeypatch.setenv("SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES", "127.0.0.1")

    def with_claims(signer: Key = key, kid: str = "one", **changes: Any) -> SnowflakeConnection:
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "snowflakecomputing.com", "iat": now, "exp": now + 300, **changes}
        told = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(told, signer.private, algorithm="RS256", headers={"kid": kid})
        return connect(
            authenticator="WORKLOAD_IDENTITY", workload_identity_provider="OIDC", token=token, private_key=None, user=None
        )

    return with_claims


def assert_signed_in(connection: SnowflakeConnection) -> None:
    assert connection.cursor().execute("select current_user()").fetchall() == [("ROBOT",)]


def test_the_subject_of_an_issuer_is_the_user(sign_in: SignIn) -> None:
    assert_signed_in(sign_in())


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "repo:somebody/else"},
        {"iss": "https://other.example.com"},
        {"aud": "another.example.com"},
        {"aud": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"kid": "two"},
    ],
    ids=lambda changes: "-".join(f"{name} {type(value).__name__}" for name, value in changes.items()),
)
def test_a_token_must_hold_in_every_claim(sign_in: SignIn, changes: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="JWT token is invalid") as refusal:
        sign_in(**changes)
    assert refusal.value.errno == 390144


def test_another_key_does_not_sign_for_the_issuer(sign_in: SignIn, other_key: Key) -> None:
    with pytest.raises(DatabaseError, match="JWT token is invalid"):
        sign_in(signer=other_key)


def test_the_issuer_may_change_its_keys(sign_in: SignIn, keys: Path, other_key: Key) -> None:
    keys.write_text(key_set(other_key, "two"))
    assert_signed_in(sign_in(signer=other_key, kid="two"))


def test_audiences_of_the_user_replace_snowflakes(sign_in: SignIn, account: Account) -> None:
    with account.system_session() as session:
        session.run(f"ALTER USER ROBOT SET {IDENTITY[:-1]} OIDC_AUDIENCE_LIST = ('mine', 'yours'))")
        shown = session.run("SHOW USER WORKLOAD IDENTITY AUTHENTICATION METHODS FOR USER ROBOT").table.to_pylist()[0]
    assert json.loads(shown["5"]) == {"issuer": ISSUER, "subject": SUBJECT, "audienceList": ["mine", "yours"]}
    assert_signed_in(sign_in(aud="yours"))
    with pytest.raises(DatabaseError):
        sign_in()


def test_without_its_identity_the_user_is_a_stranger(sign_in: SignIn, account: Account) -> None:
    with account.system_session() as session:
        session.run("ALTER USER ROBOT UNSET WORKLOAD_IDENTITY")
    with pytest.raises(DatabaseError):
        sign_in()


def test_keys_come_from_an_address_of_this_machine(keys: Path, key: Key) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(keys.read_bytes())

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.handle_request)
        thread.start()
        issuers = Issuers({ISSUER: f"http://127.0.0.1:{listening.server_port}/keys"})
        token = jwt.encode({}, key.private, algorithm="RS256", headers={"kid": "one"})
        assert issuers.key_of(ISSUER, token).key_id == "one"
        thread.join()


@pytest.mark.parametrize(
    "source", ["https://127.0.0.1/keys", "http://example.com/keys", "http://10.0.0.1/keys", "ftp://127.0.0.1/"]
)
def test_keys_come_from_nowhere_else(source: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        Issuers({ISSUER: source})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"CREATE USER P {IDENTITY}", "type SERVICE only"),
        (f"CREATE USER R2 TYPE = SERVICE {IDENTITY}", "Another user"),
        ("CREATE USER R2 TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = AWS ARN = 'x')", "ARN|WORKLOAD_IDENTITY of TYPE AWS"),
        ("CREATE USER R2 TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = GCP SUBJECT = 'x')", "WORKLOAD_IDENTITY of TYPE GCP"),
        ("CREATE USER R2 TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'https://x')", "SUBJECT"),
        ("CREATE USER R2 TYPE = SERVICE WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = 'http://x' SUBJECT = 'y')", "Invalid ISSUER"),
    ],
)
def test_is_refused(server: Server, account: Account, statement: str, said: str) -> None:
    with account.system_session() as session, pytest.raises(AccountError, match=said):
        session.run(statement)
