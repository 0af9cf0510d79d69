"""No row of a source table passes through the agent: what it was answered is counted in the account's query history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from ..azure import AZURE
from .conftest import Run, copy_account
from .stand import Client, Stand, stand

HISTORY = """
    SELECT SESSION_ID, QUERY_TYPE, START_TIME, END_TIME, ROWS_PRODUCED, BYTES_WRITTEN_TO_RESULT, QUERY_TEXT
    FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))
    WHERE USER_NAME = 'MLOPS_DEV_PIPELINE' AND QUERY_TAG = 'mlops run {run}' ORDER BY START_TIME
"""


@dataclass(frozen=True)
class Answer:
    session: int
    kind: str
    start: datetime
    end: datetime
    rows: int
    bytes: int
    text: str


@dataclass(frozen=True)
class Traffic:
    """The answers of one run: those that the agent got, and those that procedures got inside the account."""

    agent: list[Answer]
    inside: list[Answer]


def read_traffic(client: Client, run: str) -> Traffic:
    """A procedure has a session of its own, which begins while the agent waits in CALL; jobs run one after another."""
    answers = [Answer(*row.values()) for row in client.query(HISTORY.format(run=run))]
    begins = {one.session: one.start for one in reversed(answers)}
    calls = [one for one in answers if one.kind == "CALL"]
    within = {
        session for session, at in begins.items() if any(one.start <= at <= one.end for one in calls if one.session != session)
    }
    return Traffic([one for one in answers if one.session not in within], [one for one in answers if one.session in within])


def training_calls(traffic: Traffic) -> list[Answer]:
    """A change and its row of the ledger are one block, which the history counts among the calls too."""
    return [one for one in traffic.agent if one.kind == "CALL" and one.text.startswith("CALL")]


@pytest.fixture(scope="module")
def account(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(copy_account(first_run, tmp_path_factory.mktemp("traffic"))) as found:
        yield found


@pytest.fixture(scope="module")
def first(account: Stand) -> Traffic:
    tags = account.admin.query(
        "SELECT DISTINCT QUERY_TAG FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        "WHERE USER_NAME = 'MLOPS_DEV_PIPELINE' AND QUERY_TAG LIKE 'mlops run %'"
    )
    return read_traffic(account.admin, tags[0]["QUERY_TAG"].removeprefix("mlops run "))


@pytest.fixture(scope="module")
def source_rows(account: Stand, first: Traffic) -> int:
    rows: int = account.admin.value("SELECT COUNT(*) FROM SOURCE.SCREENINGS")
    return rows


def test_rows_are_read_inside_the_account_only(first: Traffic, source_rows: int) -> None:
    # Of each stage's command, and of the report.
    assert len({one.session for one in first.agent}) == 5
    assert max(one.rows for one in first.inside) >= source_rows > 1000
    # Texts of views and rows of the ledger: these grow with what is declared, not with what the source holds.
    assert max(one.rows for one in first.agent) < 40
    assert sum(one.rows for one in first.agent) < 900
    assert sum(one.bytes for one in first.agent) < 400_000


def test_what_the_agent_gets_does_not_grow_with_the_source(account: Stand, first: Traffic, source_rows: int) -> None:
    account.admin.query(
        "INSERT INTO SOURCE.SCREENINGS (SCREENING_ID, PATIENT_ID, TRIAL_ID, SCREENED_AT, ELIGIBLE) "
        "SELECT 'NEW-' || SCREENING_ID, PATIENT_ID, TRIAL_ID, DATEADD('minute', 1, SCREENED_AT), ELIGIBLE FROM SOURCE.SCREENINGS "
        # More at once is taken for a fault of the data.
        "ORDER BY SCREENING_ID LIMIT 2500"
    )
    for verb in (["connect"], ["apply"], ["run", "TRIAL_ELIGIBILITY"]):
        done = account.pipeline.machine(*verb, **AZURE, BUILD_BUILDID="larger", BUILD_REPOSITORY_NAME="ours")
        assert done.returncode == 0, done.stderr
    larger = read_traffic(account.admin, "larger")
    assert max(one.rows for one in larger.inside) == source_rows + 2500
    assert max(one.rows for one in larger.agent) < 40
    (called,) = training_calls(larger)
    # Each model is trained by a call; this is about the one of trials.
    assert called.bytes in [pytest.approx(one.bytes, rel=0.2) for one in training_calls(first)]
    assert sum(one.bytes for one in larger.agent) < sum(one.bytes for one in first.agent)
