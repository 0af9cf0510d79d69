from __future__ import annotations

import pytest

from mlops_local.account.errors import AccountError
from mlops_local.account.files.file_formats import FileFormat, read_format_options
from mlops_local.account.syntax.reader import Reader


def read(text: str) -> FileFormat:
    reader = Reader(text)
    found = read_format_options(reader)
    reader.end()
    return found


def test_reads_options_with_blanks_or_commas() -> None:
    found = read("TYPE = csv FIELD_DELIMITER='|', SKIP_HEADER=1 NULL_IF=('', 'NULL') PARSE_HEADER=true COMPRESSION=gzip")
    assert found.type == "CSV"
    assert (found["FIELD_DELIMITER"], found["SKIP_HEADER"], found["NULL_IF"]) == ("|", 1, ["", "NULL"])
    assert (found["PARSE_HEADER"], found.compression, found["TRIM_SPACE"]) == (True, "GZIP", False)
    assert FileFormat.of(found.properties) == found


def test_csv_is_the_default_type() -> None:
    assert read("").type == "CSV"


@pytest.mark.parametrize(
    "text",
    ["TYPE = AVRO", "TYPE = PARQUET SKIP_HEADER = 1", "SKIP_HEADER = x", "TYPE=CSV TYPE=JSON", "TYPE=CSV NOT_AN_OPTION=1"],
)
def test_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(AccountError):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "ENCODING = 'ISO88591'",
        "RECORD_DELIMITER = '|'",
        "VALIDATE_UTF8 = FALSE",
        "TYPE = JSON TRIM_SPACE = TRUE",
        "TYPE = PARQUET NULL_IF = ('x')",
    ],
)
def test_an_option_that_is_not_acted_on_is_refused_when_files_are_read(text: str) -> None:
    with pytest.raises(AccountError, match="Unsupported feature"):
        read(text).check()


@pytest.mark.parametrize("text", ["ENCODING = 'UTF8'", "RECORD_DELIMITER = '\\n'", "ESCAPE = NONE", "TYPE = JSON"])
def test_defaults_said_aloud_are_fine(text: str) -> None:
    assert read(text).check()
