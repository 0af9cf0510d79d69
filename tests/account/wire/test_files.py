"""Stage files over HTTP: what the real client puts is what it gets, and an address is good for one thing only."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from snowflake.connector import SnowflakeConnection

from mlops_local.account.account import Account
from mlops_local.account.clock import TestClock
from mlops_local.account.wire.server import Server

from .conftest import NEW_YEAR, Connect, Key, account_of

DIGEST = "x-goog-meta-sfc-digest"


@pytest.fixture(scope="module")
def account(key: Key) -> Iterator[Account]:
    """One for all tests of this file: every test signs in anew."""
    with account_of(TestClock(NEW_YEAR), key) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[Server]:
    with Server(account) as running:
        yield running


@pytest.fixture
def connection(connect: Connect) -> SnowflakeConnection:
    connection = connect(paramstyle="qmark")
    connection.cursor().execute("create or replace stage S")
    return connection


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def put(connection: SnowflakeConnection, file: Path, options: str = "auto_compress=false") -> None:
    [row] = connection.cursor().execute(f"put 'file://{file}' @S/folder {options}").fetchall()
    assert row[6] == "UPLOADED"


def address(server: Server, account: Account, path: Path) -> str:
    return f"{server.base_url}/transfers/{account.transfers.grant(path, 'GET')}"


def test_what_is_put_is_what_is_got(connection: SnowflakeConnection, file: Path, tmp_path: Path) -> None:
    put(connection, file)
    target = tmp_path / "target"
    target.mkdir()
    [row] = connection.cursor().execute(f"get @S/folder 'file://{target}'").fetchall()
    assert row[1:3] == (file.stat().st_size, "DOWNLOADED")
    assert (target / "data.bin").read_bytes() == file.read_bytes()


def test_a_bound_target_is_remembered_for_the_second_request(connection: SnowflakeConnection, file: Path) -> None:
    connection.cursor().execute(f"put 'file://{file}' ? auto_compress=false", ("@S/bound",))
    [row] = connection.cursor().execute("list @S/bound").fetchall()
    assert row[0] == "s/bound/data.bin"


def test_a_stream_is_put(connection: SnowflakeConnection) -> None:
    connection.cursor().execute("put file://x/note.txt @S auto_compress=false", file_stream=io.BytesIO(b"hello"))
    [row] = connection.cursor().execute("list @S/note.txt").fetchall()
    assert row[1] == 5


def test_many_files_at_once(connection: SnowflakeConnection, tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"part_{number}.csv").write_text(f"{number}\n")
    rows = connection.cursor().execute(f"put 'file://{tmp_path}/part_*.csv' @S parallel=4").fetchall()
    assert {row[6] for row in rows} == {"UPLOADED"}
    assert len(connection.cursor().execute("list @S").fetchall()) == 12


def test_parts_of_a_file_are_read_by_range(server: Server, account: Account, file: Path) -> None:
    url = address(server, account, file)
    head = requests.head(url, timeout=10)
    assert (head.headers["content-length"], head.content) == (str(file.stat().st_size), b"")
    part = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=10)
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    whole = requests.get(url, timeout=10)
    assert base64.b64decode(whole.headers[DIGEST]) == hashlib.sha256(whole.content).digest()


def test_an_address_is_for_one_direction_only(server: Server, account: Account, file: Path) -> None:
    assert requests.put(address(server, account, file), data=b"x", timeout=10).status_code == 404
    token = account.transfers.grant(file.parent / "incoming", "PUT")
    assert requests.get(f"{server.base_url}/transfers/{token}", timeout=10).status_code == 404
    assert requests.get(f"{server.base_url}/transfers/guessed", timeout=10).status_code == 404


def test_a_body_that_is_not_what_its_digest_says_is_not_taken(server: Server, account: Account, tmp_path: Path) -> None:
    taken: list[bytes] = []
    token = account.transfers.grant(tmp_path / "incoming", "PUT", lambda body: taken.append(body.read_bytes()))
    url = f"{server.base_url}/transfers/{token}"
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert requests.put(url, data=b"body", headers={DIGEST: wrong}, timeout=10).status_code == 422
    assert taken == []
    assert requests.put(url, data=b"body", timeout=10).status_code == 200
    assert taken == [b"body"]
    assert os.listdir(tmp_path / "incoming") == []
