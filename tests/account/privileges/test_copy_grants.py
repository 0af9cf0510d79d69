"""COPY GRANTS: what replaces an object keeps the privileges on it; without these words it has none."""

from __future__ import annotations

import pytest

from tests.account.privileges.conftest import Ask

REPLACED = [
    ("TABLE", "CG_T", "SELECT", "CREATE OR REPLACE TABLE CG_T (A INT) {}"),
    ("TABLE", "CG_Q", "SELECT", "CREATE OR REPLACE TABLE CG_Q {} AS SELECT 1 AS A"),
    ("VIEW", "CG_V", "SELECT", "CREATE OR REPLACE VIEW CG_V {} AS SELECT 1 AS A"),
    ("FUNCTION", "CG_F(INT)", "USAGE", "CREATE OR REPLACE FUNCTION CG_F(X INT) {} RETURNS INT AS 'X'"),
    ("PROCEDURE", "CG_P()", "USAGE", "CREATE OR REPLACE PROCEDURE CG_P() {} RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN 1; END'"),
    ("STREAM", "CG_S", "SELECT", "CREATE OR REPLACE STREAM CG_S {} ON TABLE T"),
]


@pytest.mark.parametrize(("kind", "name", "privilege", "text"), REPLACED)
def test_privileges_stay_when_that_is_said(ask: Ask, place: str, kind: str, name: str, privilege: str, text: str) -> None:
    def held() -> set[object]:
        return {row[1] for row in ask(f"SHOW GRANTS ON {kind} {name}") if row[5] == "PEER"}

    ask(text.format(""))
    ask(f"GRANT {privilege} ON {kind} {name} TO ROLE PEER")
    ask(text.format("COPY GRANTS"))
    assert held() == {privilege}
    ask(text.format(""))
    assert held() == set()


def test_a_clone_has_the_privileges_of_its_source(ask: Ask, place: str) -> None:
    ask("GRANT MONITOR ON TASK TK TO ROLE PEER")
    ask("CREATE TASK CG_TK CLONE TK COPY GRANTS")
    assert ("MONITOR", "PEER") in {(row[1], row[5]) for row in ask("SHOW GRANTS ON TASK CG_TK")}
    ask("REVOKE MONITOR ON TASK TK FROM ROLE PEER")


def test_a_role_still_reads_what_was_replaced(ask: Ask, place: str, peer: Ask) -> None:
    ask("CREATE OR REPLACE TABLE CG_READ AS SELECT 1 AS A")
    ask("GRANT SELECT ON TABLE CG_READ TO ROLE PEER")
    ask("CREATE OR REPLACE TABLE CG_READ COPY GRANTS AS SELECT 2 AS A")
    assert peer("SELECT A FROM CG_READ") == [(2,)]
