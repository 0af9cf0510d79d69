"""`python -m mlops init`: a whole repository or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlops.cli import main
from mlops.collect import FAMILIES, collect
from mlops.scaffold.record import digest, read_record

from .templates_repository import ENVIRON, git

ROOT = Path(__file__).parents[2]


def init(folder: Path, *options: str) -> int:
    return main(["init", str(folder), *options], ENVIRON)


def written(folder: Path) -> set[str]:
    listed = git(folder, "ls-files", "--others", "--exclude-standard")
    return set(listed.split())


def test_a_repository_of_its_own_is_written(tmp_path: Path) -> None:
    assert init(tmp_path / "new" / "orders") == 0
    folder = tmp_path / "new" / "orders"
    assert {"azure-pipelines.yml", "README.md", "requirements.txt", ".gitignore", ".mlops.toml"} <= written(folder)
    assert git(folder, "rev-parse", "--show-toplevel").strip() == str(folder)
    assert not [path for path in folder.rglob("*") if path.is_symlink()]
    assert "@@" not in "".join((folder / path).read_text() for path in written(folder))


def test_each_family_has_an_example(tmp_path: Path) -> None:
    init(tmp_path / "orders")
    assert {one.family for one in collect(tmp_path / "orders").declared} == set(FAMILIES)


def test_the_pipeline_is_short_and_pins_a_tag(tmp_path: Path) -> None:
    init(tmp_path / "orders", "--repository", "project/mlops", "--ref", "v7.0.0")
    text = (tmp_path / "orders" / "azure-pipelines.yml").read_text()
    assert len(text.splitlines()) <= 30
    pipeline = yaml.load(text, yaml.BaseLoader)
    expected = {"repository": "templates", "type": "git", "name": "project/mlops", "ref": "refs/tags/v7.0.0"}
    assert pipeline["resources"]["repositories"] == [expected]
    assert pipeline["extends"]["template"] == "templates/pipeline.yml@templates"


def test_templates_at_github_are_reached_by_a_service_connection(tmp_path: Path) -> None:
    assert init(tmp_path / "orders", "--repository", "https://github.com/owner/mlops", "--endpoint", "on") == 0
    pipeline = yaml.safe_load((tmp_path / "orders" / "azure-pipelines.yml").read_text())
    (repository,) = pipeline["resources"]["repositories"]
    assert (repository["type"], repository["name"], repository["endpoint"]) == ("github", "owner/mlops", "on")


def test_the_record_tells_what_was_written(tmp_path: Path) -> None:
    init(tmp_path / "orders", "--name", "All orders")
    record = read_record(tmp_path / "orders")
    assert record.answers.name == "All orders"
    assert set(record.files) == written(tmp_path / "orders") - {".mlops.toml"}
    for path, of in record.files.items():
        assert digest((tmp_path / "orders" / path).read_text()) == of


def test_an_empty_folder_is_taken_and_any_other_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    assert init(folder) == 0
    (folder / "README.md").write_text("mine")
    assert init(folder) == 9
    assert "is not an empty folder: name one that is new or empty" in capsys.readouterr().err
    assert (folder / "README.md").read_text() == "mine"


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "orders").write_text("mine")
    assert init(tmp_path / "orders") == 9
    assert init(tmp_path / "orders" / "below") == 9
    assert "cannot be written" in capsys.readouterr().err
    assert (tmp_path / "orders").read_text() == "mine"


def test_the_folder_that_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders").mkdir()
    monkeypatch.chdir(tmp_path / "orders")
    assert init(Path()) == 0
    assert 'cd "$PWD"' in capsys.readouterr().out
    assert (tmp_path / "orders" / "README.md").read_text().startswith("# orders\n")


def test_it_needs_no_package_of_others(tmp_path: Path) -> None:
    """A team begins with a checkout and a Python."""
    command = [sys.executable, "-S", "-m", "mlops", "init", str(tmp_path / "orders")]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRON, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_killed_half_way_it_leaves_the_place_as_it_was(tmp_path: Path) -> None:
    deadly = tmp_path / "bin" / "git"
    deadly.parent.mkdir()
    deadly.write_text("#!/bin/sh\nkill -9 $PPID\n")
    deadly.chmod(0o755)
    folder = tmp_path / "place" / "orders"
    command = [sys.executable, "-m", "mlops", "init", str(folder)]
    killed = subprocess.run(command, env={**ENVIRON, "PATH": f"{deadly.parent}:{ENVIRON['PATH']}"}, check=False)
    assert killed.returncode == -9
    assert not folder.exists()
    assert init(folder) == 0
    assert [path.name for path in folder.parent.iterdir()] == ["orders"]


def test_without_git_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "orders")], {"PATH": str(tmp_path)}) == 9
    assert "git was not found" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
