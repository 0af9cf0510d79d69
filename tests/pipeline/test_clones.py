"""Clones of an environment, to try changes on: what they hold, whose they are, and that nothing else is ever dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import ProgrammingError

from mlops.cli import main
from mlops.labels import TAGS
from mlops_local.account.clock import TestClock
from mlops_local.environments import DEVELOPMENT
from tests.content.conftest import no_other_sessions

from ..azure import AZURE
from .conftest import Run, copy_account
from .forbidden import FORBIDDEN, HIDDEN, PREPARED, REFUSED
from .stand import PIPELINE_USER, ROOT, Client, Stand, set_up, some_public_key, stand

CLONE = "MLOPS_CLONE_17"
# What the account's administrator does beside, so that there is something that a clone of a schema would leave behind.
BESIDE = (
    "CREATE TAG ML.MADE_FOR",
    "GRANT APPLY ON TAG ML.MADE_FOR TO ROLE MLOPS_DEV_ROLE",
    "GRANT APPLY ON TAG ML.MADE_FOR TO ROLE MLOPS_DEV_ROLE_CLONES",
    "ALTER MODEL ML.TRIAL_ELIGIBILITY ADD VERSION V0 FROM MODEL ML.TRIAL_ELIGIBILITY VERSION V1",
    "ALTER MODEL ML.TRIAL_ELIGIBILITY MODIFY VERSION V0 SET COMMENT = 'the ''old'' one'",
    "ALTER MODEL ML.TRIAL_ELIGIBILITY VERSION V0 SET ALIAS = SHADOW",
    "ALTER MODEL ML.TRIAL_ELIGIBILITY SET TAG ML.MADE_FOR = 'trials'",
)


@dataclass(frozen=True)
class Place:
    stand: Stand
    clones: Client
    clock: TestClock
    folder: Path

    def run(self, *arguments: str, run: str = "17", **changed: str) -> tuple[int, dict[str, Any]]:
        """Exit code and report of one command of the pipeline, as the user of clones."""
        report = self.folder / "report.json"
        environ = {**AZURE, **self.clones.settings, "BUILD_BUILDID": run, "BUILD_REPOSITORY_NAME": "trials", **changed}
        with no_other_sessions():
            code = main([*arguments, "--content", str(ROOT), "--json", str(report)], environ)
        return code, json.loads(report.read_text())

    def ask(self, statement: str) -> list[dict[str, Any]]:
        return self.stand.admin.query(statement)

    def administrate(self, *statements: str) -> None:
        with self.stand.account.system_session() as session:
            for statement in ("USE SCHEMA MLOPS_DEV.ML", *statements):
                session.run(statement)

    @property
    def databases(self) -> set[str]:
        return {row["name"] for row in self.ask("SHOW DATABASES")}


@pytest.fixture(scope="module")
def place(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, clock = tmp_path_factory.mktemp("clones"), TestClock(datetime.now(UTC))
    with stand(copy_account(first_run, folder), clock=clock) as found:
        for _ in range(2):  # It is safe to run again.
            set_up(found.account, "clones.sql", clones_user=DEVELOPMENT.clones.user, clones_public_key=some_public_key())
        place = Place(found, found.sign_in(DEVELOPMENT.clones.user), clock, folder)
        place.administrate("USE ROLE MLOPS_DEV_ROLE", *BESIDE[3:6], "USE ROLE ACCOUNTADMIN", *BESIDE[:3], BESIDE[6])
        yield place


@pytest.fixture(scope="module")
def cloned(place: Place) -> Place:
    code, report = place.run("clone", CLONE)
    assert code == 0, report
    return place


def models(place: Place, database: str) -> list[tuple[Any, ...]]:
    (model,) = place.ask(f"SHOW MODELS LIKE 'TRIAL_ELIGIBILITY' IN SCHEMA {database}.ML")
    rows = place.ask(f"SHOW VERSIONS IN MODEL {database}.ML.TRIAL_ELIGIBILITY")
    tag = f"SELECT SYSTEM$GET_TAG('{database}.ML.MADE_FOR', '{database}.ML.TRIAL_ELIGIBILITY', 'MODULE') AS V"
    shown = [tuple(row[name] for name in ("name", "aliases", "comment", "metadata", "functions", "size")) for row in rows]
    return [(model["default_version_name"], model["aliases"], model["comment"]), *shown, place.ask(tag)]


def test_models_come_with_versions_default_aliases_metrics_and_tags(cloned: Place) -> None:
    found = models(cloned, CLONE)
    assert found == models(cloned, "MLOPS_DEV")
    assert "SHADOW" in found[0][1]
    assert "ROC_AUC" in found[1][3]
    assert found[-1] == [{"V": "trials"}]


def test_it_says_whose_it_is_of_what_and_until_when(cloned: Place) -> None:
    asked = ", ".join(f"SYSTEM$GET_TAG('MLOPS_DEV.ML.{name}', '{CLONE}', 'DATABASE') AS {name}" for name in TAGS)
    until = (cloned.clock.now() + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S")
    expected = dict(zip(TAGS, ("MLOPS_DEV", "trials", f"{CLONE} 17", until), strict=True))
    assert cloned.ask(f"SELECT {asked}") == [expected]
    assert {row["owner"] for row in cloned.ask("SHOW DATABASES") if row["name"] == CLONE} == {"MLOPS_DEV_ROLE_CLONES"}


def test_what_is_new_is_applied_to_it_and_tested_there_alone(cloned: Place) -> None:
    """And what a clone does not take along, which is made in it: nothing is trained, and nothing happens in the source."""
    before = cloned.ask("SELECT COUNT(*) AS N FROM MLOPS_DEV.ML.CHANGE_LEDGER")
    code, report = cloned.run("apply", "--clone", CLONE, ENVIRONMENT_NAME="trials-clone")
    assert code == 0, report
    told = cloned.ask(f"SELECT APPROVED_BY FROM {CLONE}.ML.PIPELINE_RUNS WHERE RUN_ID = '17'")
    assert told == [{"APPROVED_BY": "nobody: what is trained in a clone is dropped with it"}]
    done = next(section["rows"] for section in report["sections"] if section["title"] == "Done")
    assert {tuple(row[:2]) for row in done} == {("create", kind) for kind in ("procedure", "stream", "task", "training set")}
    code, report = cloned.run("test", CLONE, "--tests", str(ROOT / "integration"))
    assert code == 0, report
    assert len(report["cases"]) >= 5
    assert cloned.ask("SELECT COUNT(*) AS N FROM MLOPS_DEV.ML.CHANGE_LEDGER") == before


def granted(place: Place, schema: str, role: str) -> set[str]:
    return {row["privilege"] for row in place.ask(f"SHOW GRANTS ON SCHEMA {schema}") if row["grantee_name"] == role}


@pytest.mark.parametrize("schema", ["FEATURE_STORE", "ML"])
def test_in_a_clone_its_user_may_do_what_the_pipeline_may_in_the_source(cloned: Place, schema: str) -> None:
    role, own = DEVELOPMENT.names["role"], DEVELOPMENT.clones.role
    assert granted(cloned, f"{CLONE}.{schema}", own) == granted(cloned, f"MLOPS_DEV.{schema}", role)
    assert granted(cloned, f"MLOPS_DEV.{schema}", own) == {"USAGE"}
    for kind in ("TABLES", "VIEWS", "STREAMS", "TASKS", "DATASETS", "MODELS"):
        assert {row["owner"] for row in cloned.ask(f"SHOW {kind} IN SCHEMA {CLONE}.{schema}")} <= {own}


@pytest.mark.usefixtures("cloned")
def test_the_account_itself_refuses_every_write_in_the_source(place: Place) -> None:
    """A session with all roles that the user has sends what the machine and its guard would not."""
    told = {}
    with place.clones.connect() as connection, connection.cursor() as cursor:
        for statement in PREPARED:
            cursor.execute(statement)
        for statement in FORBIDDEN:
            try:
                cursor.execute(statement)
                told[statement] = "done"
            except ProgrammingError as error:
                told[statement] = str(error.msg)
    assert {statement: answer for statement, answer in told.items() if not REFUSED.search(answer)} == {}


def test_what_is_refused_as_unknown_is_there_for_others(place: Place) -> None:
    for kind, name in HIDDEN:
        assert name in {row["name"] for row in place.ask(f"SHOW {kind} IN DATABASE MLOPS_DEV")}


def label(database: str, source: str = "MLOPS_DEV", owner: str = "trials", run: str = "17") -> str:
    values = dict(zip(TAGS, (source, owner, f"{database} {run}", "2020-01-01T00:00:00"), strict=True))
    return ", ".join(f"MLOPS_DEV.ML.{name} = '{value}'" for name, value in values.items())


# Of a database that the role of clones owns: its tags, and the sentence by which it stays.
NOT_OURS = {
    "MLOPS_CLONE_BARE": ("", "it has no tags that say"),
    "MLOPS_CLONE_HALF": ("MLOPS_DEV.ML.CLONE_OWNER = 'trials'", "it has no tags that say"),
    "MLOPS_CLONE_COPY": (label("MLOPS_CLONE_17"), "its tags are those of MLOPS_CLONE_17: it is a copy, or was renamed"),
    "MLOPS_CLONE_OTHER": (label("MLOPS_CLONE_OTHER", source="MLOPS_PROD"), "it is a clone of MLOPS_PROD, and this is MLOPS_DEV"),
    "MLOPS_CLONE_THEIRS": (label("MLOPS_CLONE_THEIRS", owner="flights"), "it was made by repository flights, and this is trials"),
    "MLOPS_CLONE_PROD": (label("MLOPS_CLONE_PROD"), "is production, or has a name that says so"),
}
# Of this repository, and over: the janitor's.
NOT_THIS_RUNS = {"MLOPS_CLONE_LATER": (label("MLOPS_CLONE_LATER", run="18"), "was made by run 18, and this is run 17")}
STAYING = {**NOT_OURS, **NOT_THIS_RUNS}
WORK = ("test", "apply --clone")
NAMES = (
    "MLOPS_DEV",
    "MLOPS_PROD",
    "mlops_clone_1; DROP DATABASE MLOPS_DEV",
    '"MLOPS_CLONE_1"" CASCADE"',
    "MLOPS_CLONE_",
    "SNOWFLAKE",
)


@pytest.fixture(scope="module")
def crafted(cloned: Place) -> Place:
    for name, (tags, _) in {**NOT_OURS, **NOT_THIS_RUNS}.items():
        cloned.administrate(
            f"CREATE DATABASE {name} {f'WITH TAG ({tags})' if tags else ''}",
            f"GRANT OWNERSHIP ON DATABASE {name} TO ROLE MLOPS_DEV_ROLE_CLONES",
        )
    return cloned


@pytest.mark.parametrize("command", [*(f"drop-clone {name}" for name in STAYING), *(f"{verb} {min(STAYING)}" for verb in WORK)])
def test_what_this_run_has_not_made_is_neither_dropped_nor_worked_in(crafted: Place, command: str) -> None:
    name = command.rpartition(" ")[2]
    _, sentence = STAYING[name]
    code, report = crafted.run(*command.split())
    assert code == 6
    assert sentence in report["failures"][0]
    assert name in crafted.databases


@pytest.mark.parametrize(
    ("verb", "name"), [*(("drop-clone", name) for name in NAMES), *((verb, NAMES[2]) for verb in ("clone", *WORK))]
)
def test_crafted_names_are_refused(crafted: Place, verb: str, name: str) -> None:
    before = crafted.databases
    code, report = crafted.run(*verb.split(), name)
    assert code == 6
    assert "Refused" in report["failures"][0]
    assert crafted.databases == before


def test_a_clone_is_no_place_to_clone_from(crafted: Place) -> None:
    code, report = crafted.run("clone", "MLOPS_CLONE_18", SNOWFLAKE_DATABASE=CLONE)
    assert (code, "is a clone itself" in report["failures"][0]) == (6, True)


def test_a_run_replaces_its_own_clone_and_nobody_elses(crafted: Place) -> None:
    created = {row["name"]: row["created_on"] for row in crafted.ask("SHOW DATABASES")}
    crafted.clock.advance(timedelta(minutes=1))
    assert crafted.run("clone", CLONE, "--hours", "1")[0] == 0
    assert crafted.run("clone", "MLOPS_CLONE_THEIRS")[0] == 6
    now = {row["name"]: row["created_on"] for row in crafted.ask("SHOW DATABASES")}
    assert {name for name, at in now.items() if created.get(name) != at} == {CLONE}


def test_the_janitor_drops_what_is_over_and_ours_and_nothing_else(crafted: Place) -> None:
    """A run that was killed has left its clone; the next one's janitor finds it by its tags."""
    assert crafted.run("janitor", run="20")[0] == 0
    assert {CLONE, *NOT_OURS} <= crafted.databases
    assert not set(NOT_THIS_RUNS) & crafted.databases
    crafted.clock.advance(timedelta(minutes=61))
    code, report = crafted.run("janitor", run="21")
    assert (code, [row[0] for row in report["sections"][0]["rows"]]) == (0, [CLONE])
    assert set(NOT_OURS) <= crafted.databases
    assert crafted.run("drop-clone", CLONE)[0] == 0


def test_a_user_with_both_roles_makes_clones_that_the_pipelines_role_works_in(crafted: Place) -> None:
    """As environments were set up that have no user for clones."""
    pipeline = crafted.stand.pipeline
    code, report = crafted.run("clone", CLONE, **pipeline.settings)
    assert (code, "MLOPS_DEV_PIPELINE has no role MLOPS_DEV_ROLE_CLONES" in report["failures"][0]) == (6, True)
    crafted.administrate(
        f"GRANT ROLE {DEVELOPMENT.clones.role} TO USER {PIPELINE_USER}",
        f"ALTER USER {PIPELINE_USER} SET DEFAULT_SECONDARY_ROLES = ()",
    )
    assert crafted.run("clone", CLONE, **pipeline.settings)[0] == 0
    assert {row["owner"] for row in crafted.ask(f"SHOW VIEWS IN SCHEMA {CLONE}.FEATURE_STORE")} == {DEVELOPMENT.names["role"]}
    with pytest.raises(ProgrammingError, match="Insufficient privileges"):
        pipeline.query(f"DROP DATABASE {CLONE}")
    assert crafted.run("drop-clone", CLONE, **pipeline.settings)[0] == 0
    assert CLONE not in crafted.databases
