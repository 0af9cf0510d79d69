"""What the README of the samples says is what the code does."""

from __future__ import annotations

from pathlib import Path

from samples.command_line import _parser
from samples.errors import SampleError
from samples.flights import FlightSizes
from samples.generate import Sizes
from samples.tables import ALL_TABLES
from samples.trials_csv import COLUMNS

README = (Path(__file__).parents[2] / "samples" / "README.md").read_text(encoding="utf-8")


def test_every_option_is_named() -> None:
    verbs = next(action for action in _parser()._actions if action.dest == "verb").choices
    assert verbs is not None
    options = {option for verb in verbs.values() for action in verb._actions for option in action.option_strings}
    assert all(option in README for option in options - {"-h", "--help"})


def test_defaults_columns_and_exit_code_are_named() -> None:
    sizes = Sizes()
    assert f"{sizes.patients} patients, {sizes.trials} trials, {sizes.screenings} screenings and" in README
    assert f"seed {sizes.seed}." in README
    flights = FlightSizes()
    assert f"{flights.airports} airports for {flights.days} days, {flights.departures} departures a day" in README
    assert f"exit code is then {SampleError.exit_code}" in README
    names = [column.name for table in ALL_TABLES for column in table.columns] + [
        name for names in COLUMNS.values() for name in names
    ]
    assert all(f"`{name}`" in README for name in names)
