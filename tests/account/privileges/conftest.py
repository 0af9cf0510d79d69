"""A schema of ACCOUNTADMIN's with an object of every kind, and a client whose role may only reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import snowflake.connector

from mlops_local.account.wire.server import Server

Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def place(ask: Ask) -> str:
    """A schema of ACCOUNTADMIN's with an object of every kind, and a user whose role PEER may only reach it."""
    database = ask("SELECT CURRENT_DATABASE()")[0][0]
    ask("CREATE OR REPLACE ROLE PEER")
    ask("CREATE OR REPLACE USER PEER_USER PASSWORD = 'secret' DEFAULT_ROLE = PEER DEFAULT_SECONDARY_ROLES = ()")
    ask("GRANT ROLE PEER TO USER PEER_USER")
    ask("GRANT ROLE PEER TO ROLE ACCOUNTADMIN")
    ask(f"GRANT USAGE ON DATABASE {database} TO ROLE PEER")
    ask(f"GRANT USAGE ON SCHEMA {database}.S TO ROLE PEER")
    for text in (
        "CREATE TABLE T (A INT)",
        "CREATE VIEW V AS SELECT A FROM T",
        "CREATE STAGE ST",
        "CREATE FILE FORMAT FF TYPE = CSV",
        "CREATE TAG TG",
        "CREATE STREAM SM ON TABLE T",
        "CREATE FUNCTION F(X INT) RETURNS INT AS '(SELECT COUNT(*) + X FROM T)'",
        "CREATE PROCEDURE P() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN (SELECT COUNT(*) FROM T); END'",
        "CREATE TASK TK WAREHOUSE = SHARED_WH SCHEDULE = '5 MINUTE' AS SELECT 1",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 day' WAREHOUSE = SHARED_WH AS SELECT A FROM T",
    ):
        ask(text)
    return f"{database}.S"


@pytest.fixture(scope="module")
def peer(shared_server: Server, place: str) -> Iterator[Ask]:
    """Statements of PEER."""
    database, schema = place.split(".")
    connection = snowflake.connector.connect(
        account=shared_server.account.name,
        user="PEER_USER",
        password="secret",
        host="127.0.0.1",
        port=shared_server.port,
        protocol="http",
        database=database,
        schema=schema,
    )
    yield lambda text: list(connection.cursor().execute(text).fetchall())
    connection.close()
