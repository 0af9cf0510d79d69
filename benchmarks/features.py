"""What features and training sets of the airline cost beside the same SQL run directly, and how both grow with the rows.

The machine's way is `python -m mlops apply` of the airline's entities, feature views and both versions of its training set, as it runs in a
pipeline: planned, registered in the Feature Store, joined, judged by the gates, kept as versions of a Dataset, and recorded. Beside it,
one after the other in one account:

- the same statements, each sent once more by a plain cursor: what the machine and its clients add to the SQL;
- views, and one ASOF JOIN into a table each: what a person would write who has no versions, lineage, gates or entities. The clients of the
  Feature Store and of Datasets send more than a hundred small statements whatever the rows; so here it is further rows that are compared.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

from benchmarks.served import exported, process
from features.airport_weather import AIRPORT_WEATHER_V1, AIRPORT_WEATHER_V2
from features.plane import PLANE
from mlops import definitions
from mlops.apply.queries import query_of
from mlops.cli import main as run_command
from models.flight_delay import US_FLIGHT_DELAYS_V1, US_FLIGHT_DELAYS_V2
from samples.account import Sample, load_samples
from samples.flights import FlightSizes, generate_flights

ROOT = Path(__file__).parents[1]
# The size that the samples have by themselves, 777,600 readings of the weather, and ten times that.
DAYS, TIMES = 30, 10
MOST_OF_DIRECT, MOST_OF_GROWTH = 1.5, 11.0
VIEWS = (AIRPORT_WEATHER_V1, AIRPORT_WEATHER_V2, PLANE)
TRAINING_SETS = (US_FLIGHT_DELAYS_V1, US_FLIGHT_DELAYS_V2)


@dataclass(frozen=True)
class Seconds:
    machine: float
    statements: float
    directly: float

    def __str__(self) -> str:
        of_statements, of_direct = self.machine / self.statements, self.machine / self.directly
        return f"{self.machine:>9.2f}{self.statements:>17.2f}{of_statements:>7.2f}{self.directly:>17.2f}{of_direct:>7.2f}"


@dataclass(frozen=True)
class Recording:
    """What was sent through cursors: text, arguments, and the id of the query. Later statements may name that, or the session's."""

    sent: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)

    def replay(self, connection: SnowflakeConnection, old: str, new: str) -> None:
        """Sends the same once more, in the database `new` where it was `old`."""
        names = {old: new, **dict.fromkeys(self.sessions, str(connection.session_id))}
        with connection.cursor() as cursor:
            for text, arguments, query in self.sent:
                cursor.execute(renamed(text, names), **arguments)
                if query and cursor.sfqid:
                    names[query] = cursor.sfqid


def renamed(text: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def main() -> int:
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as settings:
        content = write_content(Path(name) / "content")
        # The first ones of their kind make what the account and the process make once.
        measure(settings, content, 1)
        small, large = (measure(settings, content, days) for days in (DAYS, DAYS * TIMES))
    sys.stdout.write(table(small, large))
    held = [
        *(one.machine / one.statements <= MOST_OF_DIRECT for one in (small, large)),
        further(small, large) <= MOST_OF_DIRECT,
        large.machine / small.machine <= MOST_OF_GROWTH,
    ]
    return int(not all(held))


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    with process("mlops_local", "serve", "--data", str(folder / "account"), stdout=subprocess.PIPE) as server:
        yield {**exported(server, "SNOWFLAKE_PROTOCOL"), "SNOWFLAKE_ROLE": "ACCOUNTADMIN", "SNOWFLAKE_WAREHOUSE": "AIRLINE_WH"}


def names_of(settings: Mapping[str, str]) -> dict[str, Any]:
    names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in settings.items()}
    return {**names, "port": int(names["port"])}


def further(small: Seconds, large: Seconds) -> float:
    """How many times what views and joins cost further rows do."""
    return (large.machine - small.machine) / (large.directly - small.directly)


def measure(settings: Mapping[str, str], content: Path, days: int) -> Seconds:
    database, again = f"AIRLINE_{days}_DAYS", f"AGAIN_{days}_DAYS"
    load(settings, database, again, days)
    with recorded() as recording:
        machine = timed(lambda: by_machine({**settings, "SNOWFLAKE_DATABASE": database}, content))
    with snowflake.connector.connect(**names_of(settings), database=again, schema="ML") as connection:
        statements = timed(lambda: recording.replay(connection, database, again))
        return Seconds(machine, statements, timed(lambda: directly(connection, again)))


def load(settings: Mapping[str, str], database: str, again: str, days: int) -> None:
    # Closed before the machine begins: the clients that it uses take any session that is open for theirs.
    with Session.builder.configs(names_of(settings)).create() as session:
        session.sql("CREATE WAREHOUSE IF NOT EXISTS AIRLINE_WH").collect()
        for name in (database, again):
            for schema in ("", ".FEATURE_STORE", ".ML", ".DIRECT"):
                session.sql(f"CREATE {'SCHEMA' if schema else 'DATABASE'} {name}{schema}").collect()
        tables = generate_flights(FlightSizes(days=days))
        load_samples(session, database, {name: Sample(rows, "a benchmark") for name, rows in tables.items()}, replace=False)
        session.sql(f"CREATE SCHEMA {again}.SOURCE CLONE {database}.SOURCE").collect()


@contextmanager
def recorded() -> Iterator[Recording]:
    """Of all cursors."""
    recording, execute = Recording(), SnowflakeCursor.execute

    def record(cursor: SnowflakeCursor, command: str, *values: Any, **arguments: Any) -> Any:
        done = execute(cursor, command, *values, **arguments)
        recording.sessions.add(str(cursor.connection.session_id))
        recording.sent.append((command, {**arguments, **({"params": values[0]} if values else {})}, cursor.sfqid))
        return done

    SnowflakeCursor.execute = record
    try:
        yield recording
    finally:
        SnowflakeCursor.execute = execute


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def by_machine(settings: Mapping[str, str], content: Path) -> None:
    told = io.StringIO()
    with redirect_stdout(told):
        code = run_command(["apply", "--content", str(content)], settings)
    if code:
        raise SystemExit(told.getvalue())


def write_content(folder: Path) -> Path:
    """The airline's features and training sets, without the model that learns from them."""
    for name in ("features/airport_weather.py", "features/plane.py"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((ROOT / name).read_text())
    sets = folder / "models" / "flight_delay.py"
    sets.parent.mkdir()
    sets.write_text((ROOT / "models" / "flight_delay.py").read_text().partition("FLIGHT_DELAY_PREDICTIONS =")[0])
    return folder


def directly(connection: SnowflakeConnection, database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"USE SCHEMA {database}.DIRECT")
        for view in VIEWS:
            cursor.execute(f"CREATE VIEW {view.name}_{view.version} AS {query_of(view)}")
        for training_set in TRAINING_SETS:
            cursor.execute(f"CREATE TABLE {training_set.name}_{training_set.version} AS {joined(training_set)}")


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


def table(small: Seconds, large: Seconds) -> str:
    lines = [f"{'seconds':<26}{'machine':>9}{'its statements':>17}{'ratio':>7}{'views and joins':>17}{'ratio':>7}"]
    lines += [f"{days:>3} days of 18 airports    {one}" for days, one in ((DAYS, small), (DAYS * TIMES, large))]
    lines += [
        f"The machine may take {MOST_OF_DIRECT} times what its statements do.",
        f"Further rows cost {further(small, large):.2f} times what they do with views and joins; at most {MOST_OF_DIRECT} is wanted.",
        f"{TIMES} times the rows took {large.machine / small.machine:.1f} times as long; at most {MOST_OF_GROWTH:.0f} is wanted.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
