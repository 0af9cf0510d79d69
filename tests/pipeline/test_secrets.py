"""No secret in any file under out/ or on the terminal, whether the run succeeds or fails."""

from __future__ import annotations

import base64
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from mlops_local.account.account import Account
from mlops_local.account.wire.server import Server
from mlops_local.agent.machine import this_machine

from .conftest import Run, Secrets, copy_account
from .stand import ROOT


def forms(secrets: Secrets) -> Iterator[bytes]:
    plain = secrets.passphrase.encode()
    yield plain
    # In base64 a text looks different by where it begins; what is around it is cut off.
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + plain + b"xx")
        yield encoded[(8 * before + 5) // 6 : len(encoded) - 4]
    body = secrets.key.splitlines()[1:-1]
    assert len(body) > 20
    yield from (line.encode() for line in body)


def leaks(out: Path, terminal: str, secrets: Secrets) -> list[str]:
    places = {str(file): file.read_bytes() for file in out.rglob("*") if file.is_file()}
    assert len(places) > 5
    places["terminal"] = terminal.encode()
    return [name for name, content in places.items() for form in forms(secrets) if form in content]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    secrets = Secrets("plain & simple", "\n".join(["begin", *(f"line {number} of the key" for number in range(30)), "end"]))
    for number in range(6):
        (tmp_path / f"{number}").write_text("nothing")
    for told in (secrets.passphrase, base64.b64encode(b"ab" + secrets.passphrase.encode()).decode(), "line 7 of the key"):
        assert leaks(tmp_path, f"<{told}>", secrets) == ["terminal"]
    assert leaks(tmp_path, "nothing", secrets) == []


def test_a_run_that_succeeds_tells_no_secret(first_run: Run) -> None:
    assert first_run.secrets.passphrase
    assert leaks(first_run.out, first_run.terminal, first_run.secrets) == []


@pytest.fixture(scope="module")
def failed_run(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With a key of one's own, planted in a library, that the account does not know."""
    folder = tmp_path_factory.mktemp("failed")
    with Account.open(copy_account(first_run, folder)) as account, Server(account) as server:
        secrets = plant(folder / "library", server)
        command = [sys.executable, "-m", "mlops_local", "run", "--set", "runTests=false", "--verbose"]
        places = ["--library", str(folder / "library"), "--out", str(folder / "out")]
        done = subprocess.run([*command, *places], cwd=ROOT, capture_output=True, text=True, check=False)
    return Run(folder / "account", folder / "out", done.returncode, done.stdout + done.stderr, secrets)


def plant(library: Path, server: Server) -> Secrets:
    secrets = Secrets("planted; passphrase=%42 'and more'", "")
    private = rsa.generate_private_key(65537, 2048)
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secrets.passphrase.encode())).decode()
    # A name of its own: another run on this machine may have planted one too.
    file = f"planted-{uuid.uuid4().hex}.p8"
    group = {
        **{"account": server.account.name, "user": "MLOPS_DEV_PIPELINE", "role": "MLOPS_DEV_ROLE", "database": "MLOPS_DEV"},
        **{"warehouse": "MLOPS_DEV_WH", "schema": "ML", "host": server.host, "port": str(server.port), "protocol": "http"},
        "private_key_file_name": file,
        "private_key_passphrase": {"value": secrets.passphrase, "secret": True},
    }
    for name, content in {
        "variable-groups/snowflake-credentials.yml": yaml.safe_dump(group),
        f"secure-files/{file}": key,
    }.items():
        (library / name).parent.mkdir(parents=True)
        (library / name).write_text(content)
    return Secrets(secrets.passphrase, key)


def test_a_run_that_fails_tells_why_and_no_secret(failed_run: Run) -> None:
    assert failed_run.exit_code == 1
    assert "the public key registered for MLOPS_DEV_PIPELINE is another one" in failed_run.terminal
    assert [stage["result"] for stage in failed_run.facts["stages"]] == ["Failed", "Skipped", "Skipped", "Skipped"]
    assert leaks(failed_run.out, failed_run.terminal, failed_run.secrets) == []


def test_the_key_is_gone_when_the_job_ends(failed_run: Run) -> None:
    (key,) = (failed_run.account.parent / "library/secure-files").iterdir()
    assert list(this_machine().cache.rglob(key.name)) == []
