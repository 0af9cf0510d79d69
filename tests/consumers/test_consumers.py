"""A repository that `init` has made, from its first test to its pipeline, and two of them at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .conftest import ENVIRON, NEXT_TAG, TAG, Consumer, commit, git, make_consumer

STAGES = ["Validate", "Connect", "BuildFeatures", "BuildModels", "CreateTasks"]
MADE = ("entity | CUSTOMER", "feature view | CUSTOMER_ORDERS/V1", "model | ORDER_RETURN", "stream | ORDERS_STREAM")


def run_pipeline(consumer: Consumer, clone: Path, *options: str) -> dict[str, Any]:
    done = consumer.call("mlops_local", "run", "azure-pipelines.yml", "--repository", f"mlops={clone}", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    facts: dict[str, Any] = json.loads((consumer.folder / "out" / "run.json").read_text())
    return facts


def test_its_pipeline_runs_from_the_tag_also_beside_another(consumer: Consumer, clone: Path, tmp_path: Path) -> None:
    other = make_consumer(tmp_path / "other")
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(run_pipeline, other, clone, "--stage", "Connect", "--stage", "BuildFeatures")
        whole = run_pipeline(consumer, clone)
    assert [stage["name"] for stage in whole["stages"]] == STAGES
    assert [stage["name"] for stage in beside.result()["stages"] if stage["result"] == "Succeeded"] == STAGES[1:3]
    for folder, run, made in ((consumer.folder, whole, MADE), (other.folder, beside.result(), MADE[:2])):
        assert run["account_data"] == str(folder / ".local" / "account")
        summary = (folder / "out" / "summary.md").read_text()
        assert all(f"| {one} | not in the account |" in summary for one in made), summary
    assert "| ORDER_RETURN | ROC_AUC | 0." in (consumer.folder / "out" / "summary.md").read_text()
    # Its own tests have run, in a job that has what the templates bring and nothing else.
    results = ElementTree.parse(next((consumer.folder / "out" / "test-results" / "Validate").rglob("*.xml")))
    assert {suite.get("tests") for suite in results.iter("testsuite")} == {"5"}
    assert whole["coverage"]["covered"] > 0


def test_a_wheel_holds_the_scaffold(clone: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(clone)]
    subprocess.run(command, env=ENVIRON, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist() if name.startswith("mlops/scaffold/files/")}
    listed = git(clone, "ls-files", "mlops/scaffold/files").split()
    assert held == {name: (clone / name).read_bytes() for name in listed}


@pytest.fixture(scope="module")
def newer(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates one tag later: their text about a newer tag is another, and the pipeline says one thing more."""
    folder = Path(shutil.copytree(clone, tmp_path_factory.mktemp("newer") / "mlops", symlinks=True))
    for path, before, after in (("README.md", "## A newer tag", "## Newer tags"), ("azure-pipelines.yml", "'3.11'", "'3.12'")):
        file = folder / "mlops" / "scaffold" / "files" / path
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
    commit(folder, NEXT_TAG)
    return folder


def test_an_update_from_the_tag_before_keeps_what_was_edited(newer: Path, tmp_path: Path) -> None:
    mine = make_consumer(tmp_path / "orders")
    readme, features = mine.folder / "README.md", mine.folder / "features" / "customers.py"
    readme.write_text(readme.read_text().replace("# orders", "# Orders of our shop"))
    features.unlink()
    assert mine.call("mlops", "update", "--from", str(newer)).returncode == 2
    assert "refs/tags/" + TAG in (mine.folder / "azure-pipelines.yml").read_text()
    assert mine.call("mlops", "update", "--from", str(newer), "--apply").returncode == 0
    assert readme.read_text().startswith("# Orders of our shop\n")
    assert "## Newer tags" in readme.read_text()
    assert not features.exists()
    pipeline = mine.call("mlops_local", "expand", "azure-pipelines.yml", "--repository", f"mlops={newer}")
    assert "refs/tags/" + NEXT_TAG in pipeline.stdout
    assert "versionSpec: '3.12'" in pipeline.stdout


def test_a_clone_that_lacks_the_tag_is_refused(consumer: Consumer, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    done = consumer.call("mlops_local", "expand", "azure-pipelines.yml", "--repository", f"mlops={tmp_path}")
    assert done.returncode == 2
    assert f"azure-pipelines.yml:18:13: The git repository {tmp_path} has no ref 'refs/tags/{TAG}'" in done.stderr
