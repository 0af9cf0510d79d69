"""Programmatic access tokens, from ALTER USER to the real connector's sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError

from .conftest import Connect

Run = Callable[[str], list[dict[str, Any]]]
ADD = "ALTER USER ROBOT ADD PROGRAMMATIC ACCESS TOKEN T ROLE_RESTRICTION = 'LOADER'"


@pytest.fixture
def run(account: Account) -> Iterator[Run]:
    """Statements as the account itself; rows by column."""
    with account.system_session() as session:

        def statement(text: str) -> list[dict[str, Any]]:
            result = session.run(text)
            names = [column.name for column in result.columns]
            return [dict(zip(names, row.values(), strict=True)) for row in result.table.to_pylist()]

        for text in (
            "CREATE ROLE LOADER",
            "CREATE USER ROBOT TYPE = SERVICE",
            "GRANT ROLE LOADER TO USER ROBOT",
            "GRANT USAGE ON WAREHOUSE W TO ROLE LOADER",
        ):
            statement(text)
        yield statement


@pytest.fixture
def sign_in(connect: Connect) -> Callable[..., SnowflakeConnection]:
    def with_secret(secret: str, **settings: Any) -> SnowflakeConnection:
        token = {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": secret, "private_key": None, "user": "robot"}
        return connect(**{**token, **settings})

    return with_secret


Sign = Callable[..., SnowflakeConnection]


@pytest.mark.parametrize("way", ["token", "password"])
def test_a_token_signs_in_with_its_role_only(run: Run, sign_in: Sign, way: str) -> None:
    secret = run(ADD)[0]["token_secret"]
    by_password = {"authenticator": "snowflake", "token": None, "password": secret}
    connection = sign_in(secret, **(by_password if way == "password" else {}))
    assert connection.role == "LOADER"
    with pytest.raises(ProgrammingError, match="PUBLIC"):
        connection.cursor().execute("use role public")
    with pytest.raises(DatabaseError) as refusal:
        sign_in(secret, role="PUBLIC")
    assert refusal.value.errno == 390189


def test_a_person_may_take_any_of_their_roles(run: Run, sign_in: Sign) -> None:
    secret = run("ALTER USER ADMIN ADD PAT MINE DAYS_TO_EXPIRY = 1 COMMENT = 'laptop'")[0]["token_secret"]
    connection = sign_in(secret, user="admin", role="SYSADMIN")
    connection.cursor().execute("use role accountadmin")
    assert connection.role == "ACCOUNTADMIN"


def assert_refused(sign_in: Sign, secret: str, **settings: Any) -> None:
    with pytest.raises(DatabaseError, match="Programmatic access token is invalid") as refusal:
        sign_in(secret, **settings)
    assert refusal.value.errno == 394400


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER USER ROBOT MODIFY PROGRAMMATIC ACCESS TOKEN T SET DISABLED = TRUE",
        "ALTER USER ROBOT REMOVE PROGRAMMATIC ACCESS TOKEN T",
        "ALTER USER ROBOT ROTATE PAT T EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 0",
        "REVOKE ROLE LOADER FROM USER ROBOT",
        "DROP USER ROBOT",
    ],
)
def test_a_token_ends_with(run: Run, sign_in: Sign, statement: str) -> None:
    secret = run(ADD)[0]["token_secret"]
    run(statement)
    assert_refused(sign_in, secret)


def test_another_users_name_does_not_go_with_it(run: Run, sign_in: Sign) -> None:
    assert_refused(sign_in, run(ADD)[0]["token_secret"], user="admin")


def test_a_token_expires_by_itself(run: Run, sign_in: Sign, clock: TestClock) -> None:
    secret = run(ADD + " DAYS_TO_EXPIRY = 2")[0]["token_secret"]
    clock.advance(timedelta(days=2, seconds=1))
    assert_refused(sign_in, secret)
    shown = run("SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER ROBOT")
    assert [(row["name"], row["status"], row["role_restriction"]) for row in shown] == [("T", "EXPIRED", "LOADER")]
    clock.advance(timedelta(days=7))
    assert run("SHOW USER PATS FOR USER ROBOT") == []


def test_a_rotated_token_goes_on_for_a_day_under_another_name(run: Run, sign_in: Sign, clock: TestClock) -> None:
    old = run(ADD)[0]["token_secret"]
    new = run("ALTER USER ROBOT ROTATE PROGRAMMATIC ACCESS TOKEN T")[0]
    assert new["token_name"] == "T"
    assert [sign_in(secret).role for secret in (old, new["token_secret"])] == ["LOADER", "LOADER"]
    rotated = {row["name"]: row["rotated_to"] for row in run("SHOW USER PATS FOR USER ROBOT")}
    assert rotated == {"T": None, new["rotated_token_name"]: "T"}
    clock.advance(timedelta(hours=25))
    assert_refused(sign_in, old)
    assert sign_in(new["token_secret"]).role == "LOADER"


def test_a_session_by_token_changes_no_tokens_of_its_user(run: Run, sign_in: Sign) -> None:
    secret = run("ALTER USER ADMIN ADD PAT MINE")[0]["token_secret"]
    with pytest.raises(ProgrammingError, match="cannot change the user's tokens"):
        sign_in(secret, user="admin").cursor().execute("alter user add pat another")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER USER ROBOT ADD PAT X", "ROLE_RESTRICTION is required"),
        ("ALTER USER ROBOT ADD PAT X ROLE_RESTRICTION = 'SYSADMIN'", "Role 'SYSADMIN' does not exist"),
        ("ALTER USER ADMIN ADD PAT X DAYS_TO_EXPIRY = 366", "invalid value"),
        ("ALTER USER ADMIN REMOVE PAT X", "does not exist"),
        ("ALTER USER ADMIN ADD PAT X SOMETHING = 1", "unexpected 'SOMETHING'"),
    ],
)
def test_is_refused(run: Run, statement: str, said: str) -> None:
    with pytest.raises(AccountError, match=said):
        run(statement)


def test_the_secret_is_told_once_and_kept_nowhere(run: Run, account: Account) -> None:
    secret = run(ADD)[0]["token_secret"]
    decoded = run(f"SELECT SYSTEM$DECODE_PAT('{secret}') AS D")[0]["D"]
    assert decoded == '{"STATE": "ACTIVE", "PAT_NAME": "T", "USER_NAME": "ROBOT"}'
    session = account.open_session("ADMIN", role="ACCOUNTADMIN")
    session.run(f"SELECT SYSTEM$DECODE_PAT('{secret}')")
    account.history.flush()
    kept = session.connection.fetch(
        "SELECT query_text FROM account.query_history UNION ALL SELECT properties FROM account.objects"
    )
    session.close()
    assert not [text for (text,) in kept if secret in str(text)]
