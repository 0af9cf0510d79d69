from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.files.transfers import ROUTE
from mlops_local.account.session.session import Request, Session

Run = Callable[[str], list[tuple[Any, ...]]]
Put = Callable[..., None]


@pytest.fixture
def stage(run: Run) -> str:
    run("CREATE STAGE ST")
    run("CREATE FILE FORMAT PQ TYPE = PARQUET")
    run("CREATE FILE FORMAT CS TYPE = CSV SKIP_HEADER = 1")
    run("CREATE FILE FORMAT HD TYPE = CSV PARSE_HEADER = TRUE")
    run("CREATE FILE FORMAT JS TYPE = JSON")
    return "@ST"


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def inferred(run: Run, location: str, file_format: str, more: str = "") -> list[tuple[Any, ...]]:
    listed = f"TABLE(INFER_SCHEMA(LOCATION => '{location}', FILE_FORMAT => '{file_format}'{more}))"
    return run(f"SELECT COLUMN_NAME, TYPE, NULLABLE, EXPRESSION, FILENAMES FROM {listed} ORDER BY ORDER_ID")


def test_csv_fields_are_read_by_number(run: Run, put: Put, stage: str) -> None:
    put("a.csv", "@ST/c", b"h,i\n1,x\n2,y\n")
    ordered = run("SELECT $2, $1::INT + 1 AS N, $3 FROM @ST/c ( FILE_FORMAT => 'CS') ORDER BY N DESC")
    assert ordered == [("y", 3, None), ("x", 2, None)]
    assert run("SELECT t.$2 FROM '@ST/c' (FILE_FORMAT => CS, PATTERN => '.*a[.]csv') t WHERE t.$1 = '2'") == [("y",)]
    assert run("SELECT $1 FROM @ST/c (FILE_FORMAT => 'CS', PATTERN => '.*b[.]csv')") == []


def test_metadata_columns(run: Run, put: Put, stage: str) -> None:
    put("a.csv", "@ST/c", b"h\n1\n2\n")
    assert run("SELECT METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, $1 FROM @ST/c (FILE_FORMAT => 'CS')") == [
        ("c/a.csv", 1, "1"), ("c/a.csv", 2, "2"),
    ]  # fmt: skip


def test_parquet_fields_are_read_by_name(run: Run, put: Put, stage: str) -> None:
    put("data_1.parquet", "@ST/p", parquet(K=["a", "b"], n=[1, None], l=[[{"x": 5}], None]))
    source = "@ST/p (FILE_FORMAT => 'PQ')"
    fields = '$1:"K"::TEXT AS "K", $1:n::NUMBER(38, 0) AS N, $1:l[0].x::INT, $1:nope::INT'
    assert run(f"SELECT {fields} FROM {source}") == [("a", 1, 5, None), ("b", None, None, None)]
    joined = run(f"SELECT x.$1:K::TEXT, y.$1:n::INT FROM {source} x JOIN {source} y ON x.$1:K = y.$1:K")
    assert sorted(joined) == [("a", 1), ("b", None)]
    put("f", "@ST/j", b'{"K": 7}')
    mixed = f"SELECT p.$1:K::TEXT, j.$1:K::INT FROM {source} AS p, @ST/j (FILE_FORMAT => 'JS') AS j"
    assert sorted(run(mixed)) == [("a", 7), ("b", 7)]


def test_describing_knows_the_types(session: Session, put: Put, stage: str) -> None:
    put("f", "@ST/p", parquet(K=["a"], n=[1]))
    text = "SELECT $1:K::TEXT AS K, $1:n::FLOAT AS N, $1:n AS V FROM @ST/p (FILE_FORMAT => 'PQ')"
    answer = session.execute(Request(text, describe_only=True))
    assert [(column.name, column.type.name) for column in answer.columns] == [("K", "TEXT"), ("N", "REAL"), ("V", "VARIANT")]


def test_a_view_over_a_stage_sees_what_is_there_now(run: Run, put: Put, stage: str) -> None:
    run("CREATE VIEW W AS SELECT $1::INT AS A FROM @ST/c")
    put("a", "@ST/c", b"1\n")
    put("b", "@ST/c", b"2\n")
    assert sorted(run("SELECT A FROM W")) == [(1,), (2,)]


def test_columns_of_parquet_files(run: Run, put: Put, stage: str) -> None:
    moment = datetime(2024, 1, 2, tzinfo=UTC)
    put("f", "@ST/p", parquet(
        K=["a"], n=[1], f=[1.5], d=[Decimal("1.25")], day=[moment.date()], b=[True], l=[[1]],
        t=pa.array([moment.replace(tzinfo=None)], pa.timestamp("ns")), z=pa.array([moment], pa.timestamp("us", tz="UTC")),
    ))  # fmt: skip
    found = inferred(run, "@ST/p", "PQ")
    assert [(row[0], row[1]) for row in found] == [
        ("K", "TEXT"), ("n", "NUMBER(38, 0)"), ("f", "REAL"), ("d", "NUMBER(3, 2)"), ("day", "DATE"), ("b", "BOOLEAN"),
        ("l", "VARIANT"), ("t", "TIMESTAMP_NTZ"), ("z", "TIMESTAMP_LTZ"),
    ]  # fmt: skip
    assert found[0][2:] == (True, "$1:K::TEXT", "p/f")
    assert found[1][3] == '$1:"n"::NUMBER(38, 0)'


def test_columns_of_csv_files(run: Run, put: Put, stage: str) -> None:
    header = b"id,x,day,at,ok,name,big,none\n"
    first, second = b"1,1.5,2024-01-02,2024-01-02 03:04:05,true,a,1e9,\n", b"-20,12.25,2024-1-3,2024-01-02T00:00,FALSE,7,2,\n"
    put("f", "@ST/c", header + first + second)
    assert [(row[0], row[1]) for row in inferred(run, "@ST/c", "HD")] == [
        ("id", "NUMBER(2, 0)"), ("x", "NUMBER(4, 2)"), ("day", "DATE"), ("at", "TIMESTAMP_NTZ"), ("ok", "BOOLEAN"),
        ("name", "TEXT"), ("big", "REAL"), ("none", "TEXT"),
    ]  # fmt: skip
    assert [row[0] for row in inferred(run, "@ST/c", "CS")] == ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"]


def test_columns_of_json_files(run: Run, put: Put, stage: str) -> None:
    put("f", "@ST/j", b'{"a": 1, "b": "x", "c": {"d": 1}}\n{"a": 2, "c": [1]}')
    assert [(row[0], row[1]) for row in inferred(run, "@ST/j", "JS")] == [("a", "NUMBER(38, 0)"), ("b", "TEXT"), ("c", "VARIANT")]


def test_inference_looks_at_as_many_files_as_said(run: Run, put: Put, stage: str) -> None:
    put("a", "@ST/p", parquet(A=[1]))
    put("b", "@ST/p", parquet(B=[1]))
    assert [row[0] for row in inferred(run, "@ST/p", "PQ")] == ["A", "B"]
    assert [row[0] for row in inferred(run, "@ST/p", "PQ", ", MAX_FILE_COUNT => 1")] == ["A"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $1 FROM @NOPE",
        "SELECT $1 FROM @ST (FILE_FORMAT => 'NOPE')",
        "SELECT * FROM TABLE(INFER_SCHEMA(LOCATION => '@ST/nothing', FILE_FORMAT => 'PQ'))",
        "SELECT * FROM TABLE(INFER_SCHEMA(LOCATION => '@ST', FILE_FORMAT => 'PQ', WHAT => 1))",
        "SELECT GET_PRESIGNED_URL(@ST, 'nothing')",
    ],
)
def test_what_is_not_there_is_refused(run: Run, stage: str, text: str) -> None:
    with pytest.raises(AccountError):
        run(text)


def test_a_presigned_address_reads_one_file(run: Run, put: Put, stage: str, account: Account) -> None:
    put("f", "@ST/d", b"body")
    for call in ("GET_PRESIGNED_URL(@ST, 'd/f')", "get_presigned_url('@ST/d', 'f', 60)"):
        address = run(f"SELECT {call} AS url")[0][0]
        transfer = account.transfers.resolve(address.split(ROUTE)[1].split("/")[0])
        assert transfer is not None
        assert (transfer.mode, transfer.path.read_bytes()) == ("GET", b"body")


def test_versions_of_datasets_are_read_like_stages(run: Run, stage: str) -> None:
    run("CREATE DATASET DS")
    run("ALTER DATASET DS ADD VERSION 'v1' FROM (SELECT 'x' AS K, 1 AS A)")
    read = 'SELECT $1:"K"::TEXT AS K, $1:A::INT AS A FROM snow://dataset/D.S.DS/versions/v1/'
    assert run(f"{read}( FILE_FORMAT => 'PQ', PATTERN => '.*data_.*[.]parquet')") == [("x", 1)]
    found = inferred(run, "snow://dataset/D.S.DS/versions/v1/", "PQ")
    assert [row[:2] for row in found] == [("K", "TEXT"), ("A", "NUMBER(38, 0)")]
    address = "get_presigned_url('snow://dataset/D.S.DS/versions/v1', 'data_0_0_0.snappy.parquet', 14400)"
    assert ROUTE in run(f"select 'v1/f' as name, {address} as url")[0][1]


def test_a_table_takes_the_columns_of_files(run: Run, put: Put) -> None:
    run("CREATE STAGE TEMPLATES")
    run("CREATE FILE FORMAT HEADED TYPE = CSV PARSE_HEADER = TRUE")
    put("f.csv", "@TEMPLATES", b"ID,name\n1,x\n22,y\n")
    inferred = "SELECT ARRAY_AGG(OBJECT_CONSTRUCT(*)) WITHIN GROUP (ORDER BY ORDER_ID) FROM TABLE(INFER_SCHEMA("
    run(f"CREATE TABLE MADE USING TEMPLATE ({inferred}LOCATION => '@TEMPLATES', FILE_FORMAT => 'HEADED')))")
    assert [row[:2] for row in run("DESCRIBE TABLE MADE")] == [("ID", "NUMBER(2,0)"), ("name", "VARCHAR(16777216)")]
    run("COPY INTO MADE FROM @TEMPLATES FILE_FORMAT = HEADED MATCH_BY_COLUMN_NAME = CASE_SENSITIVE")
    assert run("SELECT SUM(ID) FROM MADE") == [(23,)]
    with pytest.raises(AccountError, match="USING TEMPLATE takes a query"):
        run("CREATE TABLE UNMADE USING TEMPLATE (SELECT 1)")


def test_a_directory_tells_what_the_last_refresh_has_found(run: Run, put: Put) -> None:
    run("CREATE STAGE LISTED DIRECTORY = (ENABLE = TRUE)")
    put("a.txt", "@LISTED/in", b"1")
    put("b.txt", "@LISTED", b"22")
    listed = "SELECT RELATIVE_PATH, SIZE FROM DIRECTORY(@LISTED) ORDER BY 1"
    assert run(listed) == []
    assert [row[:2] for row in run("ALTER STAGE LISTED REFRESH SUBPATH = 'in'")] == [("in/a.txt", "REGISTERED_NEW")]
    assert run(listed) == [("in/a.txt", 1)]
    put("a.txt", "@LISTED/in", b"333", "AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
    run("ALTER STAGE LISTED REFRESH")
    assert run(listed) == [("b.txt", 2), ("in/a.txt", 3)]
    run("REMOVE @LISTED/in")
    assert [row[:2] for row in run("ALTER STAGE LISTED REFRESH")] == [("in/a.txt", "UNREGISTERED")]
    found = run(
        "SELECT d.FILE_URL LIKE '%/api/files/D/S/LISTED/b.txt', d.MD5 = d.ETAG, d.LAST_MODIFIED IS NULL FROM DIRECTORY(@LISTED) d"
    )
    assert found == [(True, True, False)]
    run("CREATE STAGE UNLISTED")
    with pytest.raises(AccountError, match="does not have a directory table"):
        run("SELECT * FROM DIRECTORY(@UNLISTED)")
