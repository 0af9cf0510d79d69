"""What features and training sets of the airline cost beside the same SQL run directly, and how both grow with the rows.

The machine's way registers the definitions of `features/` in the Feature Store and makes both versions of the training set as a
Dataset. Directly these are views, and one ASOF JOIN into a table each. Both run in one account, one after the other. The clients of the
Feature Store and of Datasets send more than a hundred small statements whatever the rows; so what further rows cost is told apart.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from snowflake.ml.feature_store import CreationMode, Entity, FeatureStore, FeatureView
from snowflake.snowpark import Session

from benchmarks.served import account
from features.airport_weather import AIRPORT_WEATHER_V1, AIRPORT_WEATHER_V2, AIRPORT_ZIP_CODE
from features.plane import PLANE, PLANE_MODEL
from mlops import definitions
from mlops.apply.feature_views import query_of
from mlops.inside.place import Place
from mlops.inside.training_data import make_dataset
from mlops.names import Schema
from models.flight_delay import US_FLIGHT_DELAYS_V1, US_FLIGHT_DELAYS_V2
from samples.account import Sample, load_samples
from samples.flights import FlightSizes, generate_flights

DAYS, TIMES = 3, 10
MOST_OF_DIRECT, MOST_OF_GROWTH = 1.5, 11.0
VIEWS = (AIRPORT_WEATHER_V1, AIRPORT_WEATHER_V2, PLANE)
TRAINING_SETS = (US_FLIGHT_DELAYS_V1, US_FLIGHT_DELAYS_V2)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as (connection, _):
        session = Session.builder.configs({"connection": connection}).create()
        session.sql("CREATE WAREHOUSE IF NOT EXISTS AIRLINE_WH").collect()
        session.sql("USE WAREHOUSE AIRLINE_WH").collect()
        small, large = (measure(session, days) for days in (DAYS, DAYS * TIMES))
    sys.stdout.write(table(small, large))
    return 0 if further(small, large) <= MOST_OF_DIRECT and large[0] / small[0] <= MOST_OF_GROWTH else 1


def further(small: Sequence[float], large: Sequence[float]) -> float:
    """How many times the direct way further rows cost."""
    return (large[0] - small[0]) / (large[1] - small[1])


def measure(session: Session, days: int) -> tuple[float, float]:
    """Seconds of the machine's way, and of the direct one."""
    database = f"AIRLINE_{days}_DAYS"
    for name in ("", ".FEATURE_STORE", ".ML", ".DIRECT"):
        session.sql(f"CREATE {'SCHEMA' if name else 'DATABASE'} {database}{name}").collect()
    tables = generate_flights(FlightSizes(days=days))
    load_samples(session, database, {name: Sample(rows, "a benchmark") for name, rows in tables.items()}, replace=False)
    return timed(lambda: by_machine(session, database)), timed(lambda: directly(session, database))


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def by_machine(session: Session, database: str) -> None:
    place = Place(session, Schema(database, "ML"), Schema(database, "FEATURE_STORE"), "AIRLINE_WH")
    session.use_schema(f"{database}.ML")
    store = FeatureStore(session, database, "FEATURE_STORE", "AIRLINE_WH", creation_mode=CreationMode.CREATE_IF_NOT_EXIST)
    for entity in (AIRPORT_ZIP_CODE, PLANE_MODEL):
        store.register_entity(Entity(entity.name, list(entity.join_keys)))
    for view in VIEWS:
        entities = [store.get_entity(name) for name in view.entities]
        frame = session.sql(query_of(view))
        store.register_feature_view(
            FeatureView(name=view.name, entities=entities, feature_df=frame, timestamp_col=view.timestamp), view.version
        )
    for training_set in TRAINING_SETS:
        make_dataset(place, training_set, training_set.version)


def directly(session: Session, database: str) -> None:
    session.use_schema(f"{database}.DIRECT")
    for view in VIEWS:
        session.sql(f"CREATE VIEW {view.name}_{view.version} AS {query_of(view)}").collect()
    for training_set in TRAINING_SETS:
        session.sql(f"CREATE TABLE {training_set.name}_{training_set.version} AS {joined(training_set)}").collect()


def joined(training_set: definitions.TrainingSet) -> str:
    weather, plane = (view.replace("/", "_") for view in training_set.feature_views)
    return f"""
        SELECT SPINE.*, WEATHER.* EXCLUDE (AIRPORT_ZIP_CODE, DATETIME_UTC), PLANE.* EXCLUDE (PLANE_MODEL)
        FROM ({training_set.spine}) AS SPINE
        ASOF JOIN {weather} AS WEATHER
            MATCH_CONDITION (SPINE.SCHEDULED_DEPARTURE_UTC >= WEATHER.DATETIME_UTC)
            ON SPINE.AIRPORT_ZIP_CODE = WEATHER.AIRPORT_ZIP_CODE
        LEFT JOIN {plane} AS PLANE ON SPINE.PLANE_MODEL = PLANE.PLANE_MODEL
    """


def table(small: Sequence[float], large: Sequence[float]) -> str:
    lines = [f"{'seconds':<26}{'machine':>9}{'directly':>10}{'ratio':>7}"]
    for days, (machine, direct) in ((DAYS, small), (DAYS * TIMES, large)):
        lines.append(f"{days:>2} days of 18 airports    {machine:>9.2f}{direct:>10.2f}{machine / direct:>7.2f}")
    lines += [
        f"Further rows cost {further(small, large):.2f} times the direct way; at most {MOST_OF_DIRECT} is wanted.",
        f"{TIMES} times the rows took {large[0] / small[0]:.1f} times as long; at most {MOST_OF_GROWTH:.0f} is wanted.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
