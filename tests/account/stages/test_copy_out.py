from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

Run = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def folder(run: Run, account: Account, session: Session) -> Path:
    """Where the files of the stage are; a table T is there to be unloaded."""
    run("CREATE STAGE ST")
    run('CREATE TABLE T (A INT, "b" VARCHAR, D DATE, TS TIMESTAMP_NTZ, B BOOLEAN)')
    run("INSERT INTO T VALUES (1, 'x, \"y\"', '2024-01-02', '2024-01-02 03:04:05.678', TRUE), (NULL, NULL, NULL, NULL, NULL)")
    return account.stages.folder(session.get("STAGE", ("ST",)))


def test_csv_is_compressed_and_null_is_marked(run: Run, folder: Path) -> None:
    answer = run("COPY INTO @ST/d/ FROM T HEADER = TRUE FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"')")
    assert answer[0][0] == 2
    assert gzip.decompress((folder / "d/data_0_0_0.csv.gz").read_bytes()).decode() == (
        '"A","b","D","TS","B"\n1,"x, ""y""",2024-01-02,2024-01-02 03:04:05.678,true\n\\N,\\N,\\N,\\N,\\N\n'
    )


def test_parquet_keeps_names_and_types(run: Run, folder: Path) -> None:
    run("COPY INTO '@ST/f.parquet' FROM (SELECT * FROM T) FILE_FORMAT=(TYPE=parquet) overwrite=True single=True HEADER=True")
    table = pq.read_table(folder / "f.parquet")
    assert table.schema.names == ["A", "b", "D", "TS", "B"]
    assert table.schema.types == [pa.int64(), pa.string(), pa.date32(), pa.timestamp("ns"), pa.bool_()]


def test_what_goes_out_comes_back(run: Run, folder: Path) -> None:
    run("CREATE TABLE BACK LIKE T")
    run("COPY INTO @ST/out/ FROM T FILE_FORMAT = (TYPE = PARQUET) HEADER = TRUE")
    run("COPY INTO BACK FROM @ST/out/ FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE")
    assert run("SELECT * FROM BACK") == run("SELECT * FROM T")


def test_json_is_a_document_a_line(run: Run, folder: Path) -> None:
    run("COPY INTO @ST/j FROM (SELECT OBJECT_CONSTRUCT('a', A) FROM T WHERE A = 1) FILE_FORMAT=(TYPE=JSON COMPRESSION=NONE)")
    assert (folder / "j_0_0_0.json").read_text().replace(" ", "") == '{"a":1}\n'


def test_files_are_not_written_over_unless_said(run: Run, folder: Path) -> None:
    run("COPY INTO @ST/d/ FROM T")
    with pytest.raises(AccountError) as refused:
        run("COPY INTO @ST/d/ FROM T")
    assert refused.value.number == 1030
    run("COPY INTO @ST/d/ FROM T OVERWRITE = TRUE")


def test_no_rows_are_no_file(run: Run, folder: Path) -> None:
    assert run("COPY INTO @ST/d/ FROM (SELECT * FROM T WHERE FALSE)") == [(0, 0, 0)]
    assert run("LS @ST") == []


@pytest.mark.parametrize(
    "text",
    [
        "COPY INTO @ST FROM T NO_SUCH_OPTION = 1",
        "COPY INTO @ST FROM T PARTITION BY (A) SINGLE = TRUE",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = CSV DATE_FORMAT = 'DD.MM.YYYY')",
        "COPY INTO @ST FROM NOPE",
        "COPY INTO @NOPE FROM T",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = JSON)",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = CSV COMPRESSION = BZ2)",
        "COPY INTO 's3://bucket' FROM T",
    ],
)
def test_what_it_cannot_do_is_refused(run: Run, folder: Path, text: str) -> None:
    with pytest.raises(AccountError) as kept:
        run(text)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    run("SELECT 1")  # the rows that were to be unloaded no longer occupy the session, though the error is still looked at
    assert kept.value.message


def test_a_file_for_each_partition_is_named_by_the_query(run: Run, folder: Path) -> None:
    run("INSERT INTO T (A) VALUES (2), (2)")
    answer = run("COPY INTO @ST/p/ FROM (SELECT A FROM T) PARTITION BY ('a=' || A) FILE_FORMAT = (TYPE = CSV COMPRESSION = NONE)")
    assert answer[0][0] == 4
    found = {path.parent.name: path.read_text() for path in (folder / "p").rglob("*.csv")}
    assert found == {"a=1": "1\n", "a=2": "2\n2\n", "__NULL__": "\\N\n"}
    query_id = run("SELECT LAST_QUERY_ID()")[0][0]
    assert {path.name for path in folder.rglob("*.csv")} == {f"data_{query_id}_0_0_0.csv"}


@pytest.mark.parametrize("type_", ["CSV COMPRESSION = NONE", "PARQUET", "JSON"])
def test_a_full_file_is_followed_by_another(run: Run, folder: Path, type_: str) -> None:
    run("CREATE TABLE BIG AS SELECT OBJECT_CONSTRUCT('n', SEQ4()) AS V FROM TABLE(GENERATOR(ROWCOUNT => 1000))")
    answer = run(f"COPY INTO @ST/m/ FROM BIG FILE_FORMAT = (TYPE = {type_}) MAX_FILE_SIZE = 4000 DETAILED_OUTPUT = TRUE")
    assert len(answer) > 1
    assert sum(row[2] for row in answer) == 1000
    assert {row[0] for row in answer} == {path.relative_to(folder).as_posix() for path in (folder / "m").iterdir()}


def test_validation_answers_the_rows_and_writes_nothing(run: Run, folder: Path) -> None:
    assert run("COPY INTO @ST FROM (SELECT A FROM T ORDER BY A) VALIDATION_MODE = RETURN_ROWS") == [(1,), (None,)]
    assert not list(folder.rglob("*.csv*"))
