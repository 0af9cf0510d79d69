"""What a run leaves: its outputs and the record that it is finished, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from snowflake.snowpark.query_history import QueryHistory

from mlops.cards import Card, insert_card, to_text
from mlops.definitions import Model, TrainingSet
from mlops.gates import Verdict, failures, insert_verdicts
from mlops.inside.claims import Claim
from mlops.inside.learning import Learned
from mlops.inside.place import Origin, Place
from mlops.ledger import Entry, insert_statement
from mlops.marks import Mark
from mlops.names import Name, quote
from mlops.outputs import CLASSIFICATION_REPORT, CONFUSION_MATRIX, CONSUMED_CHANGES, GATE_RESULTS, METRICS, TRAINING_RUNS
from mlops.properties import Properties


@dataclass(frozen=True)
class Changes:
    """What a stream held when the run began."""

    stream: Name
    rows: int


@dataclass(frozen=True)
class Run:
    model: Model
    training_set: TrainingSet
    number: int
    definition: str
    origin: Origin
    reason: str
    started: datetime
    changes: Changes | None
    properties: Properties
    # The tables that each feature view of the training set reads.
    sources: Mapping[str, tuple[str, ...]]
    # The default version when the run began.
    before: str | None
    queries: QueryHistory
    # It learns from the version that its training set declares; otherwise it takes the rows of its moment.
    declared: bool = False
    # Other models learn from the same training set.
    shared: bool = False

    @property
    def version(self) -> str:
        return f"V{self.number}"

    @property
    def dataset_version(self) -> str:
        """Of rows that a run takes for itself, the version names the run, so that no two runs are after the same one."""
        if self.declared:
            return str(self.training_set.version)
        parts = (self.training_set.version, self.model.name if self.shared else None, self.version)
        return "_".join(part for part in parts if part)

    @property
    def id(self) -> str:
        return f"{self.model.name}_{self.version}"

    @property
    def mark(self) -> Mark:
        return Mark(self.definition, self.origin.commit, self.id)

    def entry(self, seconds: float, *, passed: bool) -> Entry:
        return Entry(
            *(
                "train",
                self.model.kind,
                self.model.name,
                self.origin.commit,
                self.origin.run,
                self.origin.repository,
                self.reason,
            ),
            definition_hash=self.definition,
            properties=self.properties,
            from_version=self.before,
            # The first version of a model is its default one, whatever it is worth.
            to_version=self.version if passed or self.before is None else self.before,
            statements=len(self.queries.queries),
            seconds=seconds,
        )


def next_number(place: Place, model: str) -> int:
    """Only finished runs count: a run that was killed is made again under its own number. Some may have come from elsewhere."""
    table = place.table(TRAINING_RUNS.name)
    last = "COALESCE(MAX(TRY_TO_NUMBER(SUBSTR(MODEL_VERSION, 2))), 0)"
    return 1 + place.count(f"SELECT {last} FROM {table.sql} WHERE MODEL_NAME = ?", (model,))


@dataclass(frozen=True)
class Finished:
    """The last run that was recorded."""

    id: str
    version: str
    definition: str
    passed: bool
    training_rows: int
    test_rows: int


def last_finished(place: Place, model: str) -> Finished | None:
    rows = place.run(
        "SELECT RUN_ID, MODEL_VERSION, DEFINITION_HASH, PASSED, TRAINING_ROWS, TEST_ROWS "
        f"FROM {place.table(TRAINING_RUNS.name).sql} WHERE MODEL_NAME = ? ORDER BY FINISHED_AT DESC LIMIT 1",
        (model,),
    )
    return Finished(*rows[0]) if rows else None


def metrics_of(place: Place, run: Finished) -> dict[str, float]:
    return dict(place.run(f"SELECT METRIC, VALUE FROM {place.table(METRICS.name).sql} WHERE RUN_ID = ?", (run.id,)))


def values_of(place: Place, run: str, gate: str) -> dict[str, float]:
    """What a gate found in that run, by its subject."""
    found = f"SELECT SUBJECT, VALUE FROM {place.table(GATE_RESULTS.name).sql} WHERE RUN_ID = ? AND GATE = ? AND VALUE IS NOT NULL"
    return {subject: float(value) for subject, value in place.run(found, (run, gate))}


def count_changes(place: Place, stream: str) -> Changes | None:
    if not stream:
        return None
    name = place.table(stream)
    return Changes(name, place.count(f"SELECT COUNT(*) FROM {name.sql}"))


@dataclass(frozen=True)
class Loaded:
    """What is to be added to a table, in a temporary one."""

    table: str
    source: str
    columns: str


def load_outputs(place: Place, run: Run, learned: Learned) -> dict[str, Loaded]:
    """Making temporary tables would end a transaction, so this comes before `record`."""
    return {table: _load(place, table, frame) for table, frame in _frames(run, learned)}


def record(
    place: Place,
    run: Run,
    learned: Learned,
    outputs: Iterable[Loaded],
    verdicts: Sequence[Verdict],
    card: Card,
    claim: Claim,
) -> None:
    passed = not failures(verdicts)
    with place.transaction():
        claim.settle()
        for one in outputs:
            place.run(f"INSERT INTO {place.table(one.table).sql} ({one.columns}) SELECT {one.columns} FROM {one.source}")
        if verdicts:
            place.run(insert_verdicts(place.home, run.id, run.model.name, run.version, verdicts))
        consume(place, run)
        place.run(insert_card(place.home), (run.id, card.model, card.version, to_text(card)))
        _finish(place, run, learned, passed=passed)
        place.run(insert_statement(place.home, run.entry(_seconds_since(place, run.started), passed=passed)))


def _seconds_since(place: Place, started: datetime) -> float:
    return place.count("SELECT DATEDIFF('millisecond', ?, SYSDATE())", (started,)) / 1000


def _frames(run: Run, learned: Learned) -> Iterator[tuple[str, pd.DataFrame]]:
    yield run.model.predictions, _predictions(run, learned).assign(**_stamp(run))
    metrics = pd.DataFrame(sorted(learned.metrics.items()), columns=["METRIC", "VALUE"])
    yield METRICS.name, metrics.assign(**_stamp(run))
    columns = ["CLASS", "PRECISION", "RECALL", "F1_SCORE", "SUPPORT"]
    yield CLASSIFICATION_REPORT.name, pd.DataFrame(learned.report, columns=columns).assign(**_stamp(run))
    counts = pd.DataFrame(learned.confusion, columns=["ACTUAL", "PREDICTED", "ROW_COUNT"])
    yield CONFUSION_MATRIX.name, counts.assign(**_stamp(run))


def _predictions(run: Run, learned: Learned) -> pd.DataFrame:
    test, label = learned.split.test, run.training_set.label
    return test[[*run.training_set.keys, *run.model.shown]].assign(
        PREDICTION=learned.predictions,
        MATCH_PERCENTAGE=(learned.probabilities * 100).round(2),
        **{label: test[label].astype(bool)},
    )


def _stamp(run: Run) -> dict[str, str]:
    return {"RUN_ID": run.id, "MODEL_VERSION": run.version}


def _load(place: Place, table: str, frame: pd.DataFrame) -> Loaded:
    # A name that nobody has: the client drops what it is to write over, also when that is somebody's table.
    name = place.table(f"LOADING_{table}_{uuid.uuid4().hex}")
    place.session.write_pandas(
        frame.reset_index(drop=True),
        name.name,
        database=name.database,
        schema=name.schema,
        auto_create_table=True,
        table_type="temporary",
        # Without it, a time arrives as a number.
        use_logical_type=True,
    )
    return Loaded(table, name.sql, ", ".join(quote(column) for column in frame.columns))


def consume(place: Place, run: Run) -> None:
    """Rows that came after this run had read its data stay in the stream, and cause the next run."""
    changes = run.changes
    if changes is None or place.count(f"SELECT COUNT(*) FROM {changes.stream.sql}") != changes.rows:
        return
    place.run(
        f"INSERT INTO {place.table(CONSUMED_CHANGES.name).sql} (RUN_ID, STREAM_NAME, ACTION, ROW_COUNT) "
        f"SELECT ?, ?, METADATA$ACTION, COUNT(*) FROM {changes.stream.sql} GROUP BY METADATA$ACTION",
        (run.id, changes.stream.name),
    )


def _finish(place: Place, run: Run, learned: Learned, *, passed: bool) -> None:
    values: Sequence[object] = (
        *(
            run.id,
            run.model.name,
            run.version,
            run.training_set.name,
            run.dataset_version,
            run.definition,
            run.origin.commit,
            run.reason,
        ),
        *(len(learned.split.training), len(learned.split.test), passed, run.started),
    )
    marks = ", ".join("?" for _ in values)
    place.run(f"INSERT INTO {place.table(TRAINING_RUNS.name).sql} SELECT {marks}, SYSDATE()", values)
