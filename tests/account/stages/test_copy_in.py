from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Request, Session

Run = Callable[[str], list[tuple[Any, ...]]]
Put = Callable[..., None]

CSV = "FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"


@pytest.fixture
def stage(run: Run) -> str:
    run("CREATE STAGE ST")
    run("CREATE TABLE T (A INT, B VARCHAR(3))")
    return "@ST"


def refusal(run: Run, text: str) -> AccountError:
    with pytest.raises(AccountError) as refused:
        run(text)
    return refused.value


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_a_file_is_loaded_once(run: Run, put: Put, stage: str) -> None:
    put("f.csv", stage, b'a,b\n1,x\n2,\n,"y,z"\n')
    assert run(f"COPY INTO T FROM @ST {CSV}") == [("st/f.csv", "LOADED", 3, 3, 1, 0, None, None, None, None)]
    assert run("SELECT * FROM T") == [(1, "x"), (2, None), (None, "y,z")]
    assert run(f"COPY INTO T FROM @ST {CSV}") == [("Copy executed with 0 files processed.",)]
    assert run(f"COPY INTO T FROM @ST {CSV} FORCE = TRUE")[0][3] == 3
    put("f.csv", stage, b"a,b\n4,w\n", "AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
    assert run(f"COPY INTO T FROM @ST {CSV}")[0][3] == 1
    run("TRUNCATE TABLE T")
    assert run(f"COPY INTO T FROM @ST {CSV}")[0][3] == 1
    assert run("SELECT * FROM T") == [(4, "w")]


def test_each_type_is_read_from_text(run: Run, put: Put, stage: str) -> None:
    run("CREATE TABLE U (N NUMBER(10,2), F FLOAT, D DATE, T TIMESTAMP_NTZ, B BOOLEAN, X BINARY, V VARIANT)")
    put("f", stage, b"1.255,1e3,2024-01-02,2024-01-02 03:04:05.678,yes,AB01,v\n")
    run("COPY INTO U FROM @ST")
    assert run("SELECT N, F, D, T, B, X, V::VARCHAR FROM U") == [
        (Decimal("1.26"), 1000.0, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5, 678000), True, b"\xab\x01", "v")
    ]


def test_dates_of_another_format(run: Run, put: Put, stage: str) -> None:
    run("CREATE TABLE U (D DATE)")
    put("f", stage, b"31.12.2024\n")
    run("COPY INTO U FROM @ST FILE_FORMAT = (TYPE = CSV DATE_FORMAT = 'DD.MM.YYYY')")
    assert run("SELECT * FROM U") == [(date(2024, 12, 31),)]


@pytest.mark.parametrize(
    ("body", "number", "words"),
    [
        (b"x,a\n", 100038, "Numeric value 'x' is not recognized"),
        (b"1,abcd\n", 100078, "String 'abcd' is too long and would be truncated"),
        (b"1,a,more\n", 100080, "Number of columns in file (3) does not match that of the corresponding table (2)"),
    ],
)
def test_what_does_not_fit_is_named(run: Run, put: Put, stage: str, body: bytes, number: int, words: str) -> None:
    put("f", stage, b"1,a\n" + body if number != 100080 else body)
    error = refusal(run, "COPY INTO T FROM @ST")
    assert error.number == number
    assert words in error.message
    assert "File 'f'" in error.message
    assert run("SELECT * FROM T") == []


def test_on_error(run: Run, put: Put, stage: str) -> None:
    put("bad", stage, b"1,a\nx,b\n3,c\n")
    put("good", stage, b"4,d\n")
    assert run("COPY INTO T FROM @ST ON_ERROR = 'skip_file'") == [
        ("st/bad", "LOAD_FAILED", 3, 0, 1, 1, "Numeric value 'x' is not recognized", 2, None, '"T"["A"]'),
        ("st/good", "LOADED", 1, 1, 1, 0, None, None, None, None),
    ]
    assert run("COPY INTO T FROM @ST ON_ERROR = CONTINUE") == [
        ("st/bad", "PARTIALLY_LOADED", 3, 2, 3, 1, "Numeric value 'x' is not recognized", 2, None, '"T"["A"]')
    ]
    assert sorted(run("SELECT * FROM T")) == [(1, "a"), (3, "c"), (4, "d")]
    assert [row[0] for row in run("COPY INTO T FROM @ST FORCE = TRUE ON_ERROR = SKIP_FILE RETURN_FAILED_ONLY = TRUE")] == [
        "st/bad"
    ]


def test_texts_are_cut_only_when_that_is_said(run: Run, put: Put, stage: str) -> None:
    put("p", "@ST/p", parquet(A=[1], B=["abcd"]))
    matched = "COPY INTO T FROM @ST/p FILE_FORMAT = (TYPE = PARQUET) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE"
    assert refusal(run, matched).number == 100078
    assert refusal(run, "COPY INTO T FROM (SELECT $1:A, $1:B FROM @ST/p) FILE_FORMAT = (TYPE = PARQUET)").number == 100078
    run("RM @ST")
    put("f", stage, b"1,abcd\n")
    run("COPY INTO T FROM @ST TRUNCATECOLUMNS = TRUE")
    assert run("SELECT B FROM T") == [("abc",)]


def test_a_query_transforms(run: Run, put: Put, stage: str) -> None:
    put("f.csv", stage, b"x,1,5\ny,2,6\n")
    run("COPY INTO T (B, A) FROM (SELECT UPPER(t.$1), t.$2::INT + t.$3::INT FROM @ST t) PATTERN = '.*csv' PURGE = TRUE")
    assert run("SELECT * FROM T") == [(6, "X"), (8, "Y")]
    assert run("LS @ST") == []


def test_purge_waits_for_the_commit(run: Run, put: Put, stage: str) -> None:
    put("f", stage, b"x,a\n")
    refusal(run, "COPY INTO T FROM @ST PURGE = TRUE")
    run("BEGIN")
    put("f", stage, b"1,a\n", "AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
    run("COPY INTO T FROM @ST PURGE = TRUE")
    run("ROLLBACK")
    assert len(run("LS @ST")) == 1
    assert run("COPY INTO T FROM @ST")[0][1] == "LOADED"


def test_files_are_picked_by_name_and_pattern(run: Run, put: Put, stage: str) -> None:
    for name in ("a", "b", "c"):
        put(name, "@ST/d", b"1,x\n")
    assert [row[0] for row in run("COPY INTO T FROM @ST/d FILES = ('c', 'a')")] == ["st/d/c", "st/d/a"]
    assert [row[0] for row in run("COPY INTO T FROM @ST/d PATTERN = '.*/b'")] == ["st/d/b"]
    assert "was not found" in refusal(run, "COPY INTO T FROM @ST/d FILES = ('z')").message


def test_parquet_by_query_keeps_values_exact(run: Run, put: Put, stage: str) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678901)
    body = parquet(k=["a", None], n=[2**53 + 1, None], t=pa.array([moment, None], pa.timestamp("ns")), l=[[1, 2], None])
    put("f.parquet", stage, body)
    run("CREATE TABLE P (K VARCHAR, N INT, T TIMESTAMP_NTZ, L VARIANT, NONE INT)")
    run(
        'COPY INTO P FROM (SELECT $1:"k"::TEXT, $1:n::NUMBER(38, 0), $1:t, $1:l::VARIANT, $1:none::INT FROM @ST) '
        "FILE_FORMAT = (TYPE = PARQUET)"
    )
    assert run("SELECT K, N, T, L[1]::INT, NONE FROM P") == [("a", 2**53 + 1, moment, 2, None), (None, None, None, None, None)]


def test_columns_are_matched_by_name(run: Run, put: Put, stage: str) -> None:
    put("p", "@ST/p", parquet(b=["x"], A=[1], other=[0]))
    put("c", "@ST/c", b"B,skipped,A\ny,0,2\n")
    put("j", "@ST/j", b'{"a": 3, "B": "z"}\n{"B": "w"}')
    match = "MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
    run(f"COPY INTO T FROM @ST/p FILE_FORMAT = (TYPE = PARQUET) {match}")
    run(f"COPY INTO T FROM @ST/c FILE_FORMAT = (TYPE = CSV PARSE_HEADER = TRUE) {match}")
    run(f"COPY INTO T FROM @ST/j FILE_FORMAT = (TYPE = JSON) {match}")
    assert run("SELECT * FROM T") == [(1, "x"), (2, "y"), (3, "z"), (None, "w")]


def test_json_goes_into_one_variant(run: Run, put: Put, stage: str) -> None:
    put("f", stage, b'[{"a": 1}, {"a": 2}]')
    run("CREATE TABLE V (V VARIANT)")
    run("COPY INTO V FROM @ST FILE_FORMAT = (TYPE = JSON STRIP_OUTER_ARRAY = TRUE)")
    assert run("SELECT V:a::INT FROM V") == [(1,), (2,)]
    assert "one and only one column" in refusal(run, "COPY INTO T FROM @ST FILE_FORMAT = (TYPE = JSON)").message


@pytest.mark.parametrize(
    "text",
    [
        "COPY INTO T FROM @ST NO_SUCH_OPTION = 1",
        "COPY INTO T FROM @ST ON_ERROR = SKIP_FILES",
        "COPY INTO T FROM @ST VALIDATION_MODE = RETURN_NOTHING",
        "COPY INTO T FROM @ST INCLUDE_METADATA = (B = METADATA$FILENAME)",
        "COPY INTO T (NOPE) FROM @ST",
        "COPY INTO NOPE FROM @ST",
        "COPY INTO T FROM @NOPE",
        "COPY INTO T FROM (SELECT 1)",
        "COPY INTO T FROM 's3://bucket/x'",
    ],
)
def test_what_it_cannot_do_is_refused(run: Run, put: Put, stage: str, text: str) -> None:
    put("f", stage, b"1,x\n")
    refusal(run, text)
    assert run("SELECT * FROM T") == []


def test_describing_a_copy_loads_nothing(run: Run, put: Put, stage: str, session: Session, account: Account) -> None:
    put("f", stage, b"1,x\n")
    described = session.execute(Request("COPY INTO T FROM @ST", describe_only=True))
    assert [column.name for column in described.columns][:4] == ["file", "status", "rows_parsed", "rows_loaded"]
    assert run("SELECT * FROM T") == []


def test_backslashes_are_escapes_in_fields_that_are_not_enclosed(run: Run, put: Put, stage: str) -> None:
    put("f", stage, b"1,a\\,b\n2,\\N\n3,\\\\\n")
    run("COPY INTO T FROM @ST")
    assert run("SELECT * FROM T") == [(1, "a,b"), (2, None), (3, "\\")]


@pytest.mark.parametrize("body", [b"1,a\n2\n", b"1,a\n2,b,c\n", b"1\n"])
def test_every_record_has_as_many_fields_as_the_table_has_columns(run: Run, put: Put, stage: str, body: bytes) -> None:
    put("f", stage, body)
    assert refusal(run, "COPY INTO T FROM @ST").number == 100080
    run("COPY INTO T FROM @ST FILE_FORMAT = (TYPE = CSV ERROR_ON_COLUMN_COUNT_MISMATCH = FALSE)")
    assert run("SELECT A FROM T ORDER BY A") == [(1,), (2,)][: body.count(b"\n")]


def test_other_encodings_are_refused(run: Run, put: Put, stage: str) -> None:
    put("f", stage, b"1,\xe4\n")
    assert refusal(run, "COPY INTO T FROM @ST").number == 100144


def test_empty_files_and_mere_headers_load_nothing(run: Run, put: Put, stage: str) -> None:
    put("empty", stage, b"")
    put("header", stage, b"a,b\n")
    assert [row[1:4] for row in run(f"COPY INTO T FROM @ST {CSV}")] == [("LOADED", 0, 0), ("LOADED", 0, 0)]


BAD = b"1,a\n2\nx,b\n4,long\n5,e\n"


@pytest.mark.parametrize(
    ("on_error", "status", "loaded"),
    [
        ("CONTINUE", "PARTIALLY_LOADED", [1, 5]),
        ("SKIP_FILE", "LOAD_FAILED", []),
        ("SKIP_FILE_3", "LOAD_FAILED", []),
        ("SKIP_FILE_4", "PARTIALLY_LOADED", [1, 5]),
        ("'SKIP_FILE_59%'", "LOAD_FAILED", []),
        ("'SKIP_FILE_60%'", "PARTIALLY_LOADED", [1, 5]),
    ],
)
def test_files_with_errors_are_left_out_or_loaded_in_part(
    run: Run, put: Put, stage: str, on_error: str, status: str, loaded: list[int]
) -> None:
    put("bad", stage, BAD)
    row = run(f"COPY INTO T FROM @ST ON_ERROR = {on_error}")[0]
    assert (row[1], row[2], row[3], row[5]) == (status, 5, len(loaded), 3)
    assert row[6].startswith("Number of columns in file (1) does not match")
    assert row[7] == 2
    assert [number for (number,) in run("SELECT A FROM T ORDER BY A")] == loaded
    told = run("SELECT STATUS, ROW_PARSED, ROW_COUNT, ERROR_COUNT FROM INFORMATION_SCHEMA.LOAD_HISTORY WHERE TABLE_NAME = 'T'")
    assert told == [(status.replace("_", " "), 5, len(loaded), 3)]


def test_validation_tells_errors_and_loads_nothing(run: Run, put: Put, stage: str) -> None:
    put("bad", stage, BAD)
    found = run("COPY INTO T FROM @ST VALIDATION_MODE = RETURN_ALL_ERRORS")
    assert [(row[2], row[6], row[8]) for row in found] == [
        (2, 100080, None),
        (3, 100038, '"T"["A"]'),
        (4, 100078, '"T"["B"]'),
    ]
    assert refusal(run, "COPY INTO T FROM @ST VALIDATION_MODE = RETURN_5_ROWS").number in {100080, 100038}
    put("good", stage, b"1,a\n2,b\n")
    assert run("COPY INTO T FROM @ST/good VALIDATION_MODE = RETURN_1_ROWS") == [(1, "a")]
    assert run("COPY INTO T FROM @ST/good VALIDATION_MODE = 'RETURN_ERRORS'") == []
    assert run("SELECT * FROM T") == []


def test_a_size_limit_ends_the_load_behind_the_file_that_reaches_it(run: Run, put: Put, stage: str) -> None:
    for name in "abc":
        put(name, stage, b"1,x\n")
    assert [row[0] for row in run("COPY INTO T FROM @ST SIZE_LIMIT = 5")] == ["st/a", "st/b"]
    assert [row[0] for row in run("COPY INTO T FROM @ST SIZE_LIMIT = 1")] == ["st/c"]


def test_the_history_of_copies_and_the_table_s_own_stage(run: Run, put: Put, stage: str) -> None:
    put("mine", "@%T", b"1,x\n")
    assert [row[1] for row in run("COPY INTO T")] == ["LOADED"]
    found = run(
        "SELECT FILE_NAME, STAGE_LOCATION, ROW_COUNT, FILE_SIZE, STATUS, TABLE_NAME FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY("
        "TABLE_NAME => 'T', START_TIME => DATEADD(HOUR, -1, CURRENT_TIMESTAMP())))"
    )
    assert [row[2:] for row in found] == [(1, 4, "Loaded", "T")]
    assert found[0][0] == "mine"


def test_rows_know_the_file_that_they_come_from(run: Run, put: Put, stage: str) -> None:
    put("f.csv", stage, b"a,b\n1,x\n2,y\n")
    run("ALTER TABLE T ADD COLUMN FILE VARCHAR, NUMBER INT, SEEN TIMESTAMP_LTZ")
    run(
        "COPY INTO T FROM @ST FILE_FORMAT = (TYPE = CSV PARSE_HEADER = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE "
        "INCLUDE_METADATA = (FILE = METADATA$FILENAME, number = METADATA$FILE_ROW_NUMBER, SEEN = METADATA$START_SCAN_TIME)"
    )
    assert run("SELECT A, FILE, NUMBER, SEEN IS NOT NULL FROM T ORDER BY A") == [(1, "f.csv", 1, True), (2, "f.csv", 2, True)]
    query = "SELECT DISTINCT METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED > '2020-01-01'::TIMESTAMP FROM @ST"
    assert run(query) == [(hashlib.md5(b"a,b\n1,x\n2,y\n").hexdigest(), True)]
