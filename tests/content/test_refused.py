"""What is missing or wrong is said in one sentence, with an exit code, and leaves nothing half made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .account_state import read_account
from .conftest import Pipeline, copy_content, edit


def state(pipeline: Pipeline) -> dict[str, Any]:
    with pipeline.connect() as connection:
        return read_account(connection)


def test_gates_that_fail_are_told_and_the_version_is_not_the_default_one(small: Pipeline, tmp_path: Path) -> None:
    content = strict_content(tmp_path)
    assert small.run("apply", "features", "--content", str(content))[0] == 0
    code, summary = small.run("apply", "models", content=content)
    assert code == 7
    assert "ROC_AUC is 0." in summary
    assert small.query("SELECT PASSED FROM TRAINING_RUNS") == [(False,)]
    assert small.run("plan", "models", content=content)[0] == 2


def strict_content(folder: Path) -> Path:
    copy_content(folder)
    edit(folder / "models" / "trial_eligibility.py", 'Gate("ROC_AUC", 0.6)', 'Gate("ROC_AUC", 0.999)')
    return folder
