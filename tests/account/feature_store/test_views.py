from __future__ import annotations

import pytest

from mlops_local.account.errors import AccountError
from tests.account.tasks.conftest import Run

FEATURE_VIEW = """CREATE VIEW D.S.FV$V1 (K , A COMMENT '', "low" COMMENT 'text')
    COMMENT = 'it''s'
    TAG ( D.S.OBJ = '{"type": "EXTERNAL_FEATURE_VIEW"}' )
    AS SELECT K, V AS A, V + 1 FROM T"""


@pytest.fixture(autouse=True)
def table(run: Run) -> None:
    run("CREATE TABLE T (K VARCHAR, V INT)", "INSERT INTO T VALUES ('a', 1), ('b', 2)", "CREATE TAG OBJ")


def test_keeps_the_statement_verbatim(run: Run) -> None:
    run(FEATURE_VIEW)
    [view] = run("SHOW VIEWS LIKE 'FV$V1' IN D.S")
    assert (view["text"], view["comment"], view["owner"]) == (FEATURE_VIEW, "it's", "ACCOUNTADMIN")


def test_has_the_names_and_comments_of_its_list(run: Run) -> None:
    run(FEATURE_VIEW)
    assert [(row["name"], row["comment"]) for row in run("DESC VIEW D.S.FV$V1")] == [("K", None), ("A", ""), ("low", "text")]
    assert run('SELECT "low", A FROM FV$V1 ORDER BY A') == [{"low": 2, "A": 1}, {"low": 3, "A": 2}]


def test_bare_names_in_the_body_belong_to_the_views_schema(run: Run) -> None:
    run("CREATE VIEW V AS SELECT K FROM T", "CREATE SCHEMA ELSEWHERE", "CREATE TABLE T (K VARCHAR)")
    assert len(run("SELECT * FROM D.S.V")) == 2


def test_sees_what_the_table_has_now(run: Run) -> None:
    run("CREATE VIEW V AS SELECT COUNT(*) AS N FROM T", "INSERT INTO T VALUES ('c', 3)")
    assert run("SELECT N FROM V") == [{"N": 3}]


def test_a_view_of_a_view(run: Run) -> None:
    run("CREATE VIEW V AS SELECT K, V FROM T", "CREATE SECURE VIEW V2 AS SELECT V * 2 AS W FROM V")
    assert run("SELECT SUM(W) AS X FROM V2") == [{"X": 6}]
    assert run("SHOW VIEWS LIKE 'V2'")[0]["is_secure"] == "true"


def test_rename_keeps_text_comment_and_tags(run: Run) -> None:
    run(FEATURE_VIEW, 'ALTER VIEW IF EXISTS FV$V1 RENAME TO D.S."other"')
    [view] = run("SHOW VIEWS LIKE 'other'")
    assert (view["name"], view["text"], view["comment"]) == ("other", FEATURE_VIEW, "it's")
    assert run("SELECT SYSTEM$GET_TAG('OBJ', 'D.S.\"other\"', 'TABLE') AS X")[0]["X"] == '{"type": "EXTERNAL_FEATURE_VIEW"}'


def test_comments_can_change(run: Run) -> None:
    run(FEATURE_VIEW, "ALTER VIEW FV$V1 SET COMMENT = 'x''s'")
    assert run("SHOW VIEWS LIKE 'FV$V1'")[0]["comment"] == "x's"
    run("COMMENT ON VIEW FV$V1 IS 'y'", "ALTER VIEW FV$V1 MODIFY COLUMN A COMMENT 'z'", "COMMENT ON COLUMN FV$V1.K IS 'key'")
    assert run("SHOW VIEWS LIKE 'FV$V1'")[0]["comment"] == "y"
    assert [row["comment"] for row in run("DESC VIEW FV$V1")] == ["key", "z", "text"]


def test_kinds_share_a_namespace(run: Run) -> None:
    with pytest.raises(AccountError):
        run("CREATE OR REPLACE VIEW T AS SELECT 1 AS A")
    with pytest.raises(AccountError, match="'TABLE'") as refusal:
        run("DROP VIEW T")
    assert refusal.value.number == 2203
    assert len(run("SELECT * FROM T")) == 2


def test_or_replace_takes_the_place_of_a_view(run: Run) -> None:
    run(FEATURE_VIEW, "CREATE OR REPLACE VIEW FV$V1 AS SELECT 5 AS X")
    assert run("SELECT * FROM FV$V1") == [{"X": 5}]
    assert run("CREATE VIEW IF NOT EXISTS FV$V1 AS SELECT 6 AS X")[0]["status"] == "FV$V1 already exists, statement succeeded."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE VIEW X (A, B) AS SELECT 1", 2026),
        ("CREATE VIEW X AS SELECT 1 AS A, 2 AS A", 2025),
        ("CREATE VIEW X AS SELECT * FROM NOBODY", 2003),
        ("CREATE VIEW X COLOUR = 'red' AS SELECT 1", 1003),
        ("ALTER VIEW NOBODY SET COMMENT = 'x'", 2003),
        ("ALTER VIEW T SET COMMENT = 'x'", 2203),
        ("COMMENT ON VIEW NOBODY IS 'x'", 2003),
        ("DESC VIEW NOBODY", 2003),
    ],
)
def test_refuses(run: Run, text: str, number: int) -> None:
    with pytest.raises(AccountError) as refusal:
        run(text)
    assert refusal.value.number == number
