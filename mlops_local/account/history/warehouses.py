"""Sizes of warehouses, what a second of each costs, and how long each has worked.

A warehouse works while a statement of it runs; what Snowflake adds (idle time until AUTO_SUSPEND, sixty seconds at least) is nothing that
this machine could measure. https://docs.snowflake.com/en/user-guide/cost-understanding-compute
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlops_local.account.engine.engine import Connection
from mlops_local.account.history.query_history import History
from mlops_local.account.session.session import Session

# As SHOW WAREHOUSES prints them, with the credits of an hour.
CREDITS = {
    "X-Small": 1,
    "Small": 2,
    "Medium": 4,
    "Large": 8,
    "X-Large": 16,
    "2X-Large": 32,
    "3X-Large": 64,
    "4X-Large": 128,
    "5X-Large": 256,
    "6X-Large": 512,
}
SMALLEST = "X-Small"
HOUR = timedelta(hours=1)
_SPELLINGS = {size.upper().replace("-", ""): size for size in CREDITS} | {
    "XXLARGE": "2X-Large",
    "XXXLARGE": "3X-Large",
    **{f"X{number}LARGE": f"{number}X-Large" for number in (2, 3, 4, 5, 6)},
}
# What a warehouse computes; the rest is done without one.
COMPUTED = ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "UNLOAD", "CREATE_TABLE_AS_SELECT", "MULTI_TABLE_INSERT")

_TABLE = "CREATE TABLE IF NOT EXISTS account.warehouse_sizes (name VARCHAR NOT NULL, since TIMESTAMPTZ NOT NULL, size VARCHAR NOT NULL)"
# The statements of the history, each with the size that its warehouse had when it began; NULL for what no warehouse computed.
HISTORY = (
    "(SELECT q.*, CASE WHEN q.warehouse_name IS NOT NULL AND q.query_type IN ("
    + ", ".join(f"'{type_}'" for type_ in COMPUTED)
    + f") THEN coalesce(w.size, '{SMALLEST}') END AS warehouse_size FROM account.query_history AS q "
    "ASOF LEFT JOIN account.warehouse_sizes AS w ON q.warehouse_name = w.name AND q.start_time >= w.since)"
)


def create_tables(connection: Connection) -> None:
    connection.execute(_TABLE)


def size_of(text: str) -> str | None:
    """The size that SQL names in one of its spellings; None when it is none."""
    return _SPELLINGS.get(text.upper().replace("-", ""))


def note_size(session: Session, name: str, size: str) -> None:
    """From now on. Within the statement that says so."""
    session.connection.execute("INSERT INTO account.warehouse_sizes VALUES (?, ?, ?)", [name, session.account.clock.now(), size])


@dataclass(frozen=True)
class Hour:
    """What one warehouse did in one hour: seconds in which at least one statement ran, and their credits."""

    warehouse: str
    start: datetime
    seconds: float
    credits: float


def hours(history: History) -> list[Hour]:
    """The hours in which a warehouse worked, by warehouse and time."""
    found = history.fetch(
        f"SELECT warehouse_name, warehouse_size, start_time, end_time FROM {HISTORY} WHERE warehouse_size IS NOT NULL "
        "ORDER BY warehouse_name, start_time"
    )
    spent: dict[tuple[str, datetime], tuple[float, float]] = {}
    for name, size, start, end in _disjoint(found):
        for hour, seconds in _by_hour(start, end):
            known = spent.get((name, hour), (0.0, 0.0))
            spent[name, hour] = (known[0] + seconds, known[1] + seconds * CREDITS[size] / 3600)
    return [Hour(name, hour, seconds, credits) for (name, hour), (seconds, credits) in sorted(spent.items())]


def _disjoint(found: Iterable[tuple[str, str, datetime, datetime]]) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Statements that ran side by side in one warehouse count once."""
    reached: dict[str, datetime] = {}
    for name, size, start, end in found:
        begin = max(start, reached.get(name, start))
        if end > begin:
            reached[name] = end
            yield name, size, begin, end


def _by_hour(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    while start < end:
        hour = start.replace(minute=0, second=0, microsecond=0)
        until = min(end, hour + HOUR)
        yield hour, (until - start).total_seconds()
        start = until
