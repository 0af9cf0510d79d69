"""New orders train the model anew."""

from mlops.definitions import Stream, Task

ORDERS_STREAM = Stream(
    name="ORDERS_STREAM",
    table="SOURCE.ORDERS",
    description="Orders that no training has seen yet.",
)

RETRAIN_ORDER_RETURN = Task(
    name="RETRAIN_ORDER_RETURN",
    schedule="60 MINUTE",
    when="ORDERS_STREAM",
    procedure="TRAIN_MODEL",
    arguments=("ORDER_RETURN", "new orders", "ORDERS_STREAM"),
    description="Trains when the stream has data; the procedure takes the data from the stream, so one change is one run.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
