"""UNDROP, and names that change: of tables, schemas and databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def session(clock: TestClock) -> Iterator[Session]:
    with Account.open(None, clock=clock) as account:
        opened = account.open_session("ADMIN", role="ACCOUNTADMIN")
        opened.run("CREATE DATABASE D")
        opened.run("CREATE SCHEMA S")
        opened.run("CREATE TABLE T AS SELECT 1 AS A")
        yield opened
        opened.close()


def rows(session: Session, text: str) -> list[list[Any]]:
    table = session.run(text).table
    return [list(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize(("kind", "name"), [("TABLE", "D.S.T"), ("SCHEMA", "D.S"), ("DATABASE", "D")])
def test_what_was_dropped_comes_back_as_it_was(session: Session, kind: str, name: str) -> None:
    session.run("CREATE TAG D.PUBLIC.G")
    session.run(f"ALTER {kind} {name} SET TAG D.PUBLIC.G = 'v'")
    session.run("CREATE ROLE R")
    session.run(f"GRANT {'SELECT' if kind == 'TABLE' else 'USAGE'} ON {kind} {name} TO ROLE R")
    session.run("CREATE STREAM ST ON TABLE T")
    session.run("INSERT INTO T VALUES (2)")
    granted = rows(session, f"SHOW GRANTS ON {kind} {name}")
    session.run(f"DROP {kind} {name}")
    with pytest.raises(AccountError, match="does not exist"):
        session.run("SELECT * FROM D.S.T")
    session.run(f"UNDROP {kind} {name}")
    assert rows(session, "SELECT A FROM D.S.T ORDER BY A") == [[1], [2]]
    assert rows(session, "SELECT A FROM D.S.ST") == [[2]]
    assert rows(session, f"SELECT SYSTEM$GET_TAG('D.PUBLIC.G', '{name}', '{kind}')") == [["v"]]
    assert rows(session, f"SHOW GRANTS ON {kind} {name}") == granted


@pytest.mark.parametrize("kind", ["DYNAMIC TABLE", "TAG"])
def test_other_kinds_come_back_too(session: Session, kind: str) -> None:
    session.run("CREATE WAREHOUSE W")
    session.run(
        "CREATE DYNAMIC TABLE X TARGET_LAG = '1 hour' WAREHOUSE = W AS SELECT A FROM T" if kind != "TAG" else "CREATE TAG X"
    )
    session.run(f"DROP {kind} X")
    assert rows(session, f"SHOW {kind}S LIKE 'X'") == []
    session.run(f"UNDROP {kind} X")
    assert len(rows(session, f"SHOW {kind}S LIKE 'X'")) == 1


def test_a_replaced_table_comes_back_once_its_name_is_free(session: Session) -> None:
    session.run("CREATE OR REPLACE TABLE T AS SELECT A + 1 AS A FROM T")
    with pytest.raises(AccountError, match="already exists"):
        session.run("UNDROP TABLE T")
    session.run("ALTER TABLE T RENAME TO T2")
    session.run("UNDROP TABLE T")
    assert rows(session, "SELECT T.A, T2.A AS B FROM T, T2") == [[1, 2]]


def test_the_one_dropped_last_comes_back_first(session: Session, clock: TestClock) -> None:
    for value in (2, 3):
        session.run("DROP TABLE T")
        clock.advance(timedelta(minutes=1))
        session.run(f"CREATE TABLE T AS SELECT {value} AS A")
    session.run("DROP TABLE T")
    for value in (3, 2, 1):
        session.run("UNDROP TABLE T")
        assert rows(session, "SELECT A FROM T") == [[value]]
        session.run(f"ALTER TABLE T RENAME TO T{value}")
    with pytest.raises(AccountError, match="did not exist or was purged"):
        session.run("UNDROP TABLE T")


@pytest.mark.parametrize(
    ("given", "created", "kept"),
    [
        ("", "TABLE X (A INT)", 1),
        ("", "TABLE X (A INT) DATA_RETENTION_TIME_IN_DAYS = 3", 3),
        ("ALTER SCHEMA S SET DATA_RETENTION_TIME_IN_DAYS = 2", "TABLE X (A INT)", 2),
        ("ALTER DATABASE D SET DATA_RETENTION_TIME_IN_DAYS = 2", "TRANSIENT TABLE X (A INT)", 1),
        ("", "TABLE X (A INT) DATA_RETENTION_TIME_IN_DAYS = 0", 0),
        ("", "TEMPORARY TABLE X (A INT)", 0),
    ],
)
def test_it_can_come_back_until_the_retention_is_over(
    session: Session, clock: TestClock, given: str, created: str, kept: int
) -> None:
    if given:
        session.run(given)
    session.run(f"CREATE {created}")
    if kept:
        session.run("DROP TABLE X")
        clock.advance(kept * DAY - timedelta(seconds=1))
        session.run("UNDROP TABLE X")
    session.run("DROP TABLE X")
    clock.advance(kept * DAY)
    with pytest.raises(AccountError, match="was purged"):
        session.run("UNDROP TABLE X")
    session.run("CREATE TABLE Y (A INT)")
    session.run("DROP TABLE Y")
    assert [row[0] for row in session.connection.fetch("SELECT name FROM account.dropped")] == ["Y"]


def test_a_dropped_schema_keeps_its_files_and_survives_the_process(tmp_path: Path, clock: TestClock) -> None:
    with Account.open(tmp_path / "a", clock=clock) as account:
        session = account.open_session("ADMIN", role="ACCOUNTADMIN")
        for text in (
            "CREATE DATABASE D",
            "CREATE TABLE T AS SELECT 1 AS A",
            "CREATE STAGE ST",
            "COPY INTO @ST/f FROM T",
            "DROP SCHEMA PUBLIC",
        ):
            session.run(text)
    with Account.open(tmp_path / "a", clock=clock) as account:
        session = account.open_session("ADMIN", role="ACCOUNTADMIN", database="D")
        session.run("UNDROP SCHEMA PUBLIC")
        assert rows(session, "SELECT A FROM D.PUBLIC.T") == [[1]]
        assert len(rows(session, "LIST @D.PUBLIC.ST")) == 1
        session.run("DROP SCHEMA PUBLIC")
    clock.advance(2 * DAY)
    with Account.open(tmp_path / "a", clock=clock) as account:
        assert not list((tmp_path / "a" / "stages").glob("*"))
        with account.system_session() as session:
            assert session.connection.fetch("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main'") == [(0,)]


def test_history_shows_what_was_dropped(session: Session, clock: TestClock) -> None:
    session.run("DROP TABLE T")
    session.run("CREATE TABLE T (A INT)")
    shown = session.run("SHOW TABLES HISTORY LIKE 'T'")
    assert shown.columns[-1].name == "dropped_on"
    assert shown.table.column(shown.table.num_columns - 1).to_pylist() == [None, clock.now()]
    session.run("DROP SCHEMA S")
    assert len(rows(session, "SHOW SCHEMAS HISTORY LIKE 'S' IN DATABASE D")) == 1


def test_containers_are_renamed_with_what_they_hold_and_what_was_dropped_from_them(session: Session) -> None:
    session.run("CREATE VIEW V AS SELECT A FROM T")
    session.run("CREATE TABLE GONE AS SELECT 9 AS A")
    session.run("DROP TABLE GONE")
    session.run("ALTER SCHEMA S RENAME TO S2")
    assert rows(session, "SELECT A, CURRENT_SCHEMA() FROM V") == [[1, "S2"]]
    session.run("ALTER DATABASE D RENAME TO D2")
    assert rows(session, "SELECT A, CURRENT_DATABASE() FROM D2.S2.V") == [[1, "D2"]]
    session.run("UNDROP TABLE GONE")
    assert rows(session, "SELECT A FROM D2.S2.GONE") == [[9]]
    session.run("CREATE DATABASE OTHER")
    session.run("ALTER SCHEMA D2.S2 RENAME TO OTHER.S3")
    assert rows(session, "SELECT A FROM OTHER.S3.V") == [[1]]
    with pytest.raises(AccountError, match="already exists"):
        session.run("ALTER SCHEMA OTHER.S3 RENAME TO OTHER.PUBLIC")


def test_containers_change_places(session: Session) -> None:
    session.run("CREATE SCHEMA S2")
    session.run("CREATE TABLE T AS SELECT 2 AS A")
    session.run("ALTER SCHEMA S SWAP WITH S2")
    assert rows(session, "SELECT (SELECT A FROM D.S.T), (SELECT A FROM D.S2.T), CURRENT_SCHEMA()") == [[2, 1, "S2"]]
    session.run("CREATE DATABASE E")
    session.run("ALTER DATABASE E SWAP WITH D")
    assert rows(session, "SELECT A FROM E.S.T") == [[2]]


def test_containers_say_what_they_contain_and_how_long_they_keep_it(session: Session) -> None:
    session.run("ALTER DATABASE D SET DATA_RETENTION_TIME_IN_DAYS = 5 COMMENT = 'c'")
    session.run("ALTER SCHEMA S ENABLE MANAGED ACCESS")
    assert [row[1:] for row in rows(session, "DESCRIBE SCHEMA S")] == [["T", "TABLE"]]
    assert [row[1] for row in rows(session, "DESC DATABASE D")] == ["PUBLIC", "S"]
    [shown] = rows(session, "SHOW SCHEMAS LIKE 'S'")
    assert shown[7:9] == ["MANAGED ACCESS", "5"]
    session.run("ALTER DATABASE D UNSET DATA_RETENTION_TIME_IN_DAYS, COMMENT")
    [shown] = rows(session, "SHOW DATABASES LIKE 'D'")
    assert (shown[6], shown[8]) == ("", "1")
    with pytest.raises(AccountError, match="invalid value"):
        session.run("ALTER DATABASE D SET DATA_RETENTION_TIME_IN_DAYS = 91")
