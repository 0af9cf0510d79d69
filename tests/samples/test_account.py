"""Loading over the wire, with the real clients, into an embedded account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector

from mlops_local.account.wire.server import Server
from mlops_local.serve import connection_settings, open_account, sign_in_key
from samples.command_line import main

SMALL = ("--patients", "40", "--trials", "12", "--screenings", "150", "--airports", "2", "--days", "2")


@dataclass
class Source:
    environ: dict[str, str]

    def load(self, *options: str) -> int:
        return main(["load", *SMALL, *options], self.environ)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in self.environ.items()}
        with snowflake.connector.connect(**{**names, "port": int(names["port"])}) as connection, connection.cursor() as cursor:
            return [tuple(row) for row in cursor.execute(statement).fetchall()]

    def counts(self) -> list[int]:
        return [
            self.query(f"SELECT COUNT(*) FROM SOURCE.{table}")[0][0] for table in ("PATIENTS", "CLINICAL_TRIALS", "SCREENINGS")
        ]


@contextmanager
def source_in(folder: Path) -> Iterator[Source]:
    with open_account(folder / "account") as account, Server(account) as server:
        with account.system_session() as session:
            for statement in ("CREATE WAREHOUSE W", "CREATE DATABASE D", "CREATE SCHEMA D.ML"):
                session.run(statement)
        settings = connection_settings(server, "ADMIN", sign_in_key(account, "ADMIN", folder / "keys"))
        yield Source({**settings, "SNOWFLAKE_WAREHOUSE": "W", "SNOWFLAKE_DATABASE": "D"})


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with source_in(tmp_path_factory.mktemp("source")) as source:
        assert source.load() == 0
        yield source


def test_tables_are_made_and_filled(loaded: Source) -> None:
    patients, trials, screenings = loaded.counts()
    assert (patients, screenings) == (40, 150)
    assert trials >= 12


def test_values_arrive_as_what_they_are(loaded: Source) -> None:
    ((born, registered),) = loaded.query("SELECT BIRTH_DATE, REGISTERED_AT FROM SOURCE.PATIENTS LIMIT 1")
    assert (type(born), type(registered)) == (date, datetime)
    ((first, last, eligible),) = loaded.query(
        "SELECT MIN(SCREENED_AT), MAX(SCREENED_AT), COUNT_IF(ELIGIBLE) FROM SOURCE.SCREENINGS"
    )
    assert (first.year, last.year) == (2024, 2025)
    assert 0 < eligible < 150
    assert loaded.query("SELECT COUNT(*) FROM SOURCE.CLINICAL_TRIALS WHERE INCLUSION_CRITERIA IS NULL") == [(1,)]


def test_the_same_load_again_loads_nothing(loaded: Source, capsys: pytest.CaptureFixture[str]) -> None:
    before = loaded.counts()
    assert loaded.load() == 0
    assert "there already, left as it is" in capsys.readouterr().out
    assert loaded.counts() == before


def test_another_load_is_refused_and_touches_nothing(loaded: Source, capsys: pytest.CaptureFixture[str]) -> None:
    before = loaded.query("SELECT * FROM SOURCE.PATIENTS ORDER BY PATIENT_ID")
    assert loaded.load("--seed", "9") == 8
    shown = capsys.readouterr().err
    assert "already holds seed 7, 40 patients, 12 trials, 150 screenings: nothing was loaded." in shown
    assert "--replace" in shown
    assert loaded.query("SELECT * FROM SOURCE.PATIENTS ORDER BY PATIENT_ID") == before


def test_replace_puts_another_load_in_its_place(tmp_path: Path) -> None:
    with source_in(tmp_path) as source:
        assert source.load() == 0
        assert source.load("--replace", "--seed", "9", "--screenings", "90") == 0
        assert source.counts()[2] == 90
        assert source.load("--seed", "9", "--screenings", "90") == 0
        assert source.counts()[2] == 90


def test_own_trials_are_added_once_and_amended_by_another_text(
    loaded: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.csv"
    own = "SELECT INCLUSION_CRITERIA FROM SOURCE.CLINICAL_TRIALS WHERE TRIAL_ID = 'NCT1' ORDER BY RECORDED_AT"
    file.write_text('#nct_id,title,eligibility_criteria\nNCT1,One,"Age 18\nor over"\nNCT2,Two,\n')
    assert loaded.load("--trials-csv", str(file)) == 0
    assert "warning: NCT2 has no eligibility criteria" in capsys.readouterr().out
    assert loaded.load("--trials-csv", str(file)) == 0
    assert loaded.query(own) == [("Age 18\nor over",)]
    file.write_text("#nct_id,title,eligibility_criteria\nNCT1,One,Age 21 or over\n")
    assert loaded.load("--trials-csv", str(file)) == 0
    assert len(loaded.query(own)) == 2


def test_nothing_is_loaded_when_a_file_is_wrong(tmp_path: Path) -> None:
    with source_in(tmp_path) as source:
        (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
        assert source.load("--trials-csv", str(tmp_path / "wrong.csv")) == 8
        assert source.query("SHOW SCHEMAS LIKE 'SOURCE' IN DATABASE D") == []


def test_tables_of_another_origin_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with source_in(tmp_path) as source:
        assert source.load("--patients", "0", "--trials", "0", "--screenings", "0", "--airports", "0") == 0
        source.query("INSERT INTO SOURCE.PATIENTS (PATIENT_ID) VALUES ('MINE')")
        assert source.load() == 8
        assert "D.SOURCE.PATIENTS already holds rows of another origin" in capsys.readouterr().err
        assert source.counts() == [1, 0, 0]
