"""An embedded account, set up by setup/account.sql and filled with samples, and the settings of the pipeline's user."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
import yaml
from snowflake.snowpark.session import _active_sessions

from mlops.cli import main
from mlops.collect import FAMILIES
from mlops_local.account.account import Account
from mlops_local.environments import DEVELOPMENT
from mlops_local.stage_set import embedded
from tests.few_rows import FEW_FLIGHTS, FEW_TRIALS, NO_FLIGHTS

from ..azure import AZURE

ROOT = Path(__file__).parents[2]
# What is declared of flights; without these files, the content is about trials alone.
OF_FLIGHTS = ("features/airport_weather.py", "features/plane.py", "models/flight_delay.py", "tasks/predict.py")


@dataclass
class Pipeline:
    """What a job of the pipeline has: an environment, and the machine."""

    environ: dict[str, str]
    folder: Path
    account: Account | None = None
    content: Path = ROOT
    reports: int = field(default=0)

    def run(self, *arguments: str, content: Path | None = None, **changed: str) -> tuple[int, str]:
        """Exit code and summary of one command."""
        self.reports += 1
        summary = self.folder / f"summary-{self.reports}.md"
        with no_other_sessions():
            told = ["--content", str(content or self.content), "--summary", str(summary)]
            code = main([*arguments, *told], {**AZURE, **self.environ, **changed})
        return code, summary.read_text()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection, connection.cursor() as cursor:
            return [tuple(row) for row in cursor.execute(statement).fetchall()]

    def administrate(self, *statements: str) -> None:
        """What the pipeline's own role may not do, such as writing to the source."""
        assert self.account is not None
        with self.account.system_session() as session:
            for statement in ("USE SCHEMA MLOPS_DEV.SOURCE", *statements):
                session.run(statement)

    def connect(self) -> snowflake.connector.SnowflakeConnection:
        names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in self.environ.items()}
        if "private_key_passphrase" in names:
            names["private_key_file_pwd"] = names.pop("private_key_passphrase")
        return snowflake.connector.connect(**{**names, "port": int(names["port"]), "authenticator": "SNOWFLAKE_JWT"})


@contextmanager
def no_other_sessions() -> Iterator[None]:
    """The command takes a session that is there already, and other tests of this process have left theirs."""
    others = set(_active_sessions)
    _active_sessions.clear()
    try:
        yield
    finally:
        _active_sessions.update(others)


@contextmanager
def pipeline_on(folder: Path, *samples: str, content: Path = ROOT) -> Iterator[Pipeline]:
    with embedded(ROOT, folder / "account", fresh=True, sample_options=samples) as stage_set:
        group = yaml.safe_load((stage_set.library / "variable-groups" / f"{DEVELOPMENT.group}.yml").read_text())
        values = {name: value["value"] if isinstance(value, dict) else value for name, value in group.items()}
        values.pop("private_key_file_name")
        environ = {f"SNOWFLAKE_{name.upper()}": value for name, value in values.items()}
        environ["SNOWFLAKE_PRIVATE_KEY_FILE"] = str(stage_set.library / "secure-files" / DEVELOPMENT.pipeline.key_file)
        yield Pipeline(environ, folder, stage_set.account, content)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with pipeline_on(tmp_path_factory.mktemp("pipeline"), *FEW_FLIGHTS) as found:
        yield found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Of trials alone."""
    content = copy_trials(tmp_path_factory.mktemp("trials"))
    with pipeline_on(tmp_path_factory.mktemp("small"), *FEW_TRIALS, *NO_FLIGHTS, content=content) as found:
        yield found


def copy_content(folder: Path) -> Path:
    """This repository's own, to be edited."""
    for family in FAMILIES:
        shutil.copytree(ROOT / family, folder / family, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".git").mkdir()
    return folder


def copy_trials(folder: Path) -> Path:
    """One use case of it, for tests that are not about there being two."""
    copy_content(folder)
    for file in OF_FLIGHTS:
        (folder / file).unlink()
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new))
