"""What a role may do: with exactly the privilege it works, without it Snowflake's number refuses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import snowflake.connector

Ask = Callable[..., list[tuple[object, ...]]]


@dataclass(frozen=True)
class Case:
    """``held`` is what makes the object exist at all, so that the privilege alone decides."""

    text: str
    privilege: str
    on: str
    number: int
    held: str = ""


INSUFFICIENT = 3001
ABSENT = 2003
CASES = [
    Case("SELECT * FROM T", "SELECT", "TABLE T", ABSENT),
    Case("SELECT * FROM T", "SELECT", "TABLE T", INSUFFICIENT, held="INSERT ON TABLE T"),
    Case("SELECT * FROM V", "SELECT", "VIEW V", ABSENT),
    Case("SELECT * FROM DT", "SELECT", "DYNAMIC TABLE DT", ABSENT),
    Case("INSERT INTO T VALUES (1)", "INSERT", "TABLE T", ABSENT),
    Case("INSERT INTO T VALUES (1)", "INSERT", "TABLE T", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("UPDATE T SET A = 2 WHERE A = 1", "UPDATE", "TABLE T", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("DELETE FROM T", "DELETE", "TABLE T", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("INSERT OVERWRITE INTO T VALUES (1)", "DELETE", "TABLE T", INSUFFICIENT, held="INSERT ON TABLE T"),
    Case("TRUNCATE TABLE T", "TRUNCATE", "TABLE T", INSUFFICIENT, held="DELETE ON TABLE T"),
    Case(
        "MERGE INTO T USING (SELECT 1 AS B) ON A = B WHEN NOT MATCHED THEN INSERT (A) VALUES (B)",
        "INSERT",
        "TABLE T",
        INSUFFICIENT,
        held="SELECT ON TABLE T",
    ),
    Case("CREATE TABLE N (A INT)", "CREATE TABLE", "SCHEMA S", INSUFFICIENT),
    Case("CREATE VIEW N AS SELECT 1 AS A", "CREATE VIEW", "SCHEMA S", INSUFFICIENT),
    Case("CREATE STAGE N", "CREATE STAGE", "SCHEMA S", INSUFFICIENT),
    Case("CREATE FILE FORMAT N TYPE = CSV", "CREATE FILE FORMAT", "SCHEMA S", INSUFFICIENT),
    Case("CREATE TEMPORARY FILE FORMAT SHORT_FF TYPE = CSV", "CREATE FILE FORMAT", "SCHEMA S", INSUFFICIENT),
    Case("CREATE TEMPORARY STAGE SHORT_ST", "CREATE STAGE", "SCHEMA S", INSUFFICIENT),
    Case("CREATE TEMPORARY VIEW SHORT_V AS SELECT 1 AS A", "CREATE VIEW", "SCHEMA S", INSUFFICIENT),
    Case("CREATE TAG N", "CREATE TAG", "SCHEMA S", INSUFFICIENT),
    Case("CREATE FUNCTION N() RETURNS INT AS '1'", "CREATE FUNCTION", "SCHEMA S", INSUFFICIENT),
    Case("CREATE PROCEDURE N() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN 1; END'", "CREATE PROCEDURE", "SCHEMA S", INSUFFICIENT),
    Case("CREATE STREAM N ON TABLE T", "CREATE STREAM", "SCHEMA S", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("CREATE STREAM N ON TABLE T", "SELECT", "TABLE T", INSUFFICIENT, held="INSERT ON TABLE T, CREATE STREAM ON SCHEMA S"),
    Case("CREATE DATASET N", "CREATE DATASET", "SCHEMA S", INSUFFICIENT),
    Case("CREATE TASK N SCHEDULE = '5 MINUTE' AS SELECT 1", "CREATE TASK", "SCHEMA S", INSUFFICIENT),
    Case("CREATE SCHEMA N", "CREATE SCHEMA", "DATABASE", INSUFFICIENT),
    Case("CREATE DATABASE PEERS_OWN", "CREATE DATABASE", "ACCOUNT", INSUFFICIENT),
    Case("CREATE ROLE PEERS_OWN", "CREATE ROLE", "ACCOUNT", INSUFFICIENT),
    Case("CREATE USER PEERS_OWN", "CREATE USER", "ACCOUNT", INSUFFICIENT),
    Case("CREATE TABLE IF NOT EXISTS T (A INT)", "CREATE TABLE", "SCHEMA S", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("LIST @ST", "READ", "STAGE ST", ABSENT),
    Case("REMOVE @ST", "WRITE", "STAGE ST", INSUFFICIENT, held="READ ON STAGE ST"),
    Case("COPY INTO @ST FROM (SELECT 1) OVERWRITE = TRUE", "WRITE", "STAGE ST", INSUFFICIENT, held="READ ON STAGE ST"),
    Case("COPY INTO T FROM @ST FILE_FORMAT = (FORMAT_NAME = FF)", "USAGE", "FILE FORMAT FF", ABSENT, held="INSERT ON TABLE T, READ ON STAGE ST"),
    Case("COPY INTO T FROM @ST", "INSERT", "TABLE T", INSUFFICIENT, held="SELECT ON TABLE T, READ ON STAGE ST"),
    Case("SELECT F(1)", "USAGE", "FUNCTION F(INT)", 2140),
    Case("CALL P()", "USAGE", "PROCEDURE P()", 2140),
    Case("SELECT * FROM SM", "SELECT", "STREAM SM", ABSENT, held="SELECT ON TABLE T"),
    Case("SELECT * FROM SM", "SELECT", "TABLE T", INSUFFICIENT, held="SELECT ON STREAM SM"),
    Case("ALTER DYNAMIC TABLE DT REFRESH", "OPERATE", "DYNAMIC TABLE DT", INSUFFICIENT, held="SELECT ON DYNAMIC TABLE DT"),
    Case("ALTER TASK TK SUSPEND", "OPERATE", "TASK TK", INSUFFICIENT, held="MONITOR ON TASK TK"),
    Case("EXECUTE TASK TK", "OPERATE", "TASK TK", INSUFFICIENT, held="MONITOR ON TASK TK"),
    Case("ALTER TABLE T SET TAG TG = 'x'", "APPLY TAG", "ACCOUNT", INSUFFICIENT, held="SELECT ON TABLE T, READ ON TAG TG"),
    Case("GRANT SELECT ON TABLE T TO ROLE PUBLIC", "MANAGE GRANTS", "ACCOUNT", INSUFFICIENT, held="SELECT ON TABLE T"),
    Case("GRANT SELECT ON FUTURE VIEWS IN SCHEMA S TO ROLE PUBLIC", "MANAGE GRANTS", "ACCOUNT", INSUFFICIENT),
    # Last, because a session cannot go back to no warehouse at all.
    Case("CREATE WAREHOUSE PEERS_OWN", "CREATE WAREHOUSE", "ACCOUNT", INSUFFICIENT),
    Case("USE WAREHOUSE SHARED_WH", "USAGE", "WAREHOUSE SHARED_WH", ABSENT),
    Case("ALTER WAREHOUSE SHARED_WH SUSPEND", "OPERATE", "WAREHOUSE SHARED_WH", INSUFFICIENT, held="USAGE ON WAREHOUSE SHARED_WH"),
    Case("ALTER WAREHOUSE SHARED_WH SET COMMENT = 'x'", "MODIFY", "WAREHOUSE SHARED_WH", INSUFFICIENT, held="USAGE ON WAREHOUSE SHARED_WH"),
]  # fmt: skip
MADE = ("TABLE", "VIEW", "STAGE", "FILE FORMAT", "TAG", "STREAM", "DATASET", "TASK")


def grants(case: Case) -> list[str]:
    return [part.strip() for part in case.held.split(", ") if part]


@pytest.fixture
def clean(ask: Ask, peer: Ask, place: str) -> Iterator[None]:
    """Everything that a case granted or made is gone afterwards."""
    yield
    for _, privilege, kind, name, *_ in ask("SHOW GRANTS TO ROLE PEER"):
        if privilege == "OWNERSHIP":
            ask(f"DROP {str(kind).replace('_', ' ')} IF EXISTS {name}".replace('"N()"', "N()"))
        elif (privilege, kind) not in {("USAGE", "DATABASE"), ("USAGE", "SCHEMA")}:
            ask(f"REVOKE {privilege} ON {on(str(kind), str(name))} FROM ROLE PEER")
    peer(f"USE SCHEMA {place}")
    ask("REVOKE ALL ON FUTURE VIEWS IN SCHEMA S FROM ROLE PUBLIC")
    ask("REVOKE ALL ON TABLE T FROM ROLE PUBLIC")


def on(kind: str, name: str) -> str:
    if kind == "ACCOUNT":
        return "ACCOUNT"
    return f"{kind.replace('_', ' ')} {name}".replace('"F(NUMBER)"', "F(INT)").replace('"P()"', "P()")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.text[:40]} without {case.privilege}")
def test_the_privilege_decides(ask: Ask, peer: Ask, place: str, case: Case) -> None:
    for held in grants(case):
        ask(f"GRANT {held} TO ROLE PEER")
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as refusal:
        peer(case.text)
    assert refusal.value.errno == case.number
    ask(f"GRANT {case.privilege} ON {case.on.replace('DATABASE', 'DATABASE ' + place.split('.', maxsplit=1)[0])} TO ROLE PEER")
    if case.text.startswith("CREATE TASK"):
        ask("GRANT EXECUTE MANAGED TASK ON ACCOUNT TO ROLE PEER")
    peer(case.text)


FREE = [
    "CREATE TEMPORARY TABLE SHORT_T (A INT)",
    "CREATE TEMPORARY FUNCTION SHORT_F() RETURNS INT AS '1'",
    "CREATE TEMPORARY PROCEDURE SHORT_P() RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN 1; END'",
]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("text", FREE)
def test_some_that_are_gone_with_the_session_take_no_privilege(peer: Ask, text: str) -> None:
    assert peer(text)


OWNED = [
    "ALTER TABLE T ADD COLUMN B INT",
    "ALTER TABLE T RENAME TO T2",
    "ALTER TABLE T SET COMMENT = 'x'",
    "COMMENT ON TABLE T IS 'x'",
    "DROP TABLE T",
    "CREATE OR REPLACE TABLE T (A INT)",
    "GRANT OWNERSHIP ON TABLE T TO ROLE PEER",
    "GRANT SELECT ON TABLE T TO ROLE PUBLIC",
    "DROP SCHEMA S",
    "DROP WAREHOUSE SHARED_WH",
    "DROP ROLE PEER",
    "GRANT ROLE ACCOUNTADMIN TO ROLE PEER",
    "ALTER USER PEER_USER SET COMMENT = 'x'",
]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("text", OWNED)
def test_only_the_owner_changes_and_drops(ask: Ask, peer: Ask, text: str) -> None:
    ask("GRANT ALL ON TABLE T TO ROLE PEER")
    ask("GRANT CREATE TABLE ON SCHEMA S TO ROLE PEER")
    ask("GRANT USAGE ON WAREHOUSE SHARED_WH TO ROLE PEER")
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as refusal:
        peer(text)
    assert (refusal.value.errno, refusal.value.sqlstate) == (INSUFFICIENT, "42501")
