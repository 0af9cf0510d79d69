"""Cron schedules as Azure Pipelines writes them: five fields, in UTC, names of months and days in full or in three letters.

https://learn.microsoft.com/azure/devops/pipelines/process/scheduled-triggers#cron-syntax
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?")


class CronError(ValueError):
    """Why a text is no cron schedule of Azure Pipelines."""


def check_cron(text: str) -> None:
    _normal(text)


def is_time(text: str, moment: datetime) -> bool:
    """Whether the schedule comes in the minute of that moment."""
    minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return next_time(text, minute - timedelta(minutes=1)) == minute


def next_time(text: str, after: datetime) -> datetime | None:
    """The first time after that moment; None for a date that no year has, such as 30 February."""
    found: datetime | None = next(CronSim(_normal(text), after.astimezone(UTC)), None)
    return found


def _normal(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise CronError(
            f"A cron schedule has five fields (minute, hour, day, month, day of the week); '{text}' has {len(fields)}."
        )
    normal = " ".join(
        ",".join(_part(part, *known) for part in field.split(",")) for field, known in zip(fields, _FIELDS, strict=True)
    )
    try:
        CronSim(normal, datetime.now(UTC))
    except CronSimError as error:
        raise CronError(f"'{text}' is not a cron schedule: {error}.") from error
    return normal


def _part(part: str, what: str, least: int, most: int, names: tuple[str, ...]) -> str:
    found = _PART.fullmatch(part)
    if not found:
        raise CronError(f"'{part}' is not a {what} of a cron schedule; write a number, a range, a list or */n.")
    ends = [_number(end, what, least, most, names) for end in found.group(2, 3) if end]
    if len(ends) == 2 and ends[0] > ends[1]:
        raise CronError(f"The {what} '{part}' of a cron schedule goes backwards.")
    step = f"/{found.group(4)}" if found.group(4) else ""
    return ("-".join(map(str, ends)) or "*") + step


def _number(text: str, what: str, least: int, most: int, names: tuple[str, ...]) -> int:
    known = [least + index for index, name in enumerate(names) if text.lower() in (name, name[:3])]
    number = known[0] if known else int(text) if text.isdecimal() else -1
    if not least <= number <= most:
        raise CronError(f"The {what} of a cron schedule is {least} to {most}, not '{text}'.")
    return number
