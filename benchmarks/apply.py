"""What an apply costs when nothing is to be done, beside a first one, and how long a plan of many definitions takes.

Commands run as users run them, each in a process of its own, against one account in another process. What has nothing to do is measured
side by side with what has, in one run; statements are counted in the account's query history.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import snowflake.connector

from benchmarks.served import exported, process
from mlops_local.environments import DEVELOPMENT
from mlops_local.stage_set import embedded

ROOT = Path(__file__).parents[1]
ROUNDS = 3
FEW, MANY = 10, 200
PLANNED = 500
MOST_SHARE = 0.15
MOST_STATEMENTS = 40
MOST_PLAN_SECONDS = 5.0

# What a job has beside the number of its run, without which no version gets a whole card.
JOB = {
    "BUILD_SOURCEVERSION": "5" * 40,
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_REPOSITORY_NAME": "benchmark",
    "BUILD_REQUESTEDFOR": "benchmark",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/fabrikam/",
    "SYSTEM_TEAMPROJECT": "Trials",
}
TABLE = 'T{0} = Table(name="T{0}", columns=(Column("A", "NUMBER"),), description="One of many.")\n'
FEATURE = """E{0} = Entity(name="E{0}", join_keys=("PATIENT_ID",), description="One of many.")
F{0} = FeatureView(
    name="F{0}", version="V1", entities=("E{0}",), timestamp="SCREENED_AT", reads=("SOURCE.SCREENINGS",), features={{"N": "A number."}},
    query="SELECT PATIENT_ID, SCREENED_AT, {0} AS N FROM SOURCE.SCREENINGS", description="One of many.",
)
"""


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and of processor time in the command, and how many statements the account was sent."""

    seconds: float
    computing: float
    statements: int


@dataclass(frozen=True)
class Bench:
    environ: dict[str, str]
    folder: Path

    def run(self, verb: str, content: Path, *, code: int = 0) -> Taken:
        run = f"{verb}-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "mlops", verb, "--content", str(content)]
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environ, **JOB, "BUILD_BUILDID": run},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != code:
            raise SystemExit(done.stdout + done.stderr)
        return Taken(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, self._statements(run))

    def content(self, name: str, family: str, text: str) -> Path:
        file = self.folder / name / family / "many.py"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return self.folder / name

    def _statements(self, run: str) -> int:
        names = {name.removeprefix("SNOWFLAKE_").lower(): value for name, value in self.environ.items()}
        query = "SELECT COUNT(*) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) WHERE QUERY_TAG = %s"
        with snowflake.connector.connect(**{**names, "port": int(names["port"])}) as connection, connection.cursor() as cursor:
            return int(cursor.execute(query, (f"mlops run {run}",)).fetchall()[0][0])


def main() -> int:
    with bench() as found:
        first = found.run("apply", ROOT)
        idle = [found.run("apply", ROOT) for _ in range(ROUNDS)]
        share = statistics.median(one.seconds for one in idle) / first.seconds
        told = {
            "this repository": idle[0].statements,
            **{f"{count} tables": idle_statements(found, count) for count in (FEW, MANY)},
        }
        planned = plan_many(found)
    sys.stdout.write(f"A first apply: {first.seconds:.1f} s and {first.statements} statements.\n")
    sys.stdout.write(f"With nothing to do, median of {ROUNDS}: {share:.0%} of its time; at most {MOST_SHARE:.0%} is wanted.\n")
    sys.stdout.write(f"Statements with nothing to do: {told}; at most {MOST_STATEMENTS} are wanted.\n")
    sys.stdout.write(
        f"A plan of {PLANNED} definitions: {planned.seconds:.1f} s, of which computing {planned.computing:.1f} s; "
        f"at most {MOST_PLAN_SECONDS:.0f} s are wanted.\n"
    )
    few = max(told.values()) <= MOST_STATEMENTS
    return int(share > MOST_SHARE or not few or planned.seconds > MOST_PLAN_SECONDS)


def idle_statements(found: Bench, count: int) -> int:
    definitions = "".join(TABLE.format(number) for number in range(count))
    content = found.content(f"tables-{count}", "models", f"from mlops.definitions import Column, Table\n{definitions}")
    found.run("apply", content)
    return found.run("apply", content).statements


def plan_many(found: Bench) -> Taken:
    definitions = "".join(FEATURE.format(number) for number in range(PLANNED // 2))
    content = found.content("planned", "features", f"from mlops.definitions import Entity, FeatureView\n{definitions}")
    return sorted((found.run("plan", content, code=2) for _ in range(ROUNDS)), key=lambda taken: taken.seconds)[ROUNDS // 2]


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with embedded(ROOT, folder / "account", fresh=True):
            pass
        options = ("--data", str(folder / "account"), "--port", "0", "--user", DEVELOPMENT.names["user"])
        with process("mlops_local", "serve", *options, stdout=subprocess.PIPE) as server:
            yield Bench(exported(server, "SNOWFLAKE_SCHEMA"), folder)


if __name__ == "__main__":
    sys.exit(main())
