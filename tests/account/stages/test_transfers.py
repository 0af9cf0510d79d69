from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from mlops_local.account.files.transfers import Transfers


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_token_stands_for_one_file_until_it_ends(tmp_path: Path) -> None:
    time = Time()
    transfers = Transfers(now=time)
    (tmp_path / "a").write_bytes(b"abc")
    token = transfers.grant(tmp_path / "a", "GET", seconds=10)
    found = transfers.resolve(token)
    assert found is not None
    assert found.digest() == base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    time.now = 10
    assert transfers.resolve(token) is None
    assert transfers.resolve("unknown") is None


def test_a_body_goes_where_the_grant_says_and_leaves_nothing_behind(tmp_path: Path) -> None:
    transfers = Transfers()
    received: list[bytes] = []
    token = transfers.grant(tmp_path / "incoming", "PUT", lambda body: received.append(body.read_bytes()))
    transfer = transfers.resolve(token)
    assert transfer is not None
    first, second = transfer.incoming(), transfer.incoming()
    assert first != second
    first.write_bytes(b"1")
    transfer.receive(first)
    assert received == [b"1"]
    assert list((tmp_path / "incoming").iterdir()) == []


def test_tokens_do_not_repeat(tmp_path: Path) -> None:
    transfers = Transfers()
    assert len({transfers.grant(tmp_path, "GET") for _ in range(100)}) == 100
