"""CREATE, ALTER, DROP, SHOW and DESCRIBE of tables and their columns."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session
from tests.account.sql.test_changing_rows import answer, ask


def shown(session: Session, text: str) -> list[dict[str, Any]]:
    result = session.run(text)
    names = [column.name for column in result.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.to_pylist() for c in result.table.columns), strict=True)]


def described(session: Session, name: str) -> list[tuple[str, str, str]]:
    return [(row["name"], row["type"], row["null?"]) for row in shown(session, f"DESCRIBE TABLE {name}")]


def status(session: Session, text: str) -> str:
    found = answer(session, text)
    assert list(found) == ["status"]
    return str(found["status"])


def refused(session: Session, text: str) -> int:
    with pytest.raises(AccountError) as refusal:
        session.run(text)
    return refusal.value.number


def test_messages(session: Session) -> None:
    assert status(session, "CREATE TABLE T (A INT)") == "Table T successfully created."
    assert status(session, "CREATE TABLE IF NOT EXISTS T (A INT)") == "T already exists, statement succeeded."
    assert status(session, "CREATE OR REPLACE TABLE T (B INT)") == "Table T successfully created."
    assert status(session, "ALTER TABLE T SET COMMENT = 'x'") == "Statement executed successfully."
    assert status(session, "DROP TABLE T") == "T successfully dropped."
    assert status(session, "DROP TABLE IF EXISTS T") == "Drop statement executed successfully (T already dropped)."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE TABLE T (B INT)", 2002),
        ("CREATE VIEW T AS SELECT 1 AS A", 2002),
        ("CREATE OR REPLACE TABLE V (A INT)", 2002),
        ("DROP TABLE V", 2203),
        ("DROP TABLE NOPE", 2003),
        ("CREATE TABLE X (A INT, A INT)", 2025),
        ("CREATE TABLE X (A FROBNICATE)", 2),
        ("CREATE TABLE X (A)", 1003),
        ("CREATE TABLE X", 1003),
        ("CREATE TABLE X (A INT) FROBNICATE = 1", 1003),
        ("CREATE TABLE X (A INT) AS SELECT 1, 2", 2026),
        ("CREATE TABLE X AS SELECT NOPE FROM T", 904),
        ("CREATE TABLE NOWHERE.X (A INT)", 2003),
        ("CREATE TABLE X LIKE V", 2203),
        ("ALTER TABLE T FROBNICATE", 1003),
        ("ALTER TABLE T DROP COLUMN NOPE", 904),
        ("ALTER TABLE T ADD COLUMN A INT", 1430),
        ("ALTER TABLE T DROP COLUMN A", 2),
        ("ALTER TABLE V ADD COLUMN B INT", 2203),
        ("ALTER TABLE NOPE ADD COLUMN B INT", 2003),
        ("CREATE SECURE TABLE X (A INT)", 2),
    ],
)
def test_refusals(session: Session, text: str, number: int) -> None:
    session.run("CREATE TABLE T (A INT)")
    session.run("CREATE VIEW V AS SELECT A FROM T")
    assert refused(session, text) == number


def test_types_and_nullability(session: Session) -> None:
    session.run(
        "CREATE TABLE T (A INT, B NUMBER(10,2) NOT NULL, C VARCHAR, D VARCHAR(5), E STRING, F FLOAT, G DOUBLE PRECISION, H BOOLEAN, I DATE, "
        "J TIME, K TIMESTAMP_NTZ, L TIMESTAMP_LTZ(3), M TIMESTAMP_TZ, N DATETIME, O VARIANT, P OBJECT, Q ARRAY, R BINARY(8), "
        "S TIMESTAMP WITH TIME ZONE, U CHAR)"
    )
    types = {name: type_ for name, type_, _ in described(session, "T")}
    assert types["A"] == "NUMBER(38,0)"
    assert types["B"] == "NUMBER(10,2)"
    assert types["C"] == types["E"] == "VARCHAR(16777216)"
    assert (types["D"], types["U"]) == ("VARCHAR(5)", "VARCHAR(1)")
    assert types["F"] == types["G"] == "FLOAT"
    assert [types[name] for name in "HIJKLM"] == [
        "BOOLEAN",
        "DATE",
        "TIME(9)",
        "TIMESTAMP_NTZ(9)",
        "TIMESTAMP_LTZ(3)",
        "TIMESTAMP_TZ(9)",
    ]
    assert [types[name] for name in "NOPQRS"] == [
        "TIMESTAMP_NTZ(9)", "VARIANT", "OBJECT", "ARRAY", "BINARY(8)", "TIMESTAMP_TZ(9)",
    ]  # fmt: skip
    assert [name for name, _, null in described(session, "T") if null == "N"] == ["B"]


def test_three_names_that_differ_by_case_are_three_columns(session: Session) -> None:
    session.run('CREATE TABLE T ("id" INT, ID INT, "Id" INT)')
    session.run("INSERT INTO T VALUES (1, 2, 3)")
    assert ask(session, 'SELECT ID, "id", "Id" FROM T') == [(2, 1, 3)]
    assert [name for name, _, _ in described(session, "T")] == ["id", "ID", "Id"]


def test_names_of_tables_that_differ_by_case(session: Session) -> None:
    session.run('CREATE TABLE "t" AS SELECT 1 AS A')
    session.run("CREATE TABLE T AS SELECT 2 AS A")
    assert ask(session, 'SELECT T.A, L.A FROM T, "t" AS L') == [(2, 1)]


def test_keys_comments_clustering_and_defaults_are_shown(session: Session) -> None:
    session.run(
        "CREATE TABLE T (A INT AUTOINCREMENT COMMENT 'it''s', B VARCHAR DEFAULT 'x', C INT UNIQUE, CONSTRAINT P PRIMARY KEY (A)) "
        "CLUSTER BY (A, B) COMMENT = 'rows'"
    )
    row = shown(session, "SHOW TABLES LIKE 't'")[0]
    assert (row["name"], row["comment"], row["cluster_by"], row["rows"], row["kind"]) == ("T", "rows", "LINEAR(A, B)", 0, "TABLE")
    columns = {row["name"]: row for row in shown(session, "DESCRIBE TABLE T")}
    assert (columns["A"]["primary key"], columns["A"]["comment"], columns["A"]["null?"]) == ("Y", "it's", "N")
    assert columns["A"]["default"] == "IDENTITY START 1 INCREMENT 1 NOORDER"
    assert (columns["B"]["default"], columns["C"]["unique key"]) == ("'x'", "Y")
    keys = shown(session, "SHOW PRIMARY KEYS IN TABLE T")
    assert [(key["column_name"], key["key_sequence"]) for key in keys] == [("A", 1)]


def test_show_filters(session: Session) -> None:
    for name in ("AB", "AXB", '"low"'):
        session.run(f"CREATE TABLE {name} (A INT)")
    assert [row["name"] for row in shown(session, "SHOW TABLES LIKE 'a_b'")] == ["AXB"]
    assert [row["name"] for row in shown(session, "SHOW TABLES IN SCHEMA D.PUBLIC STARTS WITH 'l'")] == ["low"]
    assert [row["name"] for row in shown(session, "SHOW TABLES IN D.PUBLIC LIMIT 1")] == ["AB"]


def test_show_columns(session: Session) -> None:
    session.run("CREATE TABLE T (A NUMBER(5,2) NOT NULL, B VARCHAR(3))")
    rows = shown(session, "SHOW COLUMNS IN TABLE T")
    assert [(row["table_name"], row["column_name"], row["null?"]) for row in rows] == [("T", "A", "NOT_NULL"), ("T", "B", "true")]
    assert rows[0]["data_type"] == '{"type":"FIXED","precision":5,"scale":2,"nullable":false}'
    assert [row["column_name"] for row in shown(session, "SHOW COLUMNS LIKE 'b' IN T")] == ["B"]


def test_create_as_select_takes_names_types_and_rows(session: Session) -> None:
    session.run("CREATE TABLE S (K INT, X NUMBER(10,2), N VARCHAR(7))")
    session.run("INSERT INTO S VALUES (1, 2.5, 'a')")
    session.run("CREATE TABLE T AS SELECT *, X / 2 AS H, PARSE_JSON('[1]') AS V, CURRENT_TIMESTAMP() AS NOW FROM S")
    assert [type_ for _, type_, _ in described(session, "T")] == [
        "NUMBER(38,0)", "NUMBER(10,2)", "VARCHAR(7)", "NUMBER(38,8)", "VARIANT", "TIMESTAMP_LTZ(9)",
    ]  # fmt: skip
    session.run('CREATE TABLE U ("K" STRING(16777216), "F" FLOAT) AS SELECT * FROM (SELECT K, X FROM S)')
    assert ask(session, "SELECT * FROM U") == [("1", 2.5)]
    session.run("CREATE TABLE W (A, B) AS SELECT 1, 'x'")
    assert [name for name, _, _ in described(session, "W")] == ["A", "B"]


def test_or_replace_may_read_what_it_replaces(session: Session) -> None:
    session.run("CREATE TABLE T AS SELECT 1 AS A")
    session.run("CREATE OR REPLACE TABLE T AS SELECT A + 1 AS A FROM T")
    assert ask(session, "SELECT A FROM T") == [(2,)]


def test_or_replace_that_fails_leaves_the_old_table(session: Session) -> None:
    session.run("CREATE TABLE T AS SELECT 1 AS A")
    refused(session, "CREATE OR REPLACE TABLE T AS SELECT 1 / (A - 1) AS A FROM T")
    assert ask(session, "SELECT A FROM T") == [(1,)]


def test_like_and_clone(session: Session) -> None:
    session.run("CREATE TABLE T (ID INT AUTOINCREMENT, A INT DEFAULT 5 COMMENT 'c') CLUSTER BY (A) COMMENT = 'old'")
    session.run("INSERT INTO T (A) VALUES (1), (2)")
    session.run("CREATE TABLE L LIKE T")
    session.run("CREATE TABLE C CLONE T COMMENT = 'new'")
    session.run("INSERT INTO C (A) VALUES (3)")
    session.run("INSERT INTO L (ID) VALUES (7)")
    assert ask(session, "SELECT * FROM L") == [(7, 5)]
    assert ask(session, "SELECT * FROM C ORDER BY ID") == [(1, 1), (2, 2), (3, 3)]
    assert ask(session, "SELECT COUNT(*) FROM T") == [(2,)]
    assert shown(session, "SHOW TABLES LIKE 'C'")[0]["comment"] == "new"


def test_columns_come_and_go(session: Session) -> None:
    session.run("CREATE TABLE T AS SELECT 1 AS A, 'x' AS B")
    session.run("ALTER TABLE T ADD COLUMN C INT DEFAULT 7, D VARCHAR")
    session.run("ALTER TABLE T ADD COLUMN IF NOT EXISTS C INT")
    session.run('ALTER TABLE T RENAME COLUMN B TO "b"')
    session.run("ALTER TABLE T DROP COLUMN D")
    assert ask(session, 'SELECT A, "b", C FROM T') == [(1, "x", 7)]
    session.run("ALTER TABLE T ALTER COLUMN C SET DATA TYPE NUMBER(12,2), A SET NOT NULL")
    assert described(session, "T") == [("A", "NUMBER(38,0)", "N"), ("b", "VARCHAR(16777216)", "Y"), ("C", "NUMBER(12,2)", "Y")]
    session.run("ALTER TABLE T MODIFY COLUMN A DROP NOT NULL, COLUMN C SET DEFAULT 9, COLUMN C COMMENT 'nine'")
    session.run("INSERT INTO T (A) VALUES (NULL)")
    assert ask(session, "SELECT C::INT FROM T WHERE A IS NULL") == [(9,)]


def test_a_new_column_without_null_needs_a_value(session: Session) -> None:
    session.run("CREATE TABLE T AS SELECT 1 AS A")
    assert refused(session, "ALTER TABLE T ADD COLUMN B INT NOT NULL") == 100072
    session.run("ALTER TABLE T ADD COLUMN B INT NOT NULL DEFAULT 0")
    assert ask(session, "SELECT * FROM T") == [(1, 0)]


def test_a_column_change_keeps_the_captured_changes(session: Session) -> None:
    session.run("CREATE TABLE T (A INT) CHANGE_TRACKING = TRUE")
    session.run("INSERT INTO T VALUES (1)")
    session.run("ALTER TABLE T ADD COLUMN B INT DEFAULT 3")
    session.run("INSERT INTO T VALUES (2, 4)")
    log = session.get("TABLE", ("T",)).id
    assert session.connection.fetch(f"SELECT A, B FROM main.c{log} ORDER BY A") == [(1, 3), (2, 4)]


def test_rename_and_swap(session: Session) -> None:
    session.run("CREATE TABLE A AS SELECT 1 AS N")
    session.run("CREATE TABLE B AS SELECT 2 AS N")
    session.run("ALTER TABLE A SWAP WITH B")
    assert ask(session, "SELECT A.N, B.N FROM A, B") == [(2, 1)]
    session.run("ALTER TABLE A RENAME TO D.PUBLIC.C")
    assert ask(session, "SELECT N FROM C") == [(2,)]
    assert refused(session, "ALTER TABLE C RENAME TO B") == 2002
    assert status(session, "ALTER TABLE IF EXISTS NOPE RENAME TO X") == "Statement executed successfully."


def test_a_temporary_table_hides_a_permanent_one(session: Session, account: Account) -> None:
    session.run("CREATE TABLE T AS SELECT 1 AS A")
    session.run("CREATE TEMPORARY TABLE D.PUBLIC.T AS SELECT 2 AS A")
    assert ask(session, "SELECT A FROM T") == [(2,)]
    other = account.open_session("ADMIN", role="ACCOUNTADMIN", database="D", schema="PUBLIC")
    assert ask(other, "SELECT A FROM T") == [(1,)]
    other.close()
    session.run("DROP TABLE T")
    assert ask(session, "SELECT A FROM T") == [(1,)]


def test_tags_of_a_table(session: Session) -> None:
    session.run("CREATE TAG G ALLOWED_VALUES 'a', 'b'")
    session.run("CREATE TABLE T (A INT) WITH TAG (G = 'a')")
    assert ask(session, "SELECT SYSTEM$GET_TAG('G', 'T', 'TABLE') AS V") == [("a",)]
    session.run("ALTER TABLE T SET TAG G = 'b'")
    assert ask(session, "SELECT SYSTEM$GET_TAG('G', 'T', 'TABLE') AS V") == [("b",)]
    assert refused(session, "ALTER TABLE T SET TAG G = 'c'") == 391801
    session.run("ALTER TABLE T UNSET TAG G")
    assert ask(session, "SELECT SYSTEM$GET_TAG('G', 'T', 'TABLE') AS V") == [(None,)]


def test_dropped_rows_are_gone(session: Session) -> None:
    session.run("CREATE TABLE T (ID INT AUTOINCREMENT, A INT) CHANGE_TRACKING = TRUE DATA_RETENTION_TIME_IN_DAYS = 0")
    entry = session.get("TABLE", ("T",))
    session.run("DROP TABLE T")
    left = session.connection.fetch(
        "SELECT table_name FROM duckdb_tables() WHERE table_name IN (?, ?) UNION ALL "
        "SELECT sequence_name FROM duckdb_sequences() WHERE sequence_name LIKE ?",
        [f"t{entry.id}", f"c{entry.id}", f"s{entry.id}_%"],
    )
    assert left == []


def test_a_temporary_view_hides_a_table_and_ends_with_its_session(account: Account, session: Session) -> None:
    session.run("CREATE VIEW V AS SELECT 1 AS A")
    other = account.open_session("ADMIN", role="ACCOUNTADMIN", database=session.database, schema=session.schema)
    other.run("CREATE TEMPORARY VIEW V AS SELECT 2 AS A")
    assert other.run("SELECT A FROM V").table.to_pylist() == [{"A": 2}]
    assert session.run("SELECT A FROM V").table.to_pylist() == [{"A": 1}]
    other.close()
    assert session.run("SHOW VIEWS").row_count == 1
