from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_local.account.errors import AccountError
from tests.account.tasks.conftest import Run


@pytest.fixture(autouse=True)
def objects(run: Run) -> None:
    run("CREATE TAG KEYS ALLOWED_VALUES 'K1,K2', 'x' COMMENT = 'it''s'", "CREATE TAG FREE", "CREATE TABLE T (A INT)")


def carriers(run: Run, tag: str) -> list[dict[str, Any]]:
    [row] = run(f"""SELECT ENTITY_DETAIL('TAG', '{tag}', '["TAG_REFERENCES_INTERNAL"]') AS X;""")
    found: list[dict[str, Any]] = json.loads(row["X"])["referencedEntities"]["tagReferenceList"]
    return found


def value(run: Run, tag: str, name: str, domain: str = "TABLE") -> Any:
    return run(f"SELECT SYSTEM$GET_TAG('{tag}', '{name}', '{domain}') AS X")[0]["X"]


def test_shows_tags_as_the_feature_store_reads_them(run: Run) -> None:
    [tag] = run("SHOW TAGS LIKE 'KEY%' IN D.S")
    assert (tag["name"], tag["allowed_values"], tag["comment"], tag["owner"]) == ("KEYS", '["K1,K2","x"]', "it's", "ACCOUNTADMIN")
    assert run("SHOW TAGS LIKE 'FREE' IN SCHEMA D.S")[0]["allowed_values"] is None


def test_alters_tags(run: Run) -> None:
    run(
        "ALTER TAG KEYS SET COMMENT = 'new'",
        "ALTER TAG KEYS ADD ALLOWED_VALUES 'y'",
        "ALTER TAG KEYS DROP ALLOWED_VALUES 'x'",
        "ALTER TAG KEYS RENAME TO OTHER",
    )
    [tag] = run("SHOW TAGS LIKE 'OTHER'")
    assert (tag["comment"], json.loads(tag["allowed_values"])) == ("new", ["K1,K2", "y"])


@pytest.mark.parametrize(
    ("statement", "name", "domain"),
    [
        ("CREATE VIEW X TAG (D.S.FREE = 'v') AS SELECT 1 AS A", "X", "TABLE"),
        ("CREATE TABLE X (A INT) WITH TAG (FREE = 'v')", "X", "TABLE"),
        ("CREATE DYNAMIC TABLE X TARGET_LAG = '1 minute' WAREHOUSE = W TAG (FREE = 'v') AS SELECT A FROM T", "X", "TABLE"),
        ("CREATE TASK X WAREHOUSE = W TAG (FREE = 'v') AS SELECT 1", "X", "TASK"),
        ("ALTER TABLE T SET TAG FREE = 'v'", "T", "TABLE"),
    ],
)
def test_tags_are_given_with_create_and_alter(run: Run, statement: str, name: str, domain: str) -> None:
    run(statement)
    assert [(one["entityName"], one["domain"], one["tagValue"]) for one in carriers(run, "D.S.FREE")] == [(name, domain, "v")]
    assert value(run, "D.S.FREE", f"D.S.{name}", domain) == "v"


def test_references_follow_a_rename_and_die_with_the_object(run: Run) -> None:
    run("ALTER TABLE T SET TAG FREE = 'v'", "ALTER TABLE T RENAME TO T2")
    assert [one["entityName"] for one in carriers(run, "FREE")] == ["T2"]
    run("CREATE OR REPLACE TABLE T2 (B INT)")
    assert carriers(run, "FREE") == []


def test_a_dropped_tag_vanishes_from_its_objects(run: Run) -> None:
    run("ALTER TABLE T SET TAG FREE = 'v', KEYS = 'x'", "DROP TAG FREE")
    [row] = run("""SELECT ENTITY_DETAIL('table', 'D.S.T', '["TAG_REFERENCES"]') AS X""")
    listed = json.loads(row["X"])["tagReferencesInfo"]["tagReferenceList"]
    assert [(one["tagName"], one["tagValue"]) for one in listed] == [("KEYS", "x")]


def test_unsets_tags(run: Run) -> None:
    run("ALTER TABLE T SET TAG FREE = 'v'", "ALTER TABLE T UNSET TAG FREE")
    assert value(run, "FREE", "T") is None


def test_a_value_that_is_not_allowed_is_refused(run: Run) -> None:
    with pytest.raises(AccountError, match="not permitted") as refusal:
        run("CREATE VIEW X TAG (KEYS = 'other') AS SELECT 1 AS A")
    assert refusal.value.number == 391801
    assert run("SHOW VIEWS LIKE 'X'") == []


def test_tag_references_lists_what_is_in_force(run: Run) -> None:
    run("ALTER TABLE T SET TAG KEYS = 'x'")
    found = run(
        "SELECT TAG_DATABASE, TAG_SCHEMA, TAG_NAME, TAG_VALUE, LEVEL FROM TABLE(D.INFORMATION_SCHEMA.TAG_REFERENCES($$D.S.T$$, 'TABLE'))"
    )
    assert found == [{"TAG_DATABASE": "D", "TAG_SCHEMA": "S", "TAG_NAME": "KEYS", "TAG_VALUE": "x", "LEVEL": "TABLE"}]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE TAG FREE", 2002),
        ("DROP TAG NOBODY", 2003),
        ("ALTER TABLE T SET TAG NOBODY = 'v'", 2003),
        ("CREATE TAG X MASKING POLICY P", 1003),
        ("SELECT SYSTEM$GET_TAG('NOBODY', 'T', 'TABLE')", 2003),
    ],
)
def test_refuses(run: Run, text: str, number: int) -> None:
    with pytest.raises(AccountError) as refusal:
        run(text)
    assert refusal.value.number == number
