"""What stands first on the page: what a run came to, in its own words, and what is to be done."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlops.cli import main
from mlops.figures.results import Command, Table, Tried
from mlops.report.outcome import Extent, extent_of, judge_run

from .page_of import Reader

STAGE = "Stage"
PLAN = Table("Plan", ("action", "kind", "name", "why"), (("create", "task", "T", "new"), ("none", "task", "U", "as declared")))
DONE = Table("Done", ("action", "kind", "name", "result", "seconds"), (("create", "task", "T", "done", "0.1"),))
TRAINED = Table("Done", DONE.columns, (("train", "model", "M", "version V2 from 70 rows, tested on 30", "9.0"),))
MOVED = Table("Default version", ("model", "before", "after", "result"), (("M", "V2", "V1", "the default version now"),))
STOOD = Table("Default version", MOVED.columns, (("M", "V1", "V1", "the default version already"),))
GATES = Table(
    "Gates",
    ("model", "version", "stage", "gate", "of", "value", "wanted", "passed"),
    (
        ("M", "V2", "data", "schema", "A", "", "a number", "yes"),
        ("M", "V2", "model", "absolute", "ROC_AUC", "0.4", ">= 0.6", "no: ROC_AUC is 0.400; >= 0.6 is wanted."),
        ("N", "none", "data", "nulls", "B", "3", "<= 0", "no: B is missing."),
    ),
)
DROPPED = Table("Clones", ("database", "of"), (("MLOPS_CLONE_1", "MLOPS_PROD"),))
TRIED = (Tried("i", "test_a", 0.1, None), Tried("i", "test_b", 0.1, "Integration test test_b failed: planted"))


def command(verb: str, *tables: Table, code: int = 0, cases: tuple[Tried, ...] = ()) -> Command:
    failures = ("It is so.",) if code not in (0, 2) else ()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return Command(STAGE, verb, verb, began, 1.0, code, tables, failures=failures, cases=cases)


@pytest.mark.parametrize(
    ("commands", "mark", "headline", "step"),
    [
        ([command("plan", PLAN, code=2)], "open", "1 change would be made: 1 create", "Look at the plan"),
        ([command("plan", replace(PLAN, rows=PLAN.rows[1:]))], "good", "Nothing would be changed", "Nothing"),
        ([command("connect"), command("apply", PLAN, DONE)], "good", "1 change made, the account is as declared", "Nothing"),
        ([command("apply", PLAN)], "good", "nothing was to be changed, the account is as declared", "Nothing"),
        (
            [command("clone"), command("apply", PLAN, DONE), command("test", cases=TRIED[:1])],
            *("good", "Tried on a clone: 1 change made, 1 integration test passed", "can be deployed"),
        ),
        ([command("retrain", TRAINED)], "good", "Trained anew, all gates passed. M: version V2 from 70 rows", "is in use"),
        ([command("rollback", MOVED)], "good", "M V1 is in use, in place of V2", "roll M back to V2"),
        ([command("rollback", STOOD)], "good", "M V1 is in use already", ""),
        (
            [command("apply", PLAN, GATES, code=7)],
            *(
                "bad",
                "Stage failed: M V2 did not pass 1 of 2 gates, N did not pass 1 of 1 gates",
                "Correct the data or the model",
            ),
        ),
        (
            [command("clone"), command("test", code=7, cases=TRIED), command("drop-clone")],
            *("bad", "Stage failed: 1 of 2 integration tests", "Nothing but the clone was changed"),
        ),
        ([command("janitor")], "good", "0 clones dropped whose time was over", "Nothing"),
        ([command("janitor", DROPPED)], "good", "1 clone dropped whose time was over", "Nothing"),
        ([command("connect")], "good", "Connected; nothing was compared or changed", "Nothing"),
        ([command("connect", code=3)], "bad", "Stage failed: connect", "Correct the variable group"),
        ([command("connect", code=4)], "bad", "Stage failed: connect", "Check the key"),
        ([command("plan", code=5)], "bad", "Stage failed: plan", "python -m mlops check"),
        ([command("apply", code=8)], "bad", "Stage failed: apply", "makes a new plan"),
        ([], "good", "The account is as declared", "Nothing"),
    ],
    ids=str,
)
def test_the_outcome_is_that_of_what_was_run(commands: list[Command], mark: str, headline: str, step: str) -> None:
    found = judge_run(commands, STAGE, job_status="Succeeded")
    assert found.mark == mark
    assert headline.lower() in found.headline.lower()
    assert step in " ".join(found.steps)


@pytest.mark.parametrize(
    ("told", "headline"),
    [
        ({"job_status": "Failed"}, "Stage failed"),
        ({"job_status": "Canceled"}, "Stage was canceled"),
        ({"unread": "No login."}, "The account could not be asked"),
        ({"broken": ("It is bad.",)}, "The last training did not pass its gates"),
        ({"left": 2}, "2 changes are left to do"),
    ],
    ids=str,
)
def test_what_no_command_told_is_not_taken_for_good(told: dict[str, object], headline: str) -> None:
    found = judge_run([command("apply", PLAN, DONE)], STAGE, **told)  # type: ignore[arg-type]
    assert (found.mark != "good", found.headline) == (True, headline)


@pytest.mark.parametrize(
    ("verbs", "extent"),
    [
        ([], "everything"),
        (["connect", "apply"], "everything"),
        (["retrain"], "models"),
        (["rollback"], "models"),
        (["connect", "plan"], "nothing"),
        (["janitor"], "nothing"),
        (["clone", "apply", "test", "drop-clone", "janitor"], "nothing"),
    ],
    ids=str,
)
def test_the_account_is_asked_for_what_the_stage_was_about(verbs: list[str], extent: Extent) -> None:
    earlier = replace(command("apply"), stage="Earlier")
    assert extent_of([earlier, *map(command, verbs)], STAGE) == extent


def write_page(folder: Path, verb: str, **environ: str) -> tuple[int, str]:
    """Of a run of one command, which had no settings; exit code and text of its page."""
    told = folder / "results" / "report-Connect.1" / "content-connect-all.json"
    assert main(["connect", "--json", str(told)], {}) == 3
    assert json.loads(told.read_text())["verb"] == "connect"
    page = folder / "index.html"
    given = ["report", "--results", str(folder / "results"), "--page", str(page), "--content", str(folder)]
    code = main(given, {"BUILD_BUILDID": "17", "SYSTEM_STAGENAME": verb, "AGENT_JOBSTATUS": "Failed", **environ})
    return code, Reader(page.read_text()).text


def test_a_run_without_settings_has_a_page_that_says_which_are_missing(tmp_path: Path) -> None:
    code, text = write_page(tmp_path, "Connect")
    assert code == 0
    assert "Connect failed: connect" in text
    assert "Run17" in "".join(text.split())
    assert text.index("Not set: SNOWFLAKE_ACCOUNT") < text.index("Correct the variable group") < text.index("Stages and times")


def test_without_an_account_the_page_says_so_and_the_step_fails(tmp_path: Path) -> None:
    code, text = write_page(tmp_path, "BuildFeatures")
    assert code == 3
    assert "Not set: SNOWFLAKE_ACCOUNT" in text
