"""What a statement may take of the machine that the account shares with its clients."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mlops_local.account.account import Account, translate_engine_error
from mlops_local.account.engine.engine import Engine

# 100 MB to be sorted by a value that each row has of its own.
LARGE = "SELECT COUNT(*), MAX(T) FROM (SELECT repeat('x', 200) || i AS T, hash(i) AS H FROM range(500000) AS r(i) ORDER BY H OFFSET 1)"


@pytest.mark.parametrize("file", ["data.duckdb", None])
def test_what_does_not_fit_into_memory_is_put_by_in_the_accounts_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = Engine(tmp_path / file if file else None, spilled=tmp_path / "spilled", memory_limit="64MiB")
    engine.confine([])
    with engine.connect() as connection:
        assert connection.fetch(LARGE)[0][0] == 499_999
    engine.close()
    assert {path.name for path in tmp_path.iterdir()} <= {"data.duckdb", "spilled"}


def test_what_fits_nowhere_is_refused_in_a_sentence(tmp_path: Path) -> None:
    engine = Engine(None, spilled=tmp_path / "spilled", memory_limit="64MiB", max_temp_directory_size="1MiB")
    with engine.connect() as connection, pytest.raises(duckdb.OutOfMemoryException) as refusal:
        connection.fetch(LARGE)
    engine.close()
    told = translate_engine_error(refusal.value)
    assert (told.number, told.state) == (603, "XX000")
    assert "needs more memory" in told.message


def test_an_account_takes_what_its_page_says_and_leaves_nothing_behind(tmp_path: Path) -> None:
    left = tmp_path / "spilled" / "duckdb_temp_storage-0.tmp"
    left.parent.mkdir()
    left.write_bytes(b"of a process that was killed")
    with Account.open(tmp_path) as account:
        asked = "SELECT current_setting('memory_limit'), current_setting('max_temp_directory_size'), current_setting('temp_directory')"
        assert account.engine.root.execute(asked).fetchall() == [("2.0 GiB", "16.0 GiB", str(left.parent))]
        assert not left.exists()
