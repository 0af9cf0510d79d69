"""Who gets in, who does not, and how long a sign-in lasts: the real connector against the served account."""

from __future__ import annotations

import base64
import re
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import DictCursor
from snowflake.connector.errors import DatabaseError

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.wire.auth import by_key_pair, fingerprint
from mlops_local.account.wire.login import identifier
from mlops_local.account.wire.server import Server

from .conftest import Connect, Key, new_key, until


def test_a_registered_key_signs_in(connect: Connect) -> None:
    connection = connect()
    assert (connection.database, connection.schema, connection.warehouse) == ("D", "PUBLIC", "W")
    assert connection.role == "ACCOUNTADMIN"
    assert connection.cursor().execute("select 1").fetchall() == [(1,)]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_elliptic_keys_sign_in(account: Account, connect: Connect, curve: ec.EllipticCurve) -> None:
    private = ec.generate_private_key(curve)
    public = base64.b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    with account.system_session() as session:
        session.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY = '{public}'")
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert connect(private_key=der).cursor().execute("select 1").fetchall() == [(1,)]


def test_the_second_key_signs_in_during_rotation(account: Account, connect: Connect, other_key: Key) -> None:
    with account.system_session() as session:
        session.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY_2 = '{other_key.public}'")
    assert connect(private_key=other_key.der).role == "ACCOUNTADMIN"
    assert connect().role == "ACCOUNTADMIN"
    with account.system_session() as session:
        session.run("ALTER USER ADMIN UNSET RSA_PUBLIC_KEY")
    with pytest.raises(DatabaseError):
        connect()


@pytest.mark.parametrize("settings", [{}, {"user": "nobody"}], ids=["wrong key", "unknown user"])
def test_a_stranger_is_refused_and_not_told_why(connect: Connect, other_key: Key, settings: dict[str, Any]) -> None:
    started = time.monotonic()
    with pytest.raises(DatabaseError, match=r"JWT token is invalid. \[[0-9a-f-]{36}\]") as refusal:
        connect(private_key=other_key.der, **settings)
    assert (refusal.value.errno, refusal.value.sqlstate) == (390144, "28000")
    assert time.monotonic() - started < 5, "the client must not retry"


def test_another_accounts_name_is_refused(connect: Connect) -> None:
    with pytest.raises(DatabaseError) as refusal:
        connect(account="elsewhere")
    assert refusal.value.errno == 390144


def test_a_disabled_user_is_refused(account: Account, connect: Connect) -> None:
    with account.system_session() as session:
        session.run("ALTER USER ADMIN SET DISABLED = TRUE")
    with pytest.raises(DatabaseError, match="disabled") as refusal:
        connect()
    assert refusal.value.errno == 390101


def claims(account: Account, key: Key, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    subject = f"{account.name}.ADMIN"
    return {"sub": subject, "iss": f"{subject}.{fingerprint(key.public)}", "iat": now, "exp": now + 60, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 120, "iat": int(time.time()) - 180},
        {"iat": int(time.time()) + 3000, "exp": int(time.time()) + 3060},
        {"iat": int(time.time()) - 3700, "exp": int(time.time()) + 7200},
        {"iat": None},
        {"exp": None},
        {"sub": "EMBEDDED.OTHER"},
        {"sub": "OTHER.ADMIN"},
        {"iss": "EMBEDDED.ADMIN"},
    ],
    ids=["expired", "from the future", "older than an hour", "no iat", "no exp", "other user", "other account", "no fingerprint"],
)
def test_a_token_must_hold_in_every_claim(account: Account, key: Key, changes: dict[str, Any]) -> None:
    told = {name: value for name, value in claims(account, key, **changes).items() if value is not None}
    with pytest.raises(AccountError, match="JWT token is invalid") as refusal:
        by_key_pair(account, "ADMIN", jwt.encode(told, key.private, algorithm="RS256"))
    assert refusal.value.number == 390144


@pytest.mark.parametrize(
    "changes",
    [{}, {"exp": 7200}, {"iat": 20}, {"exp": -20}],
    ids=["plain", "with a late end", "by a fast clock", "by a slow clock"],
)
def test_a_token_that_holds_is_believed(account: Account, key: Key, changes: dict[str, int]) -> None:
    """However late its end, it opens for an hour: https://docs.snowflake.com/en/developer-guide/sql-api/authenticating"""
    token = jwt.encode(
        claims(account, key, **{name: int(time.time()) + seconds for name, seconds in changes.items()}), key.private, "RS256"
    )
    assert by_key_pair(account, "ADMIN", token).name == "ADMIN"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_only_the_algorithm_of_the_key_counts(account: Account, key: Key, algorithm: str) -> None:
    secret = {"none": None, "HS256": "public" * 10}.get(algorithm, key.private)
    with pytest.raises(AccountError) as refusal:
        by_key_pair(account, "ADMIN", jwt.encode(claims(account, key), secret, algorithm=algorithm))
    assert refusal.value.number == 390144


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_key_is_not_accepted(account: Account) -> None:
    short = new_key(1024)
    with account.system_session() as session:
        session.run(f"ALTER USER ADMIN SET RSA_PUBLIC_KEY_2 = '{short.public}'")
    with pytest.raises(AccountError):
        by_key_pair(account, "ADMIN", jwt.encode(claims(account, short), short.private, algorithm="RS256"))


def test_a_password_signs_in_who_has_one(account: Account, connect: Connect) -> None:
    with account.system_session() as session:
        session.run("CREATE USER PETER PASSWORD = 'a long enough one'")
    by_password: dict[str, Any] = {"authenticator": "snowflake", "private_key": None, "user": "peter"}
    assert connect(password="a long enough one", **by_password).user == "peter"
    for user, password in (("peter", "another"), ("nobody", "another"), ("admin", "another")):
        with pytest.raises(DatabaseError, match="Incorrect username or password") as refusal:
            connect(**{**by_password, "user": user, "password": password})
        assert (refusal.value.errno, refusal.value.sqlstate) == (390100, "28000")


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE USER ROBOT TYPE = SERVICE PASSWORD = 'a long enough one'"],
        ["CREATE USER ROBOT TYPE = SERVICE", "ALTER USER ROBOT SET PASSWORD = 'a long enough one'"],
        ["CREATE USER ROBOT PASSWORD = 'a long enough one'", "ALTER USER ROBOT SET TYPE = SERVICE"],
    ],
    ids=["at once", "later", "before"],
)
def test_a_service_user_has_no_password(account: Account, statements: list[str]) -> None:
    with account.system_session() as session:
        for statement in statements[:-1]:
            session.run(statement)
        with pytest.raises(AccountError, match="Cannot set PASSWORD on a user of type SERVICE"):
            session.run(statements[-1])


def test_several_properties_are_unset_at_once(account: Account, connect: Connect) -> None:
    with account.system_session() as session:
        session.run("CREATE USER PETER PASSWORD = 'a long enough one' COMMENT = 'x'")
        session.run("ALTER USER PETER UNSET PASSWORD, COMMENT")
    with pytest.raises(DatabaseError, match="Incorrect username or password"):
        connect(user="peter", password="a long enough one", authenticator="snowflake", private_key=None)


def test_another_way_to_sign_in_is_refused_by_name(connect: Connect) -> None:
    with pytest.raises(DatabaseError, match="OAUTH"):
        connect(authenticator="oauth", token="x", private_key=None)


def test_what_does_not_exist_stays_unset_but_a_role_is_refused(account: Account, connect: Connect) -> None:
    session = account.sessions[connect(warehouse="NOPE", database="NOPE", schema="NOPE").session_id]
    assert (session.warehouse, session.database, session.schema) == (None, None, None)
    with pytest.raises(DatabaseError, match="Role 'NOPE' specified in the connect string does not exist") as refusal:
        connect(role="NOPE")
    assert refusal.value.errno == 390189


@pytest.mark.parametrize(("text", "expected"), [("w", "W"), ('"w"', "w"), ('"a""b"', 'a"b'), ("", None), (None, None)])
def test_names_among_the_settings_fold_unless_quoted(text: str | None, expected: str | None) -> None:
    assert identifier(text) == expected


def test_an_old_token_is_renewed_and_the_statement_runs_once(connect: Connect, clock: TestClock) -> None:
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("create table T (A int)")
    before = connection.rest.token
    clock.advance(timedelta(hours=1, seconds=1))
    cursor.execute("insert into T values (1)")
    assert connection.rest.token != before
    assert cursor.execute("select count(*) from T").fetchall() == [(1,)]


def test_without_a_sign_of_life_the_session_ends_with_its_master_token(
    account: Account, connect: Connect, clock: TestClock
) -> None:
    connection = connect()
    clock.advance(timedelta(hours=5))
    with pytest.raises(DatabaseError, match="Authentication token has expired") as refusal:
        connection.cursor().execute("select 1")
    assert refusal.value.errno == 390114
    connect()
    until(lambda: connection.session_id not in account.sessions)


def test_signing_out_ends_the_session(account: Account, connect: Connect) -> None:
    connection = connect()
    assert connection.session_id in account.sessions
    connection.close()
    assert connection.session_id not in account.sessions


def test_a_child_may_sign_out_without_its_parent(server: Server, account: Account, connect: Connect) -> None:
    connection = connect()
    session = account.sessions[connection.session_id]
    token, master = server.wire.tokens.issue(session)
    child = connect(session_token=token, master_token=master)
    assert child.cursor().execute("select 1").fetchall() == [(1,)]
    child.close()
    assert connection.cursor().execute("select 1").fetchall() == [(1,)]


def test_a_childs_tokens_end_with_the_session(server: Server, account: Account, connect: Connect) -> None:
    connection = connect()
    token, _ = server.wire.tokens.issue(account.sessions[connection.session_id])
    connection.close()
    with pytest.raises(AccountError) as refusal:
        server.wire.tokens.grant_of(token)
    assert refusal.value.number == 390111


def test_secrets_are_not_shown(server: Server, account: Account) -> None:
    with account.system_session() as session:
        token, master = server.wire.tokens.issue(session)
        shown = repr(server.wire.tokens.grant_of(token))
    assert not re.search(re.escape(token) + "|" + re.escape(master), shown)


@pytest.mark.parametrize(
    ("host", "said"), [("0.0.0.0", "name one address"), ("192.168.0.1", "loopback"), ("::", "name one address")]
)
def test_the_server_stays_on_this_machine(account: Account, host: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Server(account, host=host)


def test_the_server_leaves_this_machine_when_it_is_told_to(account: Account) -> None:
    """It gets as far as the network, which does not have this address: https://www.rfc-editor.org/rfc/rfc5737"""
    with pytest.raises(OSError, match="assign"):
        Server(account, host="192.0.2.1", beyond_this_machine=True)


def test_the_login_history_tells_who_came_and_who_was_refused(account: Account, connect: Connect) -> None:
    with account.system_session() as session:
        session.run("CREATE USER GUEST PASSWORD = 'a-long-secret'")
    guest = connect(authenticator="SNOWFLAKE", user="guest", password="a-long-secret", private_key=None)
    with pytest.raises(DatabaseError):
        connect(authenticator="SNOWFLAKE", user="guest", password="wrong", private_key=None)
    with pytest.raises(DatabaseError):
        connect(role="NOBODYS")
    columns = "USER_NAME, CLIENT_IP, REPORTED_CLIENT_TYPE, FIRST_AUTHENTICATION_FACTOR, IS_SUCCESS, ERROR_CODE"
    ask = connect().cursor().execute
    everything = [
        ("GUEST", "127.0.0.1", "PythonConnector", "PASSWORD", "YES", None),
        ("GUEST", "127.0.0.1", "PythonConnector", "PASSWORD", "NO", 390100),
        ("ADMIN", "127.0.0.1", "PythonConnector", "RSA_KEYPAIR", "NO", 390189),
        ("ADMIN", "127.0.0.1", "PythonConnector", "RSA_KEYPAIR", "YES", None),
    ]
    history = f"SELECT {columns} FROM TABLE(INFORMATION_SCHEMA.LOGIN_HISTORY"
    assert ask(f"{history}()) ORDER BY EVENT_ID").fetchall() == everything
    assert ask(f"SELECT {columns} FROM SNOWFLAKE.ACCOUNT_USAGE.LOGIN_HISTORY ORDER BY EVENT_ID").fetchall() == everything
    assert ask(f"{history}_BY_USER(USER_NAME => 'GUEST')) ORDER BY EVENT_ID").fetchall() == everything[:2]
    own = guest.cursor().execute("SELECT DISTINCT USER_NAME FROM TABLE(D.INFORMATION_SCHEMA.LOGIN_HISTORY())")
    assert own.fetchall() == [("GUEST",)]


def test_locks_tell_who_writes_and_who_waits(connect: Connect) -> None:
    holder, other = connect(), connect()
    holder.cursor().execute("CREATE TABLE T (A INT)")
    holder.cursor().execute("BEGIN")
    holder.cursor().execute("INSERT INTO T VALUES (1)")
    waits = other.cursor().execute_async("INSERT INTO T VALUES (2)")["queryId"]
    show = connect().cursor(DictCursor)

    def locks() -> dict[str, tuple[str, bool, str | None]]:
        found = show.execute("SHOW LOCKS IN ACCOUNT").fetchall()
        return {row["status"]: (row["session"], row["acquired_on"] is not None, row["query_id"]) for row in found}

    until(lambda: "WAITING" in locks())
    assert locks() == {"HOLDING": (holder.session_id, True, None), "WAITING": (other.session_id, False, waits)}
    holder.cursor().execute("COMMIT")
    other.cursor().get_results_from_sfqid(waits)
    until(lambda: locks() == {})


def test_there_is_one_region(connect: Connect) -> None:
    ask = connect().cursor().execute
    assert [row[0] for row in ask("SHOW REGIONS").fetchall()] == [ask("SELECT CURRENT_REGION()").fetchone()[0]]
    assert ask("SHOW REGIONS LIKE 'aws%'").fetchall() == []
