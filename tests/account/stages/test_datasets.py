from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

Run = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def dataset(run: Run) -> str:
    run('CREATE TABLE T (K VARCHAR, A INT, "f" FLOAT, N NUMBER(10, 2), TS TIMESTAMP_NTZ, B BOOLEAN)')
    run("INSERT INTO T VALUES ('x', 1, 1.5, 1.25, '2024-01-02 03:04:05.678', TRUE), ('y', NULL, NULL, NULL, NULL, NULL)")
    run("CREATE DATASET DS")
    return "DS"


def refusal(run: Run, text: str) -> int:
    with pytest.raises(AccountError) as refused:
        run(text)
    return refused.value.number


def test_it_is_there_once(run: Run, dataset: str) -> None:
    assert refusal(run, "CREATE DATASET DS") == 2002
    assert run("CREATE DATASET IF NOT EXISTS DS") == [("DS already exists, statement succeeded.",)]
    assert [row[1] for row in run("SHOW DATASETS LIKE 'd_' IN SCHEMA D.S STARTS WITH 'D'")] == ["DS"]
    assert run("SHOW DATASETS STARTS WITH 'd'") == []
    assert run("DROP DATASET DS") == [("DS successfully dropped.",)]
    assert refusal(run, "DROP DATASET DS") == 2003


def test_a_version_is_parquet_with_the_types_of_the_query(run: Run, dataset: str, account: Account, session: Session) -> None:
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT * FROM T ORDER BY K)")
    version = session.catalogue.list("DATASET VERSION")[0]
    table = pq.read_table(account.stages.folder_of_version(version) / "data_0_0_0.snappy.parquet")
    assert table.schema.names == ["K", "A", "f", "N", "TS", "B"]
    assert table.schema.types == [pa.string(), pa.int64(), pa.float64(), pa.decimal128(10, 2), pa.timestamp("ns"), pa.bool_()]
    assert table.to_pylist()[0]["N"] == Decimal("1.25")
    assert table.to_pylist()[1] == {"K": "y", "A": None, "f": None, "N": None, "TS": None, "B": None}


def test_comment_and_metadata_come_back(run: Run, dataset: str, session: Session) -> None:
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 1 AS A) COMMENT='d\\'s' METADATA=$${\"$proptype$\": \"\\\\) FROM (\"}$$")
    answer = session.run("SHOW VERSIONS LIKE 'V1' IN DATASET D.S.DS")
    row = dict(zip([column.name for column in answer.columns], run("SHOW VERSIONS LIKE 'V1' IN DATASET D.S.DS")[0], strict=True))
    assert (row["version"], row["comment"], row["metadata"]) == ("v1", "d's", '{"$proptype$": "\\\\) FROM ("}')
    assert row["created_on"].tzinfo is not None
    assert run("SHOW VERSIONS LIKE 'other' IN DATASET DS") == []


def test_the_numbers_that_clients_look_for(run: Run, dataset: str) -> None:
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 1 AS A)")
    assert refusal(run, "ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 1 AS A)") == 399020
    assert refusal(run, "ALTER DATASET NOPE ADD VERSION 'v1' FROM (SELECT 1 AS A)") == 399019
    assert refusal(run, "SHOW VERSIONS IN DATASET NOPE") == 2043
    assert refusal(run, "ALTER DATASET DS DROP VERSION 'v2'") == 399019
    assert refusal(run, "ALTER DATASET DS ADD VERSION 'v2' FROM (SELECT 1 AS A) METADATA = 'not json'") == 1003
    assert refusal(run, "PUT 'file:///x' 'snow://dataset/DS/versions/v1/'") == 3001
    assert refusal(run, "RM snow://dataset/DS/versions/v1/") == 3001


def test_files_are_listed_by_version(run: Run, dataset: str) -> None:
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 1 AS A)")
    run("ALTER DATASET DS ADD VERSION 'v2' FROM (SELECT 1 AS A, 'p' AS P) PARTITION BY P || '/q'")
    assert [row[0] for row in run("LIST snow://dataset/D.S.DS/versions/v1/")] == ["versions/v1/data_0_0_0.snappy.parquet"]
    quoted = 'LIST \'snow://dataset/"D"."S".DS/versions/v2/p\''
    assert [row[0] for row in run(quoted)] == ["versions/v2/p/q/data_0_0_0.snappy.parquet"]
    assert len(run("LIST snow://dataset/DS")) == 2


def test_a_version_that_fails_leaves_nothing(run: Run, dataset: str, account: Account) -> None:
    with pytest.raises(AccountError):
        run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT A::INT AS A FROM (SELECT 'x' AS A))")
    assert run("SHOW VERSIONS IN DATASET DS") == []
    assert [path for path in (account.stages.root / "versions").rglob("*") if path.is_file()] == []


def test_dropping_removes_the_files(run: Run, dataset: str, account: Account) -> None:
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 1 AS A)")
    run("ALTER DATASET DS ADD VERSION 'v2' FROM (SELECT 2 AS A)")
    run("ALTER DATASET DS DROP VERSION 'v1'")
    assert [row[1] for row in run("SHOW VERSIONS IN DATASET DS")] == ["v2"]
    run("DROP DATASET DS")
    assert list((account.stages.root / "versions").iterdir()) == []
