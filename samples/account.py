"""Puts source tables into an account: tables are made when absent, rows go in bulk by PUT and COPY."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from snowflake.connector.pandas_tools import write_pandas
from snowflake.snowpark import Session

from mlops.errors import AccountError
from mlops.names import Name, Schema, literal, quote
from mlops.rows import fetch
from samples.errors import SampleError
from samples.tables import ALL_TABLES, CLINICAL_TRIALS, SCHEMA

# The comment of a table tells what was loaded into it, so that the same load a second time is known as such.
ORIGIN = "Sample data: "


@dataclass(frozen=True)
class Sample:
    """The rows of a table, and how they came to be."""

    rows: pd.DataFrame
    origin: str


def load_samples(session: Session, database: str, samples: Mapping[str, Sample], *, replace: bool) -> dict[str, int]:
    """Rows loaded, by table. All tables are looked at before the first is touched; what is there already is not loaded again."""
    schema = create_tables(session, database)
    if replace:
        for name in samples:
            session.sql(f"DELETE FROM {(schema / name).sql}").collect()
    missing = [name for name, sample in samples.items() if not _is_loaded(session, schema / name, sample.origin)]
    return {name: _load(session, schema / name, samples[name]) for name in missing}


def create_tables(session: Session, database: str) -> Schema:
    schema = Schema(database, SCHEMA)
    session.sql(f"CREATE SCHEMA IF NOT EXISTS {schema.sql}").collect()
    for table in ALL_TABLES:
        columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
        # Tracking lets a role that may only read make a stream on the table: docs.snowflake.com/en/user-guide/streams-manage
        session.sql(f"CREATE TABLE IF NOT EXISTS {(schema / table.name).sql} ({columns}) CHANGE_TRACKING = TRUE").collect()
    return schema


def _is_loaded(session: Session, name: Name, origin: str) -> bool:
    if not _count(session, name):
        return False
    comment = _comment(session, name)
    if comment != ORIGIN + origin:
        holds = comment.removeprefix(ORIGIN) or "rows of another origin"
        raise SampleError(f"{name} already holds {holds}: nothing was loaded. Load with --replace to put {origin} in its place.")
    return True


def _load(session: Session, name: Name, sample: Sample) -> int:
    # The comment comes first: a load that is broken off leaves an empty table, never rows of unknown origin.
    session.sql(f"COMMENT ON TABLE {name.sql} IS {literal(ORIGIN + sample.origin)}").collect()
    return append(session, name, sample.rows)


def append(session: Session, name: Name, rows: pd.DataFrame) -> int:
    if rows.empty:
        return 0
    # https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#write_pandas
    done, _, count, _ = write_pandas(
        session.connection,
        rows,
        name.name,
        database=name.database,
        schema=name.schema,
        use_logical_type=True,
        quote_identifiers=True,
    )
    if not done or count != len(rows):
        raise AccountError(f"Only {count} of {len(rows)} rows were loaded into {name}: load again with --replace.")
    return len(rows)


def add_trials(session: Session, database: str, trials: pd.DataFrame) -> int:
    """A trial that is there with the same text is left alone; another text is its next version."""
    name = create_tables(session, database) / CLINICAL_TRIALS.name
    new = trials[~_known(session, name, trials)].assign(RECORDED_AT=datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    return append(session, name, new[CLINICAL_TRIALS.column_names])


def _known(session: Session, name: Name, trials: pd.DataFrame) -> pd.Series:
    latest = fetch(
        session,
        f"SELECT TRIAL_ID, TITLE, INCLUSION_CRITERIA FROM {name.sql} "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY TRIAL_ID ORDER BY RECORDED_AT DESC) = 1",
    )
    there = {tuple(row) for row in latest}
    keys = trials[["TRIAL_ID", "TITLE", "INCLUSION_CRITERIA"]].itertuples(index=False, name=None)
    return pd.Series([key in there for key in keys], index=trials.index, dtype=bool)


def _count(session: Session, name: Name) -> int:
    return int(fetch(session, f"SELECT COUNT(*) FROM {name.sql}")[0][0])


def _comment(session: Session, name: Name) -> str:
    place = Schema(name.database, name.schema).sql
    shown = fetch(session, f"SHOW TABLES LIKE {literal(name.name)} IN SCHEMA {place}")
    return next((str(row["comment"] or "") for row in shown if row["name"] == name.name), "")
