from __future__ import annotations

from typing import Any

import pytest

from mlops_local.account.errors import AccountError
from tests.account.tasks.conftest import Run

BLOCKS: list[tuple[str, str, Any]] = [
    ("an expression", "BEGIN RETURN 1 + 2; END", 3),
    ("a default", "DECLARE x INT DEFAULT 3; y INT := x * 2; BEGIN RETURN y; END", 6),
    ("no answer", "BEGIN SELECT 1; END", None),
    ("a declared type", "DECLARE d DATE; BEGIN d := '2024-03-01'; RETURN d + 1; END", "2024-03-02"),
    ("LET and assignment", "BEGIN LET n INT := 1; n := n + 1; RETURN :n; END", 2),
    (
        "branches",
        "BEGIN LET n := 2; IF (n = 1) THEN RETURN 'a'; ELSEIF (n = 2) THEN RETURN 'b'; ELSE RETURN 'c'; END IF; END",
        "b",
    ),
    ("a range", "BEGIN LET s := 0; FOR i IN 1 TO 4 DO s := s + i; END FOR; RETURN s; END", 10),
    ("a range backwards", "BEGIN LET s := ''; FOR i IN REVERSE 1 TO 3 DO s := s || i; END FOR; RETURN s; END", "321"),
    ("WHILE", "BEGIN LET n := 0; WHILE (n < 3) DO n := n + 1; END WHILE; RETURN n; END", 3),
    ("REPEAT", "BEGIN LET n := 0; REPEAT n := n + 1; UNTIL (n = 3) END REPEAT; RETURN n; END", 3),
    ("LOOP and BREAK", "BEGIN LET n := 0; LOOP n := n + 1; IF (n = 5) THEN BREAK; END IF; END LOOP; RETURN n; END", 5),
    ("CONTINUE", "BEGIN LET s := 0; FOR i IN 1 TO 3 DO IF (i = 2) THEN CONTINUE; END IF; s := s + i; END FOR; RETURN s; END", 4),
    ("a cursor", "BEGIN LET c CURSOR FOR SELECT V FROM N; LET s := 0; FOR r IN c DO s := s + r.V; END FOR; RETURN s; END", 6),
    ("a result set", "DECLARE r RESULTSET; BEGIN r := (SELECT MAX(V) AS M FROM N); RETURN TABLE(r); END", 3),
    (
        "SELECT INTO",
        "DECLARE a INT; b INT; BEGIN SELECT MIN(V), MAX(V) INTO :a, :b FROM N WHERE V > 0; RETURN a * 10 + b; END",
        13,
    ),
    ("SELECT INTO without a row", "DECLARE a INT; BEGIN SELECT V INTO :a FROM N WHERE V = 9; RETURN a IS NULL; END", True),
    ("a bound variable", "BEGIN LET v := 2; LET k INT; SELECT COUNT(*) INTO :k FROM N WHERE V >= :v; RETURN k; END", 2),
    ("a path is no variable", "BEGIN LET a := 9; LET x INT; SELECT PARSE_JSON('{\"a\": 1}'):a::INT INTO :x; RETURN x; END", 1),
    ("rows changed", "BEGIN INSERT INTO N VALUES (4), (5); RETURN SQLROWCOUNT; END", 2),
    ("dynamic SQL", "BEGIN LET q := 'INSERT INTO N VALUES (8)'; EXECUTE IMMEDIATE :q; RETURN SQLROWCOUNT; END", 1),
    ("a nested block", "BEGIN LET x := 1; BEGIN LET x := 2; END; RETURN x; END", 1),
    ("a handled statement", "BEGIN SELECT * FROM NOWHERE; EXCEPTION WHEN STATEMENT_ERROR THEN RETURN SQLCODE; END", 2003),
    ("another handler", "BEGIN SELECT * FROM NOWHERE; EXCEPTION WHEN OTHER THEN RETURN 'caught'; END", "caught"),
    (
        "a raised exception",
        "DECLARE e EXCEPTION (-20002, 'bad'); BEGIN RAISE e; EXCEPTION WHEN e THEN RETURN SQLERRM; END",
        "bad",
    ),
    (
        "FETCH",
        "DECLARE c CURSOR FOR SELECT V FROM N WHERE V > ? ORDER BY V; a INT; b INT; BEGIN OPEN c USING (1); FETCH c INTO a; "
        "FETCH c INTO :b; CLOSE c; RETURN a * 10 + b; END",
        23,
    ),
    (
        "FETCH behind the end",
        "DECLARE c CURSOR FOR SELECT 1; a INT; BEGIN OPEN c; FETCH c INTO a; FETCH c INTO a; RETURN a IS NULL; END",
        True,
    ),
    (
        "a cursor of a result set",
        "DECLARE r RESULTSET DEFAULT (SELECT V FROM N); c CURSOR FOR r; BEGIN LET s := 0; FOR x IN c DO s := s + x.V; END FOR; RETURN s; END",
        6,
    ),
    (
        "rows of a cursor",
        "DECLARE c CURSOR FOR SELECT MAX(V) AS M FROM N; BEGIN OPEN c; RETURN TABLE(RESULTSET_FROM_CURSOR(c)); END",
        3,
    ),
    ("CASE", "BEGIN LET n := 2; CASE WHEN n = 1 THEN RETURN 'a'; WHEN n = 2 THEN RETURN 'b'; END; END", "b"),
    ("CASE of a value", "BEGIN CASE (1 + 1) WHEN 1 THEN RETURN 'a'; WHEN 2 THEN RETURN 'b'; ELSE RETURN 'c'; END CASE; END", "b"),
    ("a FOR LOOP", "BEGIN LET s := 0; FOR i IN 1 TO 4 LOOP s := s + i; END LOOP; RETURN s; END", 10),
    (
        "values for dynamic SQL",
        "BEGIN LET v := 7; LET q := 'INSERT INTO N VALUES (?), (?)'; EXECUTE IMMEDIATE :q USING (v, 8); RETURN SQLROWCOUNT; END",
        2,
    ),
    (
        "an expression error",
        "BEGIN LET x := 1 / 0; EXCEPTION WHEN STATEMENT_ERROR THEN RETURN 'no'; WHEN EXPRESSION_ERROR THEN RETURN 'yes'; END",
        "yes",
    ),
    ("ASYNC", "BEGIN ASYNC (INSERT INTO N VALUES (9)); AWAIT ALL; LET k INT; SELECT COUNT(*) INTO :k FROM N; RETURN k; END", 4),
    ("ASYNC result", "BEGIN LET r RESULTSET := ASYNC (SELECT MAX(V) FROM N); AWAIT r; RETURN TABLE(r); END", 3),
    (
        "ASYNC errors wait",
        "BEGIN LET s := 'before'; ASYNC (SELECT * FROM NOWHERE); s := 'behind'; AWAIT ALL; EXCEPTION WHEN OTHER THEN RETURN 'caught'; END",
        "caught",
    ),
    (
        "CALL INTO",
        "BEGIN CREATE PROCEDURE TWICE(A INT) RETURNS INT AS 'BEGIN RETURN a * 2; END'; LET x INT; CALL TWICE(4) INTO :x; RETURN x; END",
        8,
    ),
    ("an apostrophe", "BEGIN LET x := 'it''s'; LET y := ''; SELECT :x INTO :y; RETURN y; END", "it's"),
]


@pytest.fixture(autouse=True)
def numbers(run: Run) -> None:
    run("CREATE TABLE N (V INT)", "INSERT INTO N VALUES (1), (2), (3)")


@pytest.mark.parametrize(("text", "answer"), [case[1:] for case in BLOCKS], ids=[case[0] for case in BLOCKS])
def test_answers(run: Run, text: str, answer: Any) -> None:
    [row] = run(text)
    [value] = row.values()
    assert (str(value) if isinstance(answer, str) else value) == answer


def test_execute_immediate_runs_a_block(run: Run) -> None:
    assert run("EXECUTE IMMEDIATE $$\nBEGIN\n  RETURN 'x';\nEND\n$$") == [{"anonymous block": "x"}]


def test_a_transaction_within_a_block(run: Run) -> None:
    run("BEGIN BEGIN TRANSACTION; INSERT INTO N VALUES (10); ROLLBACK; BEGIN TRANSACTION; INSERT INTO N VALUES (11); COMMIT; END")
    assert run("SELECT MAX(V) AS M FROM N") == [{"M": 11}]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("BEGIN RETURN x; END", "X"),
        ("BEGIN x := 1; END", "invalid identifier 'X'"),
        ("BEGIN SELECT V INTO :x FROM N; END", "exactly 1"),
        ("BEGIN IF (1 = 1) RETURN 1; END IF; END", "unexpected"),
        ("DECLARE e EXCEPTION (-20001, 'why'); BEGIN RAISE e; END", "why"),
        ("BEGIN SELECT :nobody; END", "NOBODY"),
        ("BEGIN RAISE nobody; END", "NOBODY"),
    ],
)
def test_refuses(run: Run, text: str, word: str) -> None:
    with pytest.raises(AccountError, match=word):
        run(text)
