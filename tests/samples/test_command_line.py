from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samples.command_line import main


def test_tables_are_written_without_an_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--patients", "50", "--trials", "12", "--screenings", "200", "--airports", "2", "--days", "1", "--seed", "3"]
    assert main(["write", "--out", str(tmp_path / "new"), *sizes], {}) == 0
    assert "screenings.csv" in capsys.readouterr().out
    patients = pd.read_csv(tmp_path / "new" / "patients.csv", parse_dates=["BIRTH_DATE", "REGISTERED_AT"])
    screenings = pd.read_csv(tmp_path / "new" / "screenings.csv")
    assert (len(patients), len(screenings)) == (50, 200)
    assert set(screenings["PATIENT_ID"]) <= set(patients["PATIENT_ID"])


def test_equal_seeds_write_equal_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert main(["write", "--out", str(tmp_path / folder), "--screenings", "100", "--days", "2"], {}) == 0
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["write", "--out", str(tmp_path / "taken")], {}) == 8
    assert "give another folder" in capsys.readouterr().err


def test_loading_without_settings_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load"], {}) == 3
    assert "SNOWFLAKE_ACCOUNT" in capsys.readouterr().err
