"""What a model says of many rows at once."""

from mlops.definitions import Column, Procedure

PREDICTION_TABLE_PROCEDURE = Procedure(
    name="PREDICTION_TABLE_PROCEDURE",
    handler="mlops.inside.predict.predict_table",
    # A table, a view or a query; MODEL:VERSION:FUNCTION; DATASET:VERSION.
    arguments=(Column("SPINE", "VARCHAR"), Column("MODEL_FUNCTION", "VARCHAR"), Column("DATASET_VERSION", "VARCHAR")),
    packages=("snowflake-snowpark-python", "snowflake-ml-python", "scikit-learn", "pandas"),
    returns="TABLE()",
    writes=(),
    description="The rows of a spine with the features of a dataset, known at that time, and what a version of a model says of them.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
