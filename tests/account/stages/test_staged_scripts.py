"""EXECUTE IMMEDIATE of files on a stage, and with values for its question marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlops_local.account.errors import AccountError

Run = Callable[[str], list[tuple[Any, ...]]]
Put = Callable[..., None]


def test_the_statements_of_a_file_run_in_order(run: Run, put: Put) -> None:
    run("CREATE STAGE ST")
    script = b"CREATE TABLE T (A INT);\n-- three; rows\nBEGIN FOR i IN 1 TO 3 DO INSERT INTO T VALUES (:i); END FOR; END;\nSELECT SUM(A) FROM T;\n"
    put("setup.sql", "@ST/scripts", script)
    assert run("EXECUTE IMMEDIATE FROM @ST/scripts/setup.sql") == [(6,)]
    with pytest.raises(AccountError, match=r"File '@ST/scripts/set' does not exist"):
        run("EXECUTE IMMEDIATE FROM '@ST/scripts/set'")


def test_values_for_question_marks_and_numbers(run: Run) -> None:
    run("SET LEFT_ONE = 40")
    assert run("EXECUTE IMMEDIATE 'SELECT ? + ?' USING ($LEFT_ONE, 2)") == [(42,)]
    assert run("EXECUTE IMMEDIATE $$SELECT :2 || :1 || '?'$$ USING ('a', 'b')") == [("ba?",)]
    with pytest.raises(AccountError, match="2 bind variables are expected, 1 are given"):
        run("EXECUTE IMMEDIATE 'SELECT ? + ?' USING (1)")
