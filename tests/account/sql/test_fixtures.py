"""Every pair of the fixtures: the statement is executed, names, types and values of its answer are compared."""

from __future__ import annotations

import pytest

from mlops_local.account.session.session import Session
from tests.account.sql.fixture_files import Pair, answer, read_pairs


@pytest.mark.parametrize("pair", list(read_pairs()), ids=str)
def test_answer(pair: Pair, session: Session) -> None:
    for statement in pair.setup:
        session.run(statement)
    assert tuple(answer(session, pair.sql)) == pair.expected


def test_titles_are_different() -> None:
    titles = [str(pair) for pair in read_pairs()]
    assert len(titles) == len(set(titles))
