"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE: rows, counts, types, and what a tracked table remembers."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Bind, Request, Session


def ask(session: Session, text: str) -> list[tuple[Any, ...]]:
    table = session.run(text).table
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def answer(session: Session, text: str) -> dict[str, Any]:
    result = session.run(text)
    return {column.name: result.table.column(i)[0].as_py() for i, column in enumerate(result.columns)}


@pytest.fixture
def table(session: Session) -> Session:
    session.run("CREATE TABLE T (A INT, B VARCHAR(5) DEFAULT 'dd', C NUMBER(10,2))")
    session.run("INSERT INTO T VALUES (1, 'x', 1.5), (2, 'y', 2.5)")
    return session


def test_counts_have_snowflakes_names(table: Session) -> None:
    assert answer(table, "INSERT INTO T (A) VALUES (3), (4)") == {"number of rows inserted": 2}
    assert answer(table, "UPDATE T SET C = 0 WHERE A > 2") == {
        "number of rows updated": 2,
        "number of multi-joined rows updated": 0,
    }
    assert answer(table, "DELETE FROM T WHERE A = 4") == {"number of rows deleted": 1}
    assert answer(table, "TRUNCATE TABLE T") == {"status": "Statement executed successfully."}
    assert ask(table, "SELECT * FROM T") == []


def test_defaults_fill_what_is_not_named(table: Session) -> None:
    table.run("INSERT INTO T (C, A) VALUES (7, 3), (DEFAULT, 4)")
    assert ask(table, "SELECT A, B, C FROM T WHERE A > 2 ORDER BY A") == [(3, "dd", 7), (4, "dd", None)]


def test_values_are_converted_to_the_columns_types(table: Session) -> None:
    table.run("INSERT INTO T SELECT '3', 4.50, '1.255'")
    assert [(a, b, str(c)) for a, b, c in ask(table, "SELECT * FROM T WHERE A = 3")] == [(3, "4.50", "1.26")]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("INSERT INTO T (B) VALUES ('toolong')", 100078),
        ("INSERT INTO T (A) VALUES ('x')", 100038),
        ("INSERT INTO T (A, B) VALUES (1)", 2020),
        ("INSERT INTO T (NOPE) VALUES (1)", 904),
        ("INSERT INTO T (A, A) VALUES (1, 2)", 2025),
        ("INSERT INTO NOPE VALUES (1)", 2003),
        ("UPDATE T SET NOPE = 1", 904),
        ("UPDATE T SET A = NOPE", 904),
        ("DELETE FROM T WHERE NOPE = 1", 904),
        ("UPDATE T SET A = 1 / 0", 100051),
        ("INSERT INTO V VALUES (1)", 1003),
        ("DELETE FROM V", 2),
    ],
)
def test_refusals(table: Session, text: str, number: int) -> None:
    table.run("CREATE VIEW V AS SELECT A FROM T")
    with pytest.raises(AccountError) as refusal:
        table.run(text)
    assert refusal.value.number == number
    assert len(ask(table, "SELECT * FROM T")) == 2


def test_not_null_is_kept(session: Session) -> None:
    session.run("CREATE TABLE T (A INT NOT NULL)")
    with pytest.raises(AccountError) as refusal:
        session.run("INSERT INTO T VALUES (NULL)")
    assert refusal.value.number == 100072


def test_keys_are_not_enforced(session: Session) -> None:
    session.run("CREATE TABLE T (A INT PRIMARY KEY, B INT UNIQUE)")
    session.run("INSERT INTO T VALUES (1, 1), (1, 1)")
    assert ask(session, "SELECT COUNT(*) FROM T") == [(2,)]


def test_overwrite_may_read_what_it_overwrites(table: Session) -> None:
    assert answer(table, "INSERT OVERWRITE INTO T SELECT * FROM T WHERE A = 1") == {"number of rows inserted": 1}
    assert ask(table, "SELECT A FROM T") == [(1,)]


def test_numbered_rows(session: Session) -> None:
    session.run("CREATE TABLE T (ID INT AUTOINCREMENT START 10 INCREMENT 5, A INT)")
    session.run("INSERT INTO T (A) VALUES (1), (2)")
    session.run("INSERT INTO T (A) SELECT 3")
    assert ask(session, "SELECT ID, A FROM T ORDER BY ID") == [(10, 1), (15, 2), (20, 3)]


def test_update_from_another_table(table: Session) -> None:
    table.run("CREATE TABLE S (K INT, V INT)")
    table.run("INSERT INTO S VALUES (1, 10)")
    assert answer(table, "UPDATE T AS X SET C = S.V, B = DEFAULT FROM S WHERE X.A = S.K")["number of rows updated"] == 1
    assert ask(table, "SELECT A, B, C::INT FROM T ORDER BY A") == [(1, "dd", 10), (2, "y", 3)]


def test_rows_that_several_match_are_counted(table: Session) -> None:
    counted = answer(table, "UPDATE T SET C = S.V FROM (SELECT $1 AS K, $2 AS V FROM VALUES (1, 5), (1, 6)) S WHERE T.A = S.K")
    assert counted == {"number of rows updated": 1, "number of multi-joined rows updated": 1}


def test_delete_using_another_table(table: Session) -> None:
    assert answer(table, "DELETE FROM T USING (SELECT 2 AS K) S WHERE T.A = S.K") == {"number of rows deleted": 1}
    assert ask(table, "SELECT A FROM T") == [(1,)]


def test_merge(table: Session) -> None:
    table.run("INSERT INTO T VALUES (3, 'z', 3)")
    counted = answer(
        table,
        "MERGE INTO T USING (SELECT $1 AS K, $2 AS V FROM VALUES (1, 10), (2, NULL), (9, 90)) AS S ON T.A = S.K "
        "WHEN MATCHED AND S.V IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET T.C = S.V "
        "WHEN NOT MATCHED THEN INSERT (A, C) VALUES (S.K, S.V)",
    )
    assert counted == {"number of rows inserted": 1, "number of rows updated": 1, "number of rows deleted": 1}
    assert ask(table, "SELECT A, B, C::INT FROM T ORDER BY A") == [(1, "x", 10), (3, "z", 3), (9, "dd", 90)]


def test_merge_refuses_two_matches_for_one_row(table: Session) -> None:
    with pytest.raises(AccountError) as refusal:
        table.run("MERGE INTO T USING (SELECT 1 AS K UNION ALL SELECT 1) S ON T.A = S.K WHEN MATCHED THEN UPDATE SET C = 0")
    assert refusal.value.number == 100090
    assert ask(table, "SELECT SUM(C) FROM T") == ask(table, "SELECT 4.00::NUMBER(38,2)")


def test_merge_of_json_as_the_feature_store_sends_it(session: Session) -> None:
    session.run("CREATE TABLE M (K VARCHAR, METADATA VARIANT NOT NULL, UPDATED_AT TIMESTAMP_NTZ DEFAULT CURRENT_TIMESTAMP())")
    merge = (
        'MERGE INTO M USING (SELECT \'a\' AS K, PARSE_JSON($${"v": %d, "s": "it\'s $x"}$$) AS METADATA) AS source '
        "ON M.K = source.K WHEN MATCHED THEN UPDATE SET METADATA = source.METADATA, UPDATED_AT = CURRENT_TIMESTAMP() "
        "WHEN NOT MATCHED THEN INSERT (K, METADATA) VALUES (source.K, source.METADATA)"
    )
    session.run(merge % 1)
    session.run(merge % 2)
    assert ask(session, "SELECT METADATA:v::INT, METADATA:s::STRING FROM M") == [(2, "it's $x")]


def test_bound_arrays_of_every_type(session: Session) -> None:
    session.run(
        "CREATE TABLE T (A INT, B VARCHAR, C FLOAT, D DATE, E TIMESTAMP_NTZ, F BOOLEAN, G NUMBER(10,2), H VARIANT, I TIME)"
    )
    binds = (
        Bind("FIXED", ["1", None]), Bind("TEXT", ["it's", None]), Bind("REAL", ["1.5", None]), Bind("DATE", ["86400000", None]),
        Bind("TIMESTAMP_NTZ", ["1000000001", None]), Bind("BOOLEAN", ["true", None]), Bind("FIXED", ["2.345", None]),
        Bind("TEXT", ['{"a":1}', None]), Bind("TIME", ["3600000000000", None]),
    )  # fmt: skip
    text = "INSERT INTO T (A, B, C, D, E, F, G, H, I) VALUES (?, ?, ?, ?, ?, ?, ?, PARSE_JSON(?), ?)"
    result = session.execute(Request(text, binds))
    assert result.table.column(0)[0].as_py() == 2
    shown = ask(
        session, "SELECT A, B, C, D::VARCHAR, DATE_PART(NANOSECOND, E), F, G::VARCHAR, H:a::INT, I::VARCHAR FROM T WHERE A = 1"
    )
    assert shown == [(1, "it's", 1.5, "1970-01-02", 1, True, "2.35", 1, "01:00:00")]
    assert ask(session, "SELECT COUNT(*) FROM T WHERE COALESCE(A::VARCHAR, B, C::VARCHAR, D::VARCHAR, H::VARCHAR) IS NULL") == [
        (1,)
    ]


def test_forty_thousand_bound_rows_take_well_under_a_second(session: Session) -> None:
    session.run("CREATE TABLE T (A INT, B VARCHAR)")
    binds = (Bind("FIXED", [str(i) for i in range(40_000)]), Bind("TEXT", ["x" * 10] * 40_000))
    start = time.perf_counter()
    session.execute(Request("INSERT INTO T VALUES (?, ?)", binds))
    assert time.perf_counter() - start < 1
    assert ask(session, "SELECT COUNT(*), SUM(A) FROM T") == [(40_000, 40_000 * 39_999 // 2)]


def test_describing_changes_nothing(table: Session) -> None:
    for text in ("INSERT INTO T VALUES (9, 'z', 9)", "UPDATE T SET A = 9", "DELETE FROM T", "TRUNCATE TABLE T"):
        described = table.execute(Request(text, describe_only=True))
        assert described.columns == table.execute(Request(text + "  ", describe_only=True)).columns
    assert ask(table, "SELECT SUM(A) FROM T") == [(3,)]


def test_a_transaction_rolls_back(table: Session) -> None:
    table.run("BEGIN")
    table.run("DELETE FROM T")
    table.run("INSERT INTO T (A) VALUES (7)")
    assert ask(table, "SELECT A FROM T") == [(7,)]
    table.run("ROLLBACK")
    assert ask(table, "SELECT A FROM T ORDER BY A") == [(1,), (2,)]


# Tracked tables


@pytest.fixture
def tracked(table: Session) -> Session:
    table.run("ALTER TABLE T SET CHANGE_TRACKING = TRUE")
    return table


def changes(session: Session) -> list[tuple[Any, ...]]:
    entry = session.get("TABLE", ("T",))
    return session.connection.fetch(f'SELECT "~action", A, B, "~update" FROM main.c{entry.id} ORDER BY "~version", "~action", A')


def test_inserts_and_deletes_are_remembered(tracked: Session) -> None:
    tracked.run("INSERT INTO T (A) VALUES (3), (4)")
    tracked.run("DELETE FROM T WHERE A = 1")
    assert changes(tracked) == [("INSERT", 3, "dd", False), ("INSERT", 4, "dd", False), ("DELETE", 1, "x", False)]


def test_an_update_is_a_delete_and_an_insert(tracked: Session) -> None:
    tracked.run("UPDATE T SET B = 'z' WHERE A = 2")
    assert changes(tracked) == [("DELETE", 2, "y", True), ("INSERT", 2, "z", True)]


def test_an_update_that_changes_nothing_is_no_change(tracked: Session) -> None:
    tracked.run("UPDATE T SET B = 'y' WHERE A = 2")
    assert changes(tracked) == []


def test_merge_and_overwrite_are_remembered(tracked: Session) -> None:
    tracked.run(
        "MERGE INTO T USING (SELECT 2 AS K) S ON T.A = S.K WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (A) VALUES (K)"
    )
    tracked.run("INSERT OVERWRITE INTO T (A) VALUES (5)")
    assert changes(tracked) == [("DELETE", 2, "y", False), ("DELETE", 1, "x", False), ("INSERT", 5, "dd", False)]


def test_changes_roll_back_with_their_statement(tracked: Session) -> None:
    tracked.run("BEGIN")
    tracked.run("DELETE FROM T")
    tracked.run("ROLLBACK")
    assert changes(tracked) == []


_ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"])), max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(["insert", "update", "delete", "overwrite"]), _ROWS), max_size=4))
def test_the_changes_add_up_to_the_table(session: Session, steps: list[tuple[str, list[tuple[int, str]]]]) -> None:
    """What was there, plus what was inserted, minus what was deleted, is what is there."""
    session.run("CREATE OR REPLACE TABLE T (A INT, B VARCHAR) CHANGE_TRACKING = TRUE")
    for action, rows in steps:
        values = ", ".join(f"({a}, '{b}')" for a, b in rows) or "(0, 'a')"
        session.run(
            {
                "insert": f"INSERT INTO T VALUES {values}",
                "overwrite": f"INSERT OVERWRITE INTO T VALUES {values}",
                "update": f"UPDATE T SET B = S.B FROM (SELECT * FROM VALUES {values} AS V(A, B)) S WHERE T.A = S.A",
                "delete": f"DELETE FROM T USING (SELECT * FROM VALUES {values} AS V(A, B)) S WHERE T.A = S.A AND T.B = S.B",
            }[action]
        )
    log = [(action, a, b) for action, a, b, _ in changes(session)]
    left: list[tuple[int, str]] = [(a, b) for action, a, b in log if action == "INSERT"]
    for action, a, b in log:
        if action == "DELETE":
            left.remove((a, b))
    assert sorted(left) == sorted(ask(session, "SELECT A, B FROM T"))
