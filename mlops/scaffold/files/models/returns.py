"""Will this order come back?"""

from mlops.definitions import Column, Estimator, Gate, Model, Quality, Table, TrainingSet

ORDERS_SEEN = TrainingSet(
    name="ORDERS_SEEN",
    spine="SELECT CUSTOMER_ID, ORDERED_AT, RETURNED FROM SOURCE.ORDERS",
    keys=("CUSTOMER_ID",),
    timestamp="ORDERED_AT",
    label="RETURNED",
    # A customer stands on one side of the split only: the test shall not know whom the training has seen.
    group="CUSTOMER_ID",
    feature_views=("CUSTOMER_ORDERS/V1",),
    reads=("SOURCE.ORDERS",),
    description="Past orders with what was known of the customer at that time.",
    # The example's orders are of 2025. Of your own, say how old the newest may be; 90 days, if you say nothing.
    quality=Quality(oldest_days=3650),
)

PREDICTIONS = Table(
    name="PREDICTIONS",
    columns=(
        Column("RUN_ID", "VARCHAR"),
        Column("MODEL_VERSION", "VARCHAR"),
        Column("CUSTOMER_ID", "VARCHAR"),
        Column("AMOUNT", "FLOAT"),
        Column("PREDICTION", "NUMBER(38, 0)"),
        Column("MATCH_PERCENTAGE", "FLOAT"),
        Column("RETURNED", "BOOLEAN"),
    ),
    description="What a version said about the orders that were held out of its training.",
)

ORDER_RETURN = Model(
    name="ORDER_RETURN",
    training_set="ORDERS_SEEN",
    numeric=("AMOUNT", "ITEMS", "ORDERS_SO_FAR", "MEAN_AMOUNT"),
    derived={"AMOUNT_PER_ITEM": "AMOUNT / ITEMS"},
    categorical=("CHANNEL",),
    estimator=Estimator("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 50, "min_samples_leaf": 10}),
    holdout=0.3,
    seed=42,
    gates=(Gate("ROC_AUC", 0.6),),
    procedure="TRAIN_MODEL",
    predictions="PREDICTIONS",
    shown=("AMOUNT",),
    description="Chance that an order comes back.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
