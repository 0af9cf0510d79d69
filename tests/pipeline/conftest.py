"""One run of the real pipeline by its command; the tests look at what it left, or go on from a copy of its account."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from filelock import FileLock

from tests.few_rows import FEW_FLIGHTS

from .stand import ROOT, Stand, stand

PATIENCE = 900


@dataclass(frozen=True)
class Secrets:
    """What the pipeline's library held while it ran."""

    passphrase: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True)
class Run:
    account: Path
    out: Path
    exit_code: int
    terminal: str
    secrets: Secrets

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.out / "run.json").read_text())
        return facts


def run_pipeline(account: Path, out: Path, *options: str) -> Run:
    """The command of `make pipeline`, on the account of that folder. Validate is these tests, so it is left out."""
    command = [sys.executable, "-m", "mlops_local", "run", "azure-pipelines.yml", "--set", "runTests=false"]
    command += [f"--samples={' '.join(FEW_FLIGHTS)}"]
    # The library is a temporary folder of the command, which is gone when it ends; a short path, because sockets are made in it.
    with tempfile.TemporaryDirectory(prefix="p-") as temporary, tempfile.TemporaryFile("w+") as terminal:
        process = subprocess.Popen(
            [*command, "--account", str(account), "--out", str(out), *options],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": temporary},
            stdout=terminal,
            stderr=subprocess.STDOUT,
        )
        secrets = _wait_for_secrets(Path(temporary), process)
        code = process.wait(PATIENCE)
        terminal.seek(0)
        return Run(account, out, code, terminal.read(), secrets)


def _wait_for_secrets(temporary: Path, process: subprocess.Popen[bytes]) -> Secrets:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        keys = list(temporary.glob("library-*/secure-files/*"))
        if keys and (key := keys[0].read_text()).endswith("-----END ENCRYPTED PRIVATE KEY-----\n"):
            group = yaml.safe_load(next(temporary.glob("library-*/variable-groups/*")).read_text())
            return Secrets(group["private_key_passphrase"]["value"], key)
        time.sleep(0.02)
    return Secrets("", "")


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Run:
    """One for all workers: https://pytest-xdist.readthedocs.io/en/stable/how-to.html#making-session-scoped-fixtures-execute-only-once"""
    base = tmp_path_factory.getbasetemp()
    folder = (base if "PYTEST_XDIST_WORKER" not in os.environ else base.parent) / f"first-{testrun_uid}"
    with FileLock(f"{folder}.lock"):
        found = folder / "run.pickle"
        if not found.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            found.write_bytes(pickle.dumps(run_pipeline(folder / "account", folder / "out")))
        return cast(Run, pickle.loads(found.read_bytes()))


def copy_account(run: Run, folder: Path) -> Path:
    return Path(shutil.copytree(run.account, folder / "account"))


@pytest.fixture(scope="module")
def served(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A copy of the account, served for the tests of one file."""
    with stand(copy_account(first_run, tmp_path_factory.mktemp("served"))) as found:
        yield found
