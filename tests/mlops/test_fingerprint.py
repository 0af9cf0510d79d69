from __future__ import annotations

from pathlib import Path

import pytest

from mlops.archive import code_archive, function_archive
from mlops.collect import collect
from mlops.fingerprint import fingerprint

from .content import FEATURES, MODELS, TASKS, write_content


def hashes(root: Path, code: str = "") -> dict[str, str]:
    definitions = collect(root)
    return {one.definition.name: fingerprint(definitions, one.definition, code=code) for one in definitions.declared}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name, value in after.items() if before[name] != value}


def test_the_same_content_elsewhere_has_the_same_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert hashes(write_content(tmp_path / "a")) == hashes(write_content(tmp_path / "b"))


@pytest.mark.parametrize(
    ("family", "old", "new", "expected"),
    [
        ("features", "AGE FROM", "AGE + 1 AS AGE FROM", {"AGE", "SEEN", "GUESS"}),
        ("features", 'description="Age."', 'description="Years."', {"AGE"}),
        ("features", 'join_keys=("ID",)', 'join_keys=("ID2",)', {"PERSON", "AGE", "SEEN", "GUESS"}),
        # What a training set is judged by changes none of its rows.
        ("models", 'group="ID"', 'group="ID", quality=Quality(oldest_days=9)', {"GUESS"}),
        ("models", "seed=1", "seed=2", {"GUESS"}),
        ("models", 'description="Guesses."', 'description="Guesses well."', set()),
        ("models", "packages=()", 'packages=("pandas",)', {"TRAIN"}),
        ("tasks", "1 MINUTE", "2 MINUTE", {"AGAIN"}),
    ],
)
def test_a_change_reaches_what_is_built_from_it_and_nothing_else(
    tmp_path: Path, family: str, old: str, new: str, expected: set[str]
) -> None:
    before = hashes(write_content(tmp_path))
    text = {"features": FEATURES, "models": MODELS, "tasks": TASKS}[family]
    assert old in text
    assert changed(before, hashes(write_content(tmp_path, **{family: text.replace(old, new)}))) == expected


def test_a_change_of_a_functions_code_reaches_the_model(tmp_path: Path) -> None:
    before = hashes(write_content(tmp_path))
    (tmp_path / "features" / "double.py").write_text("def double(x):\n    return x + x\n")
    assert changed(before, hashes(tmp_path)) == {"DOUBLE", "AGE", "SEEN", "GUESS"}


def test_new_code_of_the_machine_deploys_procedures_and_retrains_nothing(tmp_path: Path) -> None:
    root = write_content(tmp_path)
    assert changed(hashes(root, "one"), hashes(root, "two")) == {"TRAIN"}


def test_an_archive_is_the_same_for_the_same_files(tmp_path: Path) -> None:
    root = write_content(tmp_path)
    first = code_archive(root)
    (root / "features" / "double.py").touch()
    assert code_archive(root) == first
    assert function_archive(root, ["features/double.py"]) != first
