"""The example, in an embedded account."""

from datetime import datetime

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session

from features.customers import CUSTOMER_ORDERS
from samples.orders import load_orders, make_orders

NINE, TEN = datetime(2025, 1, 1, 9), datetime(2025, 1, 1, 10)


@pytest.fixture
def session(snowflake_connection: SnowflakeConnection) -> Session:
    return Session.builder.configs({"connection": snowflake_connection}).create()


def test_the_same_seed_gives_the_same_orders() -> None:
    assert make_orders(50, seed=1) == make_orders(50, seed=1)
    assert make_orders(50, seed=1) != make_orders(50, seed=2)


def test_an_order_knows_only_those_before_it(session: Session) -> None:
    orders = [("O1", "C1", NINE, 10.0, 1, "WEB", True), ("O2", "C1", TEN, 30.0, 2, "APP", False)]
    assert load_orders(session, orders) == 2
    known = session.sql(CUSTOMER_ORDERS.query).select("ORDERED_AT", "ORDERS_SO_FAR", "MEAN_AMOUNT").sort("ORDERED_AT")
    assert known.collect() == [(NINE, 1, 10.0), (TEN, 2, 20.0)]


def test_what_is_loaded_is_not_loaded_again(session: Session) -> None:
    assert load_orders(session, make_orders(20)) == 20
    assert load_orders(session, make_orders(20)) == 0
