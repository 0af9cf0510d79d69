"""Attempts to take away what the pipeline did not make, and cannot make again."""

from __future__ import annotations

import pytest

from mlops import guard
from mlops.definitions import Check
from mlops.errors import AccountError, DefinitionError
from mlops.names import Schema

ATTEMPTS = (
    "DROP DATABASE MLOPS_PROD",
    "drop schema if exists mlops_prod.ml cascade",
    "DROP TABLE PREDICTIONS",
    "  DROP\n\tTABLE PREDICTIONS",
    "DROP/**/DATABASE MLOPS_PROD",
    "DROP -- a table\n DATABASE MLOPS_PROD",
    "/* SELECT */ DROP DATABASE MLOPS_PROD",
    "TRUNCATE TABLE PREDICTIONS",
    "TRUNCATE PREDICTIONS",
    "CREATE OR REPLACE DATABASE MLOPS_PROD CLONE MLOPS_DEV",
    "CREATE OR REPLACE SCHEMA ML",
    "CREATE OR REPLACE TABLE PREDICTIONS (A INT)",
    "CREATE OR REPLACE TRANSIENT TABLE PREDICTIONS (A INT)",
    "CREATE OR  REPLACE\nTEMPORARY TABLE PREDICTIONS AS SELECT 1",
    "CREATE OR REPLACE VIEW V AS SELECT 1",
    "CREATE OR REPLACE STAGE CODE",
    "CREATE OR REPLACE MODEL M WITH VERSION V1 FROM @S",
    "ALTER TABLE PREDICTIONS SWAP WITH OTHER",
    "ALTER DATABASE MLOPS_DEV SWAP WITH MLOPS_PROD",
    "ALTER TABLE PREDICTIONS DROP COLUMN AGE",
    "INSERT OVERWRITE INTO PREDICTIONS SELECT 1",
    "EXECUTE IMMEDIATE 'DROP DATABASE MLOPS_PROD'",
    "EXECUTE IMMEDIATE $$ BEGIN DROP DATABASE MLOPS_PROD; END $$",
    "BEGIN DROP DATABASE MLOPS_PROD; END",
    "BEGIN\n SELECT 1; TRUNCATE TABLE PREDICTIONS; END",
    "SELECT 1; DROP DATABASE MLOPS_PROD",
    "SELECT ''; DROP DATABASE MLOPS_PROD --'",
    "SELECT 'it''s'; DROP DATABASE MLOPS_PROD",
    r"SELECT 'a\\'; DROP DATABASE MLOPS_PROD; SELECT 'b'",
    'SELECT 1 AS "a""b"; DROP DATABASE MLOPS_PROD',
    "UNDROP DATABASE MLOPS_PROD",
)
HARMLESS = (
    "SELECT 'DROP DATABASE MLOPS_PROD'",
    r"SELECT 'it\'s a DROP of rain'",
    'SELECT "DROP" FROM T',
    "SELECT 1 -- DROP DATABASE",
    "CREATE TABLE IF NOT EXISTS T (A INT) COMMENT = 'what was DROPped, TRUNCATE'",
    "CREATE OR REPLACE TASK T AS CALL P('TRUNCATE')",
    "CREATE OR REPLACE PROCEDURE P() RETURNS INT LANGUAGE PYTHON",
    "SELECT DROPPED, REPLACE(A, 'x', 'y') FROM T",
    "INSERT INTO T SELECT 1",
)


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_what_takes_away_is_refused(statement: str) -> None:
    with pytest.raises(AccountError, match="Refused before it was sent"):
        guard.check(statement)


@pytest.mark.parametrize("statement", HARMLESS)
def test_words_are_no_deeds(statement: str) -> None:
    guard.check(statement)


@pytest.mark.parametrize("kind", ["database", "schema", "table", "model", "stage", "warehouse"])
def test_there_is_no_way_to_drop_what_holds_data(kind: str) -> None:
    with pytest.raises(AccountError, match=f"the pipeline drops no {kind}"):
        guard.drop(kind, Schema("MLOPS_PROD", "ML") / "X")


def test_a_name_stays_a_name() -> None:
    dropped = guard.drop("task", Schema("D", "S") / 'X"; DROP DATABASE MLOPS_PROD; --')
    assert dropped.statement == 'DROP TASK IF EXISTS "D"."S"."X""; DROP DATABASE MLOPS_PROD; --"'


@pytest.mark.parametrize("query", ["DROP DATABASE MLOPS_PROD", "CALL P()", "DELETE FROM SOURCE.PATIENTS", "BEGIN SELECT 1; END"])
def test_a_check_can_only_ask(query: str) -> None:
    with pytest.raises(DefinitionError, match="A check is a query"):
        Check(query=query, sentence="{count}")
