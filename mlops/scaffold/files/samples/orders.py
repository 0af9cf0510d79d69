"""Orders of a shop, by chance: the same seed gives the same rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
from snowflake.snowpark import Session

Order = tuple[str, str, datetime, float, int, str, bool]

SCHEMA, TABLE = "SOURCE", "ORDERS"
COLUMNS = {
    "ORDER_ID": "VARCHAR",
    "CUSTOMER_ID": "VARCHAR",
    "ORDERED_AT": "TIMESTAMP_NTZ",
    "AMOUNT": "NUMBER(10, 2)",
    "ITEMS": "NUMBER(38, 0)",
    "CHANNEL": "VARCHAR",
    "RETURNED": "BOOLEAN",
}
_FIRST = datetime(2025, 1, 1, 8)


def make_orders(count: int = 1200, *, customers: int = 150, seed: int = 7) -> list[Order]:
    chance = random.Random(seed)
    return [_make_order(number, customers, chance) for number in range(count)]


def _make_order(number: int, customers: int, chance: random.Random) -> Order:
    channel = chance.choice(("APP", "SHOP", "WEB"))
    items = chance.randint(1, 6)
    amount = round(items * chance.uniform(5, 60), 2)
    # What the model is to find out: dear things that nobody has held in hand come back.
    returns = chance.random() < 0.05 + 0.3 * (channel != "SHOP") + 0.4 * (amount / items > 35)
    customer = f"C{chance.randint(1, customers):04}"
    return f"O{number + 1:06}", customer, _FIRST + timedelta(minutes=90 * number), amount, items, channel, returns


def load_orders(session: Session, orders: Sequence[Order]) -> int:
    """Rows loaded: none when the table holds some already."""
    session.sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}").collect()
    # Tracking lets a role that may only read make a stream on the table: docs.snowflake.com/en/user-guide/streams-manage
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    session.sql(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{TABLE} ({columns}) CHANGE_TRACKING = TRUE").collect()
    if session.table(f"{SCHEMA}.{TABLE}").count():
        return 0
    session.write_pandas(pd.DataFrame(orders, columns=list(COLUMNS)), TABLE, schema=SCHEMA, use_logical_type=True)
    return len(orders)
