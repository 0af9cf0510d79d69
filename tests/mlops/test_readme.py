"""The README names every verb, option, exit code and setting, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlops import errors
from mlops.cli import main

MLOPS = Path(__file__).parents[2] / "mlops"
README = (MLOPS / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| (`.+?`|\d+)(?:, .*?)? \|", text, re.MULTILINE)


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"], {})
    return capsys.readouterr().out


def test_verbs_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    told = [cell.strip("`").split()[0] for cell in first_cells(section("Commands"))]
    verbs = re.findall(r"^ {4}([a-z-]+) ", help_of(capsys), re.MULTILINE)
    options = {verb: set(re.findall(r"--[a-z]+", help_of(capsys, verb))) - {"--help"} for verb in verbs}
    of_repositories = {option for verb in ("init", "update") for option in options.pop(verb)}
    assert set(told) == {*verbs, *(option for found in options.values() for option in found)}
    assert all(option in README for option in of_repositories)


def test_exit_codes() -> None:
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MlopsError)}
    assert {int(code) for code in first_cells(section("Exit codes"))} == {0, 2, *codes}


def test_settings() -> None:
    text = (MLOPS / "settings.py").read_text()
    read = {f"SNOWFLAKE_{name}" for name in re.findall(r'(?:text|port|choice|require)\(\(?"([A-Z_]+)"', text)}
    read |= {f"SNOWFLAKE_{name}" for name in re.findall(r'"([A-Z]+)"', text.split("_REQUIRED = ")[1].split("\n")[0])}
    read |= set(re.findall(r'variable\("([A-Z_]+)"', text))
    assert (
        set(re.findall(r"`((?:SNOWFLAKE|MLOPS|AGENT|BUILD|SYSTEM|ENVIRONMENT)_[A-Z_]+)(?:=\w+)?`", section("Settings")))
        - {"SNOWFLAKE_JWT"}
        == read
    )
