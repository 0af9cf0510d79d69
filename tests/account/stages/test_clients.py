"""The real connector and Snowpark, over HTTP, moving files."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session as Snowpark


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
