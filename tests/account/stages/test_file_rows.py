"""What DuckDB reads from files, before any SQL of the account's is involved."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import math
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_local.account.engine.engine import Connection, Engine
from mlops_local.account.errors import AccountError
from mlops_local.account.files.file_formats import make_format
from mlops_local.account.files.stages import StagedFile
from mlops_local.account.sql.file_rows import csv_width, read_files
from mlops_local.account.syntax.names import column

Read = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = Engine(None)
    with engine.connect() as opened:
        yield opened
    engine.close()


def staged(path: Path) -> StagedFile:
    return StagedFile(path.name, path, path.stat().st_size, datetime.fromtimestamp(path.stat().st_mtime, tz=UTC))


@pytest.fixture
def read(connection: Connection, tmp_path: Path) -> Read:
    """The columns asked for, of files with these bodies, read in the format of the keyword options."""

    def rows(bodies: dict[str, bytes], columns: str, *, width: int = 1, **options: Any) -> list[tuple[Any, ...]]:
        files = []
        for name, body in bodies.items():
            (tmp_path / name).write_bytes(body)
            files.append(staged(tmp_path / name))
        relation = read_files(connection, files, make_format(options), width, unpacked=tmp_path / "unpacked")
        return connection.fetch(f"SELECT {columns} FROM ({relation.sql})")

    return rows


def test_csv_fields_are_text_and_empty_ones_null(read: Read) -> None:
    body = b'h\n1,"a ""q"", b"\n2,\n3,""\n\\N,x\n'
    found = read({"f.csv": body}, '"$1", "$2", "$3"', width=3, SKIP_HEADER=1, FIELD_OPTIONALLY_ENCLOSED_BY='"')
    assert found == [("1", 'a "q", b', None), ("2", None, None), ("3", "", None), (None, "x", None)]


def test_null_if_and_trim_space(read: Read) -> None:
    found = read({"f": b'" NA ", x\n'}, '"$1", "$2"', FIELD_OPTIONALLY_ENCLOSED_BY='"', NULL_IF=["NA"], TRIM_SPACE=True)
    assert found == [(None, "x")]
    assert read({"f": b"a,\n"}, '"$1", "$2"', EMPTY_FIELD_AS_NULL=False) == [("a", "")]


@pytest.mark.parametrize(
    ("name", "pack", "compression"),
    [
        ("f", gzip.compress, "AUTO"),
        ("f", gzip.compress, "GZIP"),
        ("f", bz2.compress, "AUTO"),
        ("f", zlib.compress, "DEFLATE"),
        ("f*.csv", bytes, "AUTO"),
        ("f[1].csv", bytes, "NONE"),
    ],
)
def test_compression_is_found_by_content_or_said(read: Read, name: str, pack: Callable[[bytes], bytes], compression: str) -> None:
    assert read({name: pack(b"1,2\n3,4\n")}, '"$1", "$2"', width=2, COMPRESSION=compression) == [("1", "2"), ("3", "4")]


def test_what_is_not_compressed_as_said_is_refused(read: Read) -> None:
    with pytest.raises(AccountError, match="COMPRESSION says gzip"):
        read({"f": b"1\n"}, "*", COMPRESSION="GZIP")


def test_files_packed_differently_are_one_relation(read: Read) -> None:
    found = read({"a": b"1\n", "b": gzip.compress(b"2\n3\n")}, '"METADATA$FILENAME", "METADATA$FILE_ROW_NUMBER", "$1"')
    assert sorted(found) == [("a", 1, "1"), ("b", 1, "2"), ("b", 2, "3")]


FIELDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=5))
def test_enclosed_csv_comes_back_as_it_was_written(read: Read, rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    found = read({"f": text.getvalue().encode()}, '"$1", "$2"', FIELD_OPTIONALLY_ENCLOSED_BY='"', NULL_IF=[])
    assert found == rows


def test_json_documents_of_every_shape(read: Read) -> None:
    assert read({"f": b'{"a":1}\n{"a":2}\n'}, "\"$1\"->>'a'", TYPE="JSON") == [("1",), ("2",)]
    assert read({"f": b'{\n"a": 1}{"a":2}'}, "\"$1\"->>'a'", TYPE="JSON") == [("1",), ("2",)]
    assert read({"f": b'[{"a":1},{"a":2}]'}, "count(*)", TYPE="JSON") == [(1,)]
    assert read({"f": b'[{"a":1},{"a":2}]'}, "\"$1\"->>'a'", TYPE="JSON", STRIP_OUTER_ARRAY=True) == [("1",), ("2",)]


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_fields_keep_their_types(read: Read) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678901)
    body = parquet(
        n=[1, None],
        f=[1.5, math.nan],
        t=["x", None],
        b=[b"y", None],
        l=[[1], None],
        ts=pa.array([moment, None], pa.timestamp("ns")),
    )
    columns = ", ".join(column(f"$1:{name}") for name in ("n", "f", "t", "b", "l"))
    first, second = read({"f": body}, f"{columns}, epoch_us({column('$1:ts')})", TYPE="PARQUET")
    assert first == (1, 1.5, "x", "y", "[1]", 1704164645678901)
    assert second[0] is None
    assert math.isnan(second[1])
    assert second[2:] == (None, None, None, None)


def test_parquet_rows_are_json_too(read: Read) -> None:
    body = parquet(a=[1], A=[math.inf], d=[datetime(2024, 1, 2).date()])
    assert read({"f": body}, '"$1"', TYPE="PARQUET") == [('{"A":null,"a":1,"d":"2024-01-02"}',)]


def test_columns_that_differ_by_case_stay_two(read: Read) -> None:
    assert read({"f": parquet(a=[1], A=[2])}, '"$1:a~8", "$1:A"', TYPE="PARQUET") == [(1, 2)]


def test_parquet_files_are_joined_by_column_name(read: Read) -> None:
    found = read({"a": parquet(X=[1]), "b": parquet(Y=["u"])}, '"METADATA$FILENAME", "$1:X", "$1:Y"', TYPE="PARQUET")
    assert sorted(found) == [("a", 1, None), ("b", None, "u")]


def test_no_files_are_no_rows(read: Read) -> None:
    assert read({}, '"$1", "$2"', width=2) == []
    assert read({}, '"$1"', TYPE="PARQUET") == []


def test_the_width_is_that_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "f").write_text('header only\na;"b;c";d\n')
    options = {"FIELD_DELIMITER": ";", "SKIP_HEADER": 1}
    assert csv_width(tmp_path / "f", make_format({**options, "FIELD_OPTIONALLY_ENCLOSED_BY": '"'})) == 3
    assert csv_width(tmp_path / "f", make_format(options)) == 4
