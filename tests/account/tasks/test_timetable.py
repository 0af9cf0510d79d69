from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling.timetable import Cron, Every, Timetable, parse_interval, parse_schedule

BASE = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 31), timezones=st.just(UTC))
TIMETABLES = st.one_of(
    st.integers(10, 86_400).map(lambda seconds: Every(timedelta(seconds=seconds))),
    st.sampled_from(["*/5 * * * *", "0 4 * * *", "30 8 * * MON-FRI", "0 0 1 * *", "15 2 * * SUN"]).flatmap(
        lambda expression: st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]).map(lambda zone: Cron(expression, zone))
    ),
)


@pytest.mark.parametrize(
    ("text", "timetable"),
    [
        ("5 MINUTE", Every(timedelta(minutes=5))),
        ("60 minutes", Every(timedelta(hours=1))),
        ("10 SECONDS", Every(timedelta(seconds=10))),
        ("2 HOURS", Every(timedelta(hours=2))),
        ("USING CRON 0 4 * * * UTC", Cron("0 4 * * *", "UTC")),
        ("using cron  */10 0-6 * * MON,WED   Europe/Berlin", Cron("*/10 0-6 * * MON,WED", "Europe/Berlin")),
    ],
)
def test_reads_schedules(text: str, timetable: Timetable) -> None:
    assert parse_schedule(text) == timetable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "MINUTE",
        "5 FORTNIGHTS",
        "0 MINUTE",
        "9 SECONDS",
        "12 DAYS",
        "USING CRON 0 4 * * * Mars/Base",
        "USING CRON 0 4 * * UTC",
        "USING CRON 61 4 * * * UTC",
        "0 4 * * * UTC",
        "USING CRON 0 0 4 * * * UTC",
    ],
)
def test_refuses_what_is_no_schedule(text: str) -> None:
    with pytest.raises(AccountError, match="SCHEDULE") as refusal:
        parse_schedule(text)
    assert refusal.value.number == 1008


@given(TIMETABLES, TIMES)
def test_next_time_is_the_first_one_later(timetable: Timetable, after: datetime) -> None:
    following = timetable.next_after(after, base=BASE)
    assert following > after
    assert timetable.last_until(following, base=BASE) == following
    assert timetable.last_until(following - timedelta(seconds=1), base=BASE) <= after


@given(TIMETABLES, TIMES)
def test_last_time_is_not_later(timetable: Timetable, now: datetime) -> None:
    last = timetable.last_until(now, base=BASE)
    assert last <= now < timetable.next_after(last, base=BASE)


def test_cron_follows_the_clock_of_its_zone() -> None:
    daily = Cron("0 4 * * *", "Europe/Berlin")
    winter = daily.next_after(datetime(2024, 3, 29, 12, tzinfo=UTC), base=BASE)
    summer = daily.next_after(datetime(2024, 3, 31, 12, tzinfo=UTC), base=BASE)
    assert [at.astimezone(ZoneInfo("Europe/Berlin")).hour for at in (winter, summer)] == [4, 4]
    assert (winter.hour, summer.hour) == (3, 2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1 minute", 60), ("90 seconds", 90), ("2 hours", 7200), ("1 day", 86400), ("5m", 300), ("downstream", None)],
)
def test_reads_intervals(text: str, seconds: int | None) -> None:
    assert parse_interval(text) == (None if seconds is None else timedelta(seconds=seconds))
