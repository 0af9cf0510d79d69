"""What the catalogue remembers is what it would find, whoever changes it meanwhile."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlops_local.account.account import Account
from mlops_local.account.session.session import Session

_NAMES = [f"S{number}" for number in range(4)]


def _change(session: Session, choice: random.Random) -> None:
    name = choice.choice(_NAMES)
    session.run(
        choice.choice([f"CREATE OR REPLACE SCHEMA D.{name} COMMENT = '{choice.random()}'", f"DROP SCHEMA IF EXISTS D.{name}"])
    )


def _compare(session: Session, choice: random.Random) -> int:
    """Looks several names up within one transaction, remembered and afresh."""
    catalogue = session.catalogue
    with session.transaction():
        for name in choice.sample(_NAMES, 3):
            remembered = catalogue.find("SCHEMA", "D", "", name)
            assert remembered == catalogue._look_up(("SCHEMA", "D", "", name, 0))
    return 3


def _read_until(account: Account, ended: threading.Event, seed: int) -> int:
    choice, compared = random.Random(seed), 0
    session = account.open_session("ADMIN", role="ACCOUNTADMIN")
    while not ended.is_set():
        compared += _compare(session, choice)
    session.close()
    return compared


def test_remembered_objects_are_those_of_the_transaction(tmp_path: Path) -> None:
    ended = threading.Event()
    with Account.open(tmp_path / "account") as account, ThreadPoolExecutor(2) as pool:
        writer = account.open_session("ADMIN", role="ACCOUNTADMIN")
        writer.run("CREATE DATABASE D")
        readers = [pool.submit(_read_until, account, ended, seed) for seed in range(2)]
        choice = random.Random(7)
        try:
            for _ in range(100):
                _change(writer, choice)
        finally:
            ended.set()
        assert all(reader.result() > 0 for reader in readers)


def test_a_transaction_finds_what_it_has_changed(tmp_path: Path) -> None:
    with Account.open(tmp_path / "account") as account:
        session = account.open_session("ADMIN", role="ACCOUNTADMIN")
        session.run("CREATE DATABASE D")
        with session.transaction(write=True):
            assert session.catalogue.find("SCHEMA", "D", "", "S") is None
            made = session.catalogue.add("SCHEMA", "D", "", "S", owner="ACCOUNTADMIN", created_on=account.clock.now())
            assert session.catalogue.find("SCHEMA", "D", "", "S") == made
            changed = session.catalogue.update(made, comment="new")
            assert session.catalogue.find("SCHEMA", "D", "", "S") == changed
            session.catalogue.remove(changed)
            assert session.catalogue.find("SCHEMA", "D", "", "S") is None
