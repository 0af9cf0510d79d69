"""What statements must never reach: files outside the account's folders, the engine's own functions, the catalogue's tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

SECRET = "known to nobody"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with Account.open(tmp_path_factory.mktemp("contained") / "account") as opened:
        yield opened


@pytest.fixture(scope="module")
def session(account: Account) -> Iterator[Session]:
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    for text in (
        "CREATE DATABASE D",
        "CREATE TABLE T (A INT, B VARCHAR)",
        "INSERT INTO T VALUES (1, 'x'), (2, 'y')",
        "CREATE TABLE U (A INT)",
        "INSERT INTO U VALUES (1)",
        "CREATE STAGE ST",
    ):
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
    assert session.run("SELECT COUNT(*) FROM @ST/rows (FILE_FORMAT => 'FF')").table.column(0).to_pylist() == [2]


_FILE = "read_text('/etc/hostname')"
_QUERY = f"(SELECT COUNT(*) FROM {_FILE})"
REFUSED = [
    *(
        f"SELECT * FROM {call}"
        for call in (
            "read_csv('/etc/passwd')",
            _FILE,
            "glob('/*')",
            "duckdb_tables()",
            "pragma_version()",
            "query('SELECT 1')",
            "query_table('account.objects')",
            "'/etc/passwd'",
            '"/etc/passwd"',
            "account.objects",
            "main.t1",
            '"main"."t1"',
            "memory.account.objects",
        )
    ),
    *(
        f"SELECT {call}"
        for call in (
            "read_text('x')",
            "getenv('HOME')",
            "current_setting('threads')",
            "nextval('account.ids')",
            "\"read_text\"('x')",
            "main.read_text('x')",
            "columns('.*') FROM T",
            "account.ids.nextval",
        )
    ),
    "SELECT * FROM TABLE(read_csv('/etc/passwd'))",
    f"SELECT * FROM T, LATERAL {_FILE}",
    f"SELECT A FROM T LIMIT {_QUERY}",
    "SELECT A FROM T LIMIT current_setting('threads')",
    f"SELECT A FROM T LIMIT 1 OFFSET {_QUERY}",
    f"SELECT A FROM T FETCH FIRST {_QUERY} ROWS ONLY",
    f"SELECT TOP {_QUERY} A FROM T",
    f"SELECT COALESCE(A -> {_QUERY}, 1) FROM T",
    f"SELECT CURRENT_DATE() + INTERVAL {_QUERY} DAY",
    "SELECT * FROM T PIVOT (MAX(current_setting('threads')) FOR B IN ('x'))",
    f"SELECT * FROM T PIVOT (MAX(A) FOR B IN ({_QUERY}))",
    "SELECT REGEXP_SUBSTR_ALL('a', '(a)', 1, 1, 'e', '0))), (SELECT content FROM read_text(''/etc/hostname'')')",
    f"INSERT INTO T (A) SELECT 1 LIMIT {_QUERY}",
    f"DELETE FROM T USING {_FILE} R",
    f"UPDATE T SET B = content FROM {_FILE} R",
    f"MERGE INTO T USING {_FILE} R ON TRUE WHEN MATCHED THEN DELETE",
    f"CREATE VIEW V AS SELECT * FROM {_FILE}",
    f"CREATE TABLE V AS SELECT * FROM {_FILE}",
    f"CREATE TABLE V (A VARCHAR DEFAULT {_FILE})",
    f"SET X = {_QUERY}",
    "COPY T TO '/tmp/x.csv'",
    "COPY INTO 'file:///tmp/x.csv' FROM T",
    "COPY INTO '/tmp/x.csv' FROM T",
    "COPY INTO T FROM 'file:///etc/passwd'",
    "COPY INTO @ST/../../outside FROM T",
    "SELECT $1 FROM @ST/../../outside",
    "LIST @ST/../..",
    "LIST @~/..",
    "REMOVE @ST/../1",
    "GET @ST/../.. file:///tmp",
    "SELECT GET_PRESIGNED_URL(@ST, '../../data.duckdb')",
    "ATTACH '/tmp/other.duckdb'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "CHECKPOINT",
]


@pytest.mark.parametrize("text", REFUSED)
def test_no_statement_reaches_the_engine_itself(session: Session, text: str) -> None:
    with pytest.raises(AccountError) as refusal:
        session.run(text)
    assert refusal.value.number in {2, 904, 938, 1003, 1011, 2003, 2043, 2140}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("SELECT TO_CHAR('2020-01-01'::DATE, '{0}')", "{0}"),
        ("SELECT TO_CHAR('2020-01-01'::DATE, 'YYYY\"{\"MM')", "2020{01"),
        ("SELECT 'a''b{0}' || '{1}'", "a'b{0}{1}"),
        ("SELECT ARRAY_TO_STRING(['a', 'b'], ''')')", "a')b"),
    ],
)
def test_texts_of_users_stay_texts(session: Session, text: str, answer: str) -> None:
    assert session.run(text).table.column(0).to_pylist() == [answer]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM T LIMIT 1",
        "DELETE FROM T RETURNING A",
        "UPDATE T SET A = 1 LIMIT 1",
        "UPDATE T SET A = 1 RETURNING A",
        "MERGE INTO T USING U ON T.A = U.A WHEN MATCHED THEN UPDATE SET B = 'q' RETURNING *",
        "MERGE INTO T USING U ON T.A = U.A WHEN MATCHED THEN UPDATE SET B = 'q' WHERE T.A = 99",
        "MERGE INTO T USING U ON T.A = U.A WHEN NOT MATCHED BY SOURCE THEN DELETE",
    ],
)
def test_no_clause_of_a_change_is_ignored(session: Session, text: str) -> None:
    with pytest.raises(AccountError, match="Unsupported feature"):
        session.run(text)
    assert session.run("SELECT COUNT(*) FROM T WHERE B IN ('x', 'y')").table.column(0).to_pylist() == [2]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT ON (A) A FROM T",
        "SELECT T.A FROM T LEFT SEMI JOIN U ON T.A = U.A",
        "SELECT T.A FROM T ANTI JOIN U ON T.A = U.A",
        "SELECT * FROM T MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS TRUE)",
        "SELECT A FROM T START WITH A = 1 CONNECT BY PRIOR A = A",
        "SELECT A FROM T FETCH FIRST 1 ROW WITH TIES",
    ],
)
def test_what_only_the_engine_has_is_refused(session: Session, text: str) -> None:
    with pytest.raises(AccountError, match="Unsupported feature"):
        session.run(text)
