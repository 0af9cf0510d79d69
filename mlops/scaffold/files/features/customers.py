"""What is known of a customer when an order comes in."""

from mlops.definitions import Check, Entity, FeatureView

CUSTOMER = Entity(name="CUSTOMER", join_keys=("CUSTOMER_ID",), description="Somebody who orders.")

CUSTOMER_ORDERS = FeatureView(
    name="CUSTOMER_ORDERS",
    version="V1",
    entities=("CUSTOMER",),
    timestamp="ORDERED_AT",
    reads=("SOURCE.ORDERS",),
    # Whether an order came back is known only later, so it stays out of every feature.
    query="""
        SELECT
            CUSTOMER_ID,
            ORDERED_AT,
            CHANNEL,
            ITEMS,
            AMOUNT::FLOAT AS AMOUNT,
            COUNT(*) OVER (PARTITION BY CUSTOMER_ID ORDER BY ORDERED_AT) AS ORDERS_SO_FAR,
            AVG(AMOUNT::FLOAT) OVER (PARTITION BY CUSTOMER_ID ORDER BY ORDERED_AT) AS MEAN_AMOUNT
        FROM SOURCE.ORDERS
    """,
    features={
        "CHANNEL": "Where the order was placed.",
        "ITEMS": "How many things were ordered.",
        "AMOUNT": "What the order costs.",
        "ORDERS_SO_FAR": "Orders of the customer up to this one.",
        "MEAN_AMOUNT": "Mean amount of the orders up to this one.",
    },
    description="The orders of a customer up to and with the one that comes in.",
    checks=(
        Check(
            query="SELECT COUNT(*) FROM SOURCE.ORDERS WHERE AMOUNT <= 0",
            sentence="{count} orders cost nothing or less.",
        ),
    ),
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
