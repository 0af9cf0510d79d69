from __future__ import annotations

from pathlib import Path

import pytest

from samples.command_line import main
from samples.errors import SampleError
from samples.trials_csv import read_trials_csv

REAL = Path(__file__).parents[3] / "shared" / "data" / "clinical_trials.csv"

HEADER = "#nct_id,title,has_us_facility,conditions,eligibility_criteria"
QUIRKS = f"""{HEADER}
NCT1,"A Study, in Two Parts",false,Asthma,"
        Inclusion Criteria:

          -  age > 18 years, ""do not
             resuscitate""-order

        Exclusion Criteria:

          -  none
      "
{HEADER}
NCT2,Another Study,true,COVID-19,"Age 18\u00a0years"
NCT3,No Text,true,COVID-19,"   "
"""


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "trials.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file


def test_the_quirks_of_registry_exports_are_read(write) -> None:  # type: ignore[no-untyped-def]
    file = read_trials_csv(write(QUIRKS))
    assert list(file.table["TRIAL_ID"]) == ["NCT1", "NCT2", "NCT3"]
    assert file.table["TITLE"][0] == "A Study, in Two Parts"
    assert '"do not\n             resuscitate"-order' in file.table["INCLUSION_CRITERIA"][0]


def test_a_trial_without_text_is_kept_with_a_warning(write) -> None:  # type: ignore[no-untyped-def]
    file = read_trials_csv(write(QUIRKS))
    assert file.table["INCLUSION_CRITERIA"][2] is None
    assert file.warnings == ("NCT3 has no eligibility criteria: it is kept, without any limit.",)


def test_a_byte_order_mark_and_other_column_names_are_understood(write) -> None:  # type: ignore[no-untyped-def]
    file = read_trials_csv(write("\ufeffTRIAL_ID,Title,Inclusion_Criteria\nT1,A,Aged 18 or over\n"))
    assert list(file.table.itertuples(index=False, name=None)) == [("T1", "A", "Aged 18 or over")]


def test_a_trial_that_occurs_twice_is_taken_once(write) -> None:  # type: ignore[no-untyped-def]
    file = read_trials_csv(write("nct_id,title,criteria\nT1,A,old\nT1,A,new\n"))
    assert list(file.table["INCLUSION_CRITERIA"]) == ["new"]
    assert file.warnings == ("T1 occurs more than once: the last one is taken.",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (HEADER + "\n", "no trials"),
        ("nct_id,title\nT1,A\n", "no column eligibility_criteria"),
        ("a,b\n1,2\n", "no column nct_id and no column title and no column eligibility_criteria"),
        ('{"trials": [1, 2]}', "no column nct_id"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no CSV file"),
        (b"nct_id,title,criteria\nT1,caf\xe9,x\n", "not in UTF-8"),
        ('nct_id,title,criteria\nT1,A,"never closed\n', "no CSV file"),
        ("nct_id,title,criteria\nT1,A,one,two\n", "4 fields instead of 3"),
        ("nct_id,title,criteria\n,A,text\n", "have no nct_id"),
    ],
)
def test_what_is_no_table_of_trials_is_refused_with_a_sentence(write, content: str | bytes, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SampleError, match=says):
        read_trials_csv(write(content))


def test_a_file_that_is_not_there_is_one_sentence_and_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "--trials-csv", str(tmp_path / "none.csv")], {}) == 8
    shown = capsys.readouterr().err
    assert "cannot be read" in shown
    assert "Traceback" not in shown


def test_real_trials_are_read() -> None:
    if not REAL.exists():
        return
    file = read_trials_csv(REAL)
    assert len(file.table) == 20
    assert file.table["TRIAL_ID"].str.startswith("NCT").all()
    assert file.warnings == ()
