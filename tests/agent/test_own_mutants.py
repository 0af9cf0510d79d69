"""One defect in this repository's own pipeline, made by an edit of its files as they stand: one mistake, at its place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.load import Queue
from mlops_local.agent.run import EMPTY_LIBRARY, RunOptions, check_run

ROOT = Path(__file__).parents[2]
MAIN = "azure-pipelines.yml"
MUTANTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("own_mutants.yml").read_text())


def place(folder: Path, mutant: dict[str, Any]) -> str:
    """Where the mistake is: at the text `at` inside of `new`, or at the text `seen` of any file."""
    seen = mutant.get("seen") or {"file": mutant["file"], "text": mutant["new"]}
    text = (folder / seen["file"]).read_text()
    start = text.index(seen["text"]) + seen["text"].index(mutant.get("at", ""))
    return f"{seen['file']}:{text.count(chr(10), 0, start) + 1}:{start - text.rfind(chr(10), 0, start)}"


def errors(folder: Path, **given: Any) -> list[str]:
    try:
        check_run(RunOptions(Queue(folder / MAIN, **given), EMPTY_LIBRARY, folder / "out"), with_library=False)
    except WrongPipeline as error:
        return [str(each).replace(f"{folder}/", "") for each in error.errors]
    return []


@pytest.fixture
def own(tmp_path: Path) -> Path:
    shutil.copy(ROOT / MAIN, tmp_path)
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


def test_without_a_defect_there_is_none(own: Path) -> None:
    assert errors(own) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant["name"] for mutant in MUTANTS])
def test_a_defect_is_one_mistake_at_its_place(own: Path, mutant: dict[str, Any]) -> None:
    """`old` stands once in `file` and becomes `new`; `says` is the sentence, or how one begins that lists what is known."""
    text = (own / mutant["file"]).read_text()
    assert text.count(mutant["old"]) == 1
    (own / mutant["file"]).write_text(text.replace(mutant["old"], mutant["new"]))
    found = errors(own)
    expected = f"{place(own, mutant)}: {mutant['says']}"
    assert [error if expected.endswith(".") else error[: len(expected)] for error in found] == [expected], found
    assert not (own / "out").exists()
