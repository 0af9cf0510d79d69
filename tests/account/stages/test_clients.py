"""The real connector and Snowpark, over HTTP, moving files."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.pandas_tools import write_pandas
from snowflake.ml._internal.exceptions.dataset_errors import DatasetExistError, DatasetNotExistError
from snowflake.ml.dataset import Dataset
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark.types import LongType, StringType, StructField, StructType


def query(connection: SnowflakeConnection, text: str, *values: Any) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = connection.cursor().execute(text, *values).fetchall()
    return rows


@pytest.fixture
def stage(connection: SnowflakeConnection) -> str:
    query(connection, "CREATE OR REPLACE TEMPORARY STAGE ST")
    return "@ST"


def test_files_go_up_and_come_back(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"{name},1\n")
    put = query(connection, f"PUT 'file://{tmp_path}/*.csv' @ST/dir")
    assert [(row[0], row[1], row[6]) for row in put] == [("a.csv", "a.csv.gz", "UPLOADED"), ("b.csv", "b.csv.gz", "UPLOADED")]
    assert [row[0] for row in query(connection, "LIST @ST")] == ["st/dir/a.csv.gz", "st/dir/b.csv.gz"]
    back = tmp_path / "back"
    back.mkdir()
    got = query(connection, f"GET @ST/dir/a 'file://{back}'")
    assert [(row[0], row[2]) for row in got] == [("dir/a.csv.gz", "DOWNLOADED")]
    assert gzip.decompress((back / "a.csv.gz").read_bytes()) == b"a.csv,1\n"


def test_streams(snowpark: Snowpark, stage: str) -> None:
    body = b"x" * 5_000_000
    snowpark.file.put_stream(io.BytesIO(body), "@ST/deep/f.bin", auto_compress=False)
    assert snowpark.file.get_stream("@ST/deep/f.bin").read() == body
    snowpark.file.put_stream(io.BytesIO(b"text"), "@ST/deep/f.txt")
    assert snowpark.file.get_stream("@ST/deep/f.txt.gz", decompress=True).read() == b"text"


def test_what_the_connector_uploads_by_itself(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    cursor = connection.cursor()
    cursor._upload(f"'file://{tmp_path}/a.csv'", "@ST/own", {"parallel": 4, "source_compression": "auto_detect"})
    cursor._upload_stream(io.BytesIO(b"2"), "@ST/own/b.bin", {"auto_compress": False})
    assert [row[0] for row in query(connection, "LIST @ST")] == ["st/own/a.csv.gz", "st/own/b.bin"]


def test_a_second_put_without_overwrite_keeps_the_first(connection: SnowflakeConnection, stage: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("first")
    query(connection, f"PUT 'file://{tmp_path}/f' @ST AUTO_COMPRESS=FALSE OVERWRITE=FALSE")
    (tmp_path / "f").write_text("the second")
    query(connection, f"PUT 'file://{tmp_path}/f' @ST AUTO_COMPRESS=FALSE OVERWRITE=FALSE")
    assert query(connection, "LS @ST")[0][1] == len("first")


FRAME = pd.DataFrame({
    "K": ["a", "b", None],
    "lower": [1, 2, 3],
    "F": [1.5, float("nan"), 2.0],
    "TS": pd.to_datetime(["2024-01-01 10:00:00.123456", "2024-01-02 00:00:00.000000", None]),
    "B": [True, False, None],
    "D": [date(2024, 1, 1), None, None],
})  # fmt: skip
ROWS = [
    ("a", 1, 1.5, datetime(2024, 1, 1, 10, 0, 0, 123456), True, date(2024, 1, 1)),
    ("b", 2, None, datetime(2024, 1, 2), False, None),
    (None, 3, 2.0, None, None, None),
]


def test_write_pandas_creates_appends_and_replaces(connection: SnowflakeConnection) -> None:
    assert write_pandas(connection, FRAME, "wp", auto_create_table=True, use_logical_type=True)[:3] == (True, 1, 3)
    types = [(row[0], row[1]) for row in query(connection, 'DESCRIBE TABLE "wp"')]
    assert types == [
        ("K", "VARCHAR(16777216)"), ("lower", "NUMBER(38,0)"), ("F", "FLOAT"), ("TS", "TIMESTAMP_NTZ(9)"), ("B", "BOOLEAN"),
        ("D", "DATE"),
    ]  # fmt: skip
    assert query(connection, 'SELECT * FROM "wp"') == ROWS
    write_pandas(connection, FRAME, "wp")
    assert query(connection, 'SELECT COUNT(*) FROM "wp"') == [(6,)]
    write_pandas(connection, FRAME, "wp", overwrite=True)
    assert query(connection, 'SELECT * FROM "wp"') == ROWS
    write_pandas(connection, FRAME[["K"]], "wp", auto_create_table=True, overwrite=True)
    assert query(connection, 'SELECT * FROM "wp"') == [("a",), ("b",), (None,)]


def test_write_pandas_in_chunks(connection: SnowflakeConnection) -> None:
    frame = pd.DataFrame({"A": range(1000)})
    for name, bulk in (("ONE_BY_ONE", False), ("AT_ONCE", True)):
        answer = write_pandas(connection, frame, name, auto_create_table=True, chunk_size=300, bulk_upload_chunks=bulk)
        assert answer[:3] == (True, 4, 1000)
        assert query(connection, f"SELECT COUNT(DISTINCT A), SUM(A) FROM {name}") == [(1000, sum(range(1000)))]


def test_write_pandas_without_quotes_and_with_zones(connection: SnowflakeConnection) -> None:
    frame = pd.DataFrame({"mixed": ["x"], "z": pd.to_datetime(["2024-01-01 10:00:00"], utc=True)})
    write_pandas(connection, frame, "plain", auto_create_table=True, quote_identifiers=False, use_logical_type=True)
    assert query(connection, "SELECT MIXED, Z FROM PLAIN") == [("x", datetime(2024, 1, 1, 10, tzinfo=UTC))]


def test_frames_become_snowpark_frames_and_back(snowpark: Snowpark) -> None:
    assert [tuple(row) for row in snowpark.create_dataframe(FRAME).collect()] == ROWS
    nested = snowpark.create_dataframe(pd.DataFrame({"L": [[1, 2], [3]], "O": [{"a": 1}, {"a": 2}]}))
    assert [(json.loads(row[0]), json.loads(row[1])) for row in nested.collect()] == [([1, 2], {"a": 1}), ([3], {"a": 2})]


def test_snowpark_reads_and_writes_files(snowpark: Snowpark, stage: str, tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "f.csv", index=False)
    FRAME.to_parquet(tmp_path / "f.parquet")
    snowpark.file.put(f"file://{tmp_path}/f.*", "@ST/in", auto_compress=False)
    schema = StructType([StructField("K", StringType()), StructField("N", LongType())])
    rows = snowpark.read.schema(schema).option("skip_header", 1).csv("@ST/in/f.csv").collect()
    assert [tuple(row) for row in rows] == [("a", 1), ("b", 2), (None, 3)]
    frame = snowpark.read.parquet("@ST/in/f.parquet")
    assert [tuple(row) for row in frame.collect()] == ROWS
    frame.write.copy_into_location("@ST/out/f.parquet", file_format_type="parquet", header=True, overwrite=True, single=True)
    assert [tuple(row) for row in snowpark.read.parquet("@ST/out/f.parquet").collect()] == ROWS
    names = snowpark.sql("ls @ST/out").select('"name"').collect()
    assert [row[0] for row in names] == ["st/out/f.parquet"]


def test_a_dataset_from_its_creation_to_its_end(snowpark: Snowpark) -> None:
    dataset = Dataset.create(snowpark, "D.S.DS")
    with pytest.raises(DatasetExistError):
        Dataset.create(snowpark, "D.S.DS", exist_ok=False)
    frame = snowpark.create_dataframe([("x", 1, 1.5), ("y", 2, None)], schema=["K", "A", "F"])
    version = dataset.create_version("v1", frame, comment="it's one")
    with pytest.raises(DatasetExistError):
        dataset.create_version("v1", frame)
    assert [path.rsplit("/", 1)[1] for path in version.read.files()] == ["data_0_0_0.snappy.parquet"]
    read = version.read.to_pandas().sort_values("K", ignore_index=True)
    assert read["A"].tolist() == [1, 2]
    assert version.selected_version is not None
    assert version.selected_version.comment == "it's one"
    assert sorted(tuple(row) for row in version.read.to_snowpark_dataframe().collect()) == [("x", 1, 1.5), ("y", 2, None)]
    loaded = Dataset.load(snowpark, "D.S.DS")
    assert loaded.list_versions() == ["v1"]
    loaded.delete_version("v1")
    assert loaded.list_versions() == []
    loaded.delete()
    with pytest.raises(DatasetNotExistError):
        Dataset.load(snowpark, "D.S.DS")
