"""``serve`` as a user runs it: a process, its printed settings, a client that signs in with them, a signal."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from mlops_local.serve import ServeError, keys_folder, serving

from .served import serve, serve_and_end, sign_in


@pytest.fixture(autouse=True)
def client_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "account"
    with serve("--data", str(data)) as (process, settings):
        with sign_in(settings) as connection:
            connection.cursor().execute("create database D")
            assert connection.role == settings["SNOWFLAKE_ROLE"] == "ACCOUNTADMIN"
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_what_was_done_and_the_key_are_there_after_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "account"
    with serve("--data", str(data)) as (process, first):
        with sign_in(first) as connection:
            connection.cursor().execute("create database D")
            connection.cursor().execute("create table D.PUBLIC.T as select 1 as A")
        process.kill()
        process.wait(timeout=20)
    with serve("--data", str(data)) as (_, second), sign_in(second) as connection:
        assert connection.cursor().execute("select A from D.PUBLIC.T").fetchall() == [(1,)]
    assert first["SNOWFLAKE_PRIVATE_KEY_FILE"] == second["SNOWFLAKE_PRIVATE_KEY_FILE"]


def test_the_key_is_the_owners_alone_and_outside_the_data(tmp_path: Path) -> None:
    data = tmp_path / "account"
    with serving(data) as settings:
        file = Path(settings["SNOWFLAKE_PRIVATE_KEY_FILE"])
    assert file.parent == keys_folder(data) != data
    assert data not in file.parents
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_folder_that_holds_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(ServeError, match="holds no account"), serving(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_lost_key_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "account"
    for _ in range(3):
        with serving(data) as settings, sign_in(settings) as connection:
            assert connection.user == "ADMIN"
        os.remove(settings["SNOWFLAKE_PRIVATE_KEY_FILE"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--user", "nobody"], "User NOBODY does not exist"),
        (["--port", "TAKEN"], "cannot be used"),
        (["--host", "192.0.2.1"], "listens on the loopback address only"),
        (["--oidc-issuer", "https://issuer=https://elsewhere/keys"], "a file or an http address on 127.0.0.1"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    with serving(tmp_path / "other") as settings:
        given = [argument.replace("TAKEN", settings["SNOWFLAKE_PORT"]) for argument in arguments]
        ended = serve_and_end("--data", str(tmp_path / "account"), *given)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    data = tmp_path / "account"
    with serve("--data", str(data)):
        ended = serve_and_end("--data", str(data))
    assert ended.returncode == 1
    assert "is another process serving it?" in ended.stderr
