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
from mlops_local.account.session import Session

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
        "COPY INTO @ST FROM T MAX_FILE_SIZE = 1",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = CSV DATE_FORMAT = 'DD.MM.YYYY')",
        "COPY INTO @ST FROM NOPE",
        "COPY INTO @NOPE FROM T",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = JSON)",
        "COPY INTO @ST FROM T FILE_FORMAT = (TYPE = CSV COMPRESSION = BZ2)",
        "COPY INTO 's3://bucket' FROM T",
    ],
)
def test_what_it_cannot_do_is_refused(run: Run, folder: Path, text: str) -> None:
    with pytest.raises(AccountError):
        run(text)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
