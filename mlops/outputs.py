"""The tables that runs add to. A row belongs to a run and is never changed."""

from __future__ import annotations

from mlops.definitions import Column, Table


def _columns(*pairs: str) -> tuple[Column, ...]:
    return tuple(Column(*pair.split(" ", 1)) for pair in pairs)


TRAINING_RUNS = Table(
    name="TRAINING_RUNS",
    description="One row for each finished training, written in the transaction that writes its outputs.",
    columns=_columns(
        "RUN_ID VARCHAR",
        "MODEL_NAME VARCHAR",
        "MODEL_VERSION VARCHAR",
        "DATASET_NAME VARCHAR",
        "DATASET_VERSION VARCHAR",
        "DEFINITION_HASH VARCHAR",
        "COMMIT_ID VARCHAR",
        "REASON VARCHAR",
        "TRAINING_ROWS NUMBER(38, 0)",
        "TEST_ROWS NUMBER(38, 0)",
        "PASSED BOOLEAN",
        "STARTED_AT TIMESTAMP_NTZ",
        "FINISHED_AT TIMESTAMP_NTZ",
    ),
)

TRAINING_CLAIMS = Table(
    name="TRAINING_CLAIMS",
    description="Which run trains a model or brings versions of it at this moment, and which one it has begun; empty when none does.",
    columns=_columns("MODEL_NAME VARCHAR", "TOKEN VARCHAR", "MODEL_VERSION VARCHAR"),
)

METRICS = Table(
    name="METRICS",
    description="Metrics of a version on the rows that were held out, one a row; ACCURACY is among them.",
    columns=_columns("RUN_ID VARCHAR", "MODEL_VERSION VARCHAR", "METRIC VARCHAR", "VALUE FLOAT"),
)

CLASSIFICATION_REPORT = Table(
    name="CLASSIFICATION_REPORT",
    description="Precision, recall, F1 and support by class, on the rows that were held out.",
    columns=_columns(
        "RUN_ID VARCHAR",
        "MODEL_VERSION VARCHAR",
        "CLASS VARCHAR",
        "PRECISION FLOAT",
        "RECALL FLOAT",
        "F1_SCORE FLOAT",
        "SUPPORT NUMBER(38, 0)",
    ),
)

CONFUSION_MATRIX = Table(
    name="CONFUSION_MATRIX",
    description="How many held-out rows of each class were predicted as which.",
    columns=_columns(
        "RUN_ID VARCHAR", "MODEL_VERSION VARCHAR", "ACTUAL NUMBER(38, 0)", "PREDICTED NUMBER(38, 0)", "ROW_COUNT NUMBER(38, 0)"
    ),
)

CONSUMED_CHANGES = Table(
    name="CONSUMED_CHANGES",
    description="What a run took from its stream. Writing here is what moves the stream forward.",
    columns=_columns("RUN_ID VARCHAR", "STREAM_NAME VARCHAR", "ACTION VARCHAR", "ROW_COUNT NUMBER(38, 0)"),
)

MONITORING = Table(
    name="MONITORING",
    description="What the daily monitor saw, one measure a row.",
    columns=_columns(
        "MEASURED_AT TIMESTAMP_NTZ", "MODEL_NAME VARCHAR", "MODEL_VERSION VARCHAR", "MEASURE VARCHAR", "VALUE FLOAT"
    ),
)

LEDGER = Table(
    name="CHANGE_LEDGER",
    description="One row for each change that the pipeline has made, with the properties that it made it from.",
    columns=_columns(
        "CHANGE_ID VARCHAR",
        "ACTION VARCHAR",
        "KIND VARCHAR",
        "NAME VARCHAR",
        "DEFINITION_HASH VARCHAR",
        "PROPERTIES VARCHAR",
        "COMMIT_ID VARCHAR",
        "RUN_ID VARCHAR",
        "REPOSITORY VARCHAR",
        "REASON VARCHAR",
        "FROM_VERSION VARCHAR",
        "TO_VERSION VARCHAR",
        "STATEMENTS NUMBER(38, 0)",
        "SECONDS FLOAT",
        "CHANGED_BY VARCHAR",
        "ROLE_NAME VARCHAR",
        "CHANGED_AT TIMESTAMP_NTZ",
    ),
)

GATE_RESULTS = Table(
    name="GATE_RESULTS",
    description="What every gate said: of the data before a training, of the model after it, and of a promotion.",
    columns=_columns(
        "RUN_ID VARCHAR",
        "MODEL_NAME VARCHAR",
        "MODEL_VERSION VARCHAR",
        "STAGE VARCHAR",
        "GATE VARCHAR",
        "SUBJECT VARCHAR",
        "VALUE FLOAT",
        "WANTED VARCHAR",
        "PASSED BOOLEAN",
        "SENTENCE VARCHAR",
        "CHECKED_AT TIMESTAMP_NTZ",
    ),
)

PIPELINE_RUNS = Table(
    name="PIPELINE_RUNS",
    description="One row for each run of a pipeline that changed something here, and each stage whose approval was another.",
    columns=_columns(
        "RUN_ID VARCHAR",
        "COMMIT_ID VARCHAR",
        "REPOSITORY VARCHAR",
        "BRANCH VARCHAR",
        "URL VARCHAR",
        "REQUESTED_BY VARCHAR",
        "ENVIRONMENT VARCHAR",
        "APPROVED_BY VARCHAR",
        "RECORDED_AT TIMESTAMP_NTZ",
    ),
)

MODEL_CARDS = Table(
    name="MODEL_CARDS",
    description="What a version is made of and by whom, as JSON; written in the transaction that records its training.",
    columns=_columns("RUN_ID VARCHAR", "MODEL_NAME VARCHAR", "MODEL_VERSION VARCHAR", "CARD VARCHAR", "CREATED_AT TIMESTAMP_NTZ"),
)

_ALL = (TRAINING_CLAIMS, TRAINING_RUNS, METRICS, CLASSIFICATION_REPORT, CONFUSION_MATRIX, CONSUMED_CHANGES, MONITORING)
TABLES = {table.name: table for table in _ALL}


def reason_of(definition: str) -> str:
    """Why an apply trains: so that what it asks for is known as done when a run that went on without its client has done it."""
    return f"definition {definition}"
