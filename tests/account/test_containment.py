"""What statements must never reach: files outside the account's folders, the engine's own functions, the catalogue's tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session import Session

SECRET = "known to nobody"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with Account.open(tmp_path_factory.mktemp("contained") / "account") as opened:
        yield opened


@pytest.fixture(scope="module")
def session(account: Account) -> Iterator[Session]:
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    for text in ("CREATE DATABASE D", "CREATE TABLE T (A INT, B VARCHAR)", "INSERT INTO T VALUES (1, 'x'), (2, 'y')",
                 "CREATE TABLE U (A INT)", "INSERT INTO U VALUES (1)", "CREATE STAGE ST"):
        made.run(text)
    yield made
    made.close()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("outside") / "secret.txt"
    file.write_text(SECRET)
    return file


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{}')",
        "SELECT * FROM read_csv('{}', header = false)",
        "SELECT * FROM glob('{}')",
        "COPY (SELECT 1) TO '{}'",
        "ATTACH '{}' AS other",
        "SET enable_external_access = true",
        "SET threads = 1",
    ],
)
def test_the_engine_opens_no_other_file(account: Account, secret: Path, sql: str) -> None:
    with account.system_session() as session, pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
        session.connection.execute(sql.format(secret))
    assert secret.read_text() == SECRET


def test_files_of_stages_can_be_read(account: Account, session: Session) -> None:
    session.run("COPY INTO @ST/rows FROM T FILE_FORMAT = (TYPE = PARQUET)")
    session.run("CREATE OR REPLACE FILE FORMAT FF TYPE = PARQUET")
    assert session.run("SELECT COUNT(*) FROM @ST/rows (FILE_FORMAT => 'FF')").table.to_pylist() == [{"COUNT(*)": 2}]
