"""The procedure that trains every model of this folder."""

from mlops.definitions import Column, Procedure

TRAIN_MODEL = Procedure(
    name="TRAIN_MODEL",
    handler="mlops.inside.train.train_model",
    arguments=(Column("MODEL_NAME", "VARCHAR"), Column("REASON", "VARCHAR"), Column("STREAM_NAME", "VARCHAR")),
    packages=("snowflake-snowpark-python", "snowflake-ml-python", "scikit-learn", "pandas"),
    writes=(
        *("TRAINING_CLAIMS", "TRAINING_RUNS", "CONSUMED_CHANGES"),
        *("METRICS", "CLASSIFICATION_REPORT", "CONFUSION_MATRIX"),
    ),
    description="Trains a model on what the source holds now and adds it as a version; takes from the stream what it trained on.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
