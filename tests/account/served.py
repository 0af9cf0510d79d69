"""``serve`` in a process of its own, and the real connector with the settings that it prints."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import snowflake.connector
from snowflake.connector import SnowflakeConnection

RUN = [sys.executable, "-m", "mlops_local", "serve"]


@contextmanager
def serve(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process leads a group, so that :func:`kill` ends what it has started too."""
    process = subprocess.Popen(
        [*RUN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process, _settings(process)
    finally:
        kill(process)
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def serve_and_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=60, check=False)


def _settings(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    settings: dict[str, str] = {}
    while "SNOWFLAKE_ROLE" not in settings:
        word, _, assignment = process.stdout.readline().strip().partition(" ")
        assert word == "export", process.stderr and process.stderr.read()
        name, _, value = shlex.split(assignment)[0].partition("=")
        settings[name] = value
    return settings


def sign_in(settings: dict[str, str], network_timeout: int = 20) -> SnowflakeConnection:
    return snowflake.connector.connect(
        account=settings["SNOWFLAKE_ACCOUNT"], user=settings["SNOWFLAKE_USER"], host=settings["SNOWFLAKE_HOST"],
        port=int(settings["SNOWFLAKE_PORT"]), protocol=settings["SNOWFLAKE_PROTOCOL"],
        authenticator=settings["SNOWFLAKE_AUTHENTICATOR"], private_key_file=settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
        login_timeout=20, network_timeout=network_timeout,
    )  # fmt: skip
