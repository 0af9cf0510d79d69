"""The pipeline once more on the same account: nothing is made, nothing is trained, no row is doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.account_state import differences, read_account

from .conftest import Run, copy_account, run_pipeline
from .stand import stand

FAMILIES = ("BuildFeatures", "BuildModels", "CreateTasks")


@pytest.fixture(scope="module")
def second_run(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("second")
    return run_pipeline(copy_account(first_run, folder), folder / "out")


def test_every_change_of_the_plan_is_none(second_run: Run) -> None:
    assert second_run.exit_code == 0, second_run.terminal
    for stage in FAMILIES:
        summary = (second_run.out / "artifacts" / f"report-{stage}.1" / "summary.md").read_text()
        applied = summary.partition("## Report")[0]
        actions = [line.split(" | ")[0] for line in applied.splitlines() if line.startswith("| ")][2:]
        assert len(actions) >= 5
        assert set(actions) == {"| none"}, summary
        assert "### Done" not in summary


def test_the_account_is_as_it_was(first_run: Run, second_run: Run, tmp_path: Path) -> None:
    states, rows = [], []
    for run in (first_run, second_run):
        folder = tmp_path / run.account.parent.name
        with stand(copy_account(run, folder)) as found:
            with found.admin.connect() as connection:
                states.append(read_account(connection))
            rows.append(
                found.admin.query("SELECT TABLE_SCHEMA, TABLE_NAME, ROW_COUNT FROM INFORMATION_SCHEMA.TABLES ORDER BY 1, 2")
            )
    assert differences(*states) == []
    assert rows[0] == rows[1]
    assert len(states[0]["versions of TRIAL_ELIGIBILITY"]) == 1
    counts = {row["TABLE_NAME"]: row["ROW_COUNT"] for row in rows[0] if row["TABLE_SCHEMA"] == "SOURCE"}
    assert counts["SCREENINGS"] > counts["PATIENTS"] > counts["CLINICAL_TRIALS"] > 0
