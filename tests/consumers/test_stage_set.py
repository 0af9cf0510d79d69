"""What stands around the pipeline of a repository that is not this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local.environments import Environment, environments_of
from mlops_local.stage_set import StageSetError, embedded

from .conftest import ROOT

SCRIPT = (ROOT / "setup" / "account.sql").read_text()


def project(folder: Path, script: str | None) -> Path:
    if script is not None:
        (folder / "setup").mkdir()
        (folder / "setup" / "account.sql").write_text(script)
    return folder


def test_without_samples_the_script_makes_the_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "CREATE TABLE IF NOT EXISTS <% database %>.SOURCE.ORDERS (ID INT);"
    place = project(tmp_path, f"{SCRIPT}\n{own}")
    with embedded(place, tmp_path / "account", fresh=True) as stage, stage.account.system_session() as session:
        session.run("INSERT INTO MLOPS_DEV.SOURCE.ORDERS VALUES (1)")
    assert "There is no samples/ here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "There is no setup/account.sql in .*: run where the repository begins"),
        (f"{SCRIPT}\nCREATE ROLE <% planet %>;", "asks for planet; here it is given database, warehouse, role, user, public_key"),
        (f"{SCRIPT}\nCREATE COMET IF NOT EXISTS HALLEY;", "setup/account.sql was refused: (?s:.*)COMET"),
    ],
)
def test_what_cannot_be_set_up_is_told(tmp_path: Path, script: str | None, sentence: str) -> None:
    with pytest.raises(StageSetError, match=sentence), embedded(project(tmp_path, script), tmp_path / "account", fresh=True):
        pass


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ([], [("dev", "snowflake-credentials", False)]),
        (
            ["other", "snowflake-prod", "snowflake-credentials"],
            [("prod", "snowflake-prod", False), ("dev", "snowflake-credentials", False)],
        ),
        (["snowflake-prod", "snowflake-prod-clones"], [("prod", "snowflake-prod", True)]),
        (["snowflake-test-clones", "snowflake-test"], [("test", "snowflake-test", True)]),
    ],
    ids=str,
)
def test_environments_are_those_of_the_groups(groups: list[str], found: list[tuple[str, str, bool]]) -> None:
    assert environments_of(groups) == tuple(Environment(*each) for each in found)


def test_clones_without_their_script_are_told(tmp_path: Path) -> None:
    environments = environments_of(["snowflake-prod-clones"])
    with (
        pytest.raises(StageSetError, match=r"snowflake-prod-clones is for the user of clones, whom setup/clones\.sql makes"),
        embedded(project(tmp_path, SCRIPT), tmp_path / "account", fresh=True, environments=environments),
    ):
        pass
