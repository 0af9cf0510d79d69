"""When a task is to run: ``'5 MINUTE'`` and ``'USING CRON 0 4 * * * Europe/Berlin'`` as values, with the next time after a time.

https://docs.snowflake.com/en/sql-reference/sql/create-task
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from mlops_local.account.errors import compilation_error

_UNITS = {"SECOND": 1, "S": 1, "MINUTE": 60, "M": 60, "MIN": 60, "HOUR": 3600, "H": 3600, "DAY": 86400, "D": 86400}
_SHOWN_UNITS = ("second", "minute", "hour", "day")
_INTERVAL = re.compile(r"\s*(\d+)\s*([A-Za-z]+)\s*\Z")
_CRON = re.compile(r"\s*USING\s+CRON\s+(.+?)\s+(\S+)\s*\Z", re.IGNORECASE | re.DOTALL)
_LONGEST_INTERVAL = timedelta(days=8)


@dataclass(frozen=True)
class Every:
    """At fixed distances from the time at which the task was resumed."""

    interval: timedelta

    def next_after(self, after: datetime, *, base: datetime) -> datetime:
        """The first time later than ``after`` that lies a whole number of intervals behind ``base``."""
        return base + self.interval * ((after - base) // self.interval + 1)

    def last_until(self, now: datetime, *, base: datetime) -> datetime:
        """The last such time that is not later than ``now``."""
        return base + self.interval * ((now - base) // self.interval)


@dataclass(frozen=True)
class Cron:
    """At the minutes that a cron expression names, on the clock of a time zone."""

    expression: str
    zone: str

    def next_after(self, after: datetime, *, base: datetime) -> datetime:
        """The first time later than ``after``; ``base`` does not count."""
        at: datetime = next(CronSim(self.expression, after.astimezone(ZoneInfo(self.zone))))
        return at.astimezone(UTC)

    def last_until(self, now: datetime, *, base: datetime) -> datetime:
        """The last such time that is not later than ``now``; ``base`` does not count."""
        just_after = (now.replace(microsecond=0) + timedelta(seconds=1)).astimezone(ZoneInfo(self.zone))
        at: datetime = next(CronSim(self.expression, just_after, reverse=True))
        return at.astimezone(UTC)


Timetable = Every | Cron


def parse_schedule(text: str) -> Timetable:
    """The value of SCHEDULE; refused when it is neither form."""
    cron = _CRON.match(text)
    if cron:
        return _cron(" ".join(cron[1].split()), cron[2])
    interval = parse_interval(text)
    if interval is None or not timedelta(seconds=10) <= interval <= _LONGEST_INTERVAL:
        raise _invalid(text, "use '<number> MINUTE' (from 10 seconds to 8 days) or 'USING CRON <expression> <time zone>'.")
    return Every(interval)


def _cron(expression: str, zone: str) -> Cron:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _invalid(f"USING CRON {expression} {zone}", f"'{zone}' is not a time zone.") from error
    if len(expression.split()) != 5:
        raise _invalid(f"USING CRON {expression} {zone}", "a cron expression has five fields.")
    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise _invalid(f"USING CRON {expression} {zone}", f"{error}.") from error
    return Cron(expression, zone)


def _invalid(text: str, why: str) -> Exception:
    return compilation_error(1008, "22023", f"invalid value ['{text}'] for parameter 'SCHEDULE': {why}")


def parse_interval(text: str) -> timedelta | None:
    """``'5 minutes'``, ``'1 hour'``, ``'2m'``; None when it is not an interval."""
    match = _INTERVAL.match(text)
    if match is None:
        return None
    unit = match[2].upper()
    seconds = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("S"))
    return timedelta(seconds=int(match[1]) * seconds) if seconds else None


def written(text: str) -> str:
    """An interval as Snowflake shows it: ``1m`` as ``1 minute``, ``2 minute`` as ``2 minutes``."""
    match = _INTERVAL.match(text)
    assert match is not None, text
    unit = next(word for word in _SHOWN_UNITS if word[0] == match[2][0].lower())
    return f"{int(match[1])} {unit}{'' if int(match[1]) == 1 else 's'}"
