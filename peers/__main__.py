"""``python -m peers --suites FOLDER [FILE ...]``: runs the suites and prints pass, fail and skip for each file.

FOLDER is a checkout of snowflake-ml-python or of snowpark-python. Its tests run from a copy beside which its own sources are not, so that
they meet the installed client. Exit code 1 when a test failed for which suites.py gives no reason.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import snowflake.connector

from mlops_local.serve import serving
from peers import snowpark
from peers.suites import FILES, KNOWN, OUT_OF_SCOPE, reason

_PROJECT = Path(__file__).resolve().parent.parent
_WIDTH = 60


@dataclass(frozen=True)
class Outcome:
    """``state``: passed, failed or skipped."""

    test: str
    state: str
    message: str

    @property
    def counted(self) -> bool:
        return self.state != "skipped" and reason(OUT_OF_SCOPE, self.test) is None


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    if not (options.suites / "tests" / "integ").is_dir():
        sys.stderr.write(f"{options.suites} is no checkout of a client: it has no tests/integ.\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        outcomes = _run_all(options, Path(scratch))
    return _report(outcomes)


def _run_all(options: argparse.Namespace, scratch: Path) -> list[Outcome]:
    shutil.copytree(options.suites / "tests", scratch / "tests")
    outcomes: list[Outcome] = []
    with serving(options.data or scratch / "account") as settings:
        _furnish(settings)
        environment = _environment(settings, scratch)
        if snowpark.is_checkout(options.suites):
            snowpark.prepare(scratch / "tests", settings)
        for file in options.files or (snowpark.FILES if snowpark.is_checkout(options.suites) else FILES):
            found = list(_run(file, scratch, environment, options))
            sys.stdout.write(_line(file, found))
            sys.stdout.flush()
            outcomes += found
    return outcomes


def _furnish(settings: Mapping[str, str]) -> None:
    """The database and the warehouse that the suites take for granted."""
    with snowflake.connector.connect(
        account=settings["SNOWFLAKE_ACCOUNT"],
        user=settings["SNOWFLAKE_USER"],
        private_key_file=settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
        authenticator=settings["SNOWFLAKE_AUTHENTICATOR"],
        host=settings["SNOWFLAKE_HOST"],
        port=int(settings["SNOWFLAKE_PORT"]),
        protocol=settings["SNOWFLAKE_PROTOCOL"],
    ) as connection:
        for statement in (
            "CREATE WAREHOUSE IF NOT EXISTS PEERS_WH",
            "CREATE DATABASE IF NOT EXISTS PEERS",
            f"ALTER USER {settings['SNOWFLAKE_USER']} SET DEFAULT_ROLE = ACCOUNTADMIN",
        ):
            connection.cursor().execute(statement)


def _environment(settings: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """That of a user whose home holds nothing but what these settings say."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        **settings,
        "HOME": str(scratch),
        "SNOWFLAKE_PRIVATE_KEY_PATH": settings["SNOWFLAKE_PRIVATE_KEY_FILE"],
        "SNOWFLAKE_DATABASE": "PEERS",
        "SNOWFLAKE_SCHEMA": "PUBLIC",
        "SNOWFLAKE_WAREHOUSE": "PEERS_WH",
    }


def _run(file: str, scratch: Path, environment: Mapping[str, str], options: argparse.Namespace) -> Iterator[Outcome]:
    report = scratch / "report.xml"
    report.unlink(missing_ok=True)
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            file,
            "-p",
            "peers.older_names",
            f"--junitxml={report}",
            f"--timeout={options.timeout}",
        ),
        *("--rootdir", str(scratch), "-o", "addopts=", "-p", "no:cacheprovider", "-q", "--tb=short"),
        *(snowpark.OPTIONS if snowpark.is_checkout(options.suites) else ()),
        *(("-k", options.k) if options.k else ()),
    ]
    paths = (scratch, (scratch / file).parent, _PROJECT)
    log = options.logs / f"{Path(file).stem}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as target:
        subprocess.run(
            command,
            cwd=scratch,
            env={**environment, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            stdout=target,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not report.exists():
        yield Outcome(f"{Path(file).name}::collection", "failed", f"no report; see {log}")
        return
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (written by the pytest that we started)
        yield _outcome(Path(file).name, case)


def _outcome(file: str, case: ElementTree.Element) -> Outcome:
    test = f"{file}::{case.get('name')}"
    for child in case:
        if child.tag in {"failure", "error"}:
            return Outcome(test, "failed", (child.get("message") or "").split("\n", 1)[0])
        if child.tag == "skipped":
            return Outcome(test, "skipped", child.get("message") or "")
    return Outcome(test, "passed", "")


def _line(file: str, outcomes: Sequence[Outcome]) -> str:
    states = Counter(outcome.state for outcome in outcomes)
    return f"{Path(file).name:{_WIDTH}} pass {states['passed']:4} fail {states['failed']:4} skip {states['skipped']:4}\n"


def _report(outcomes: Sequence[Outcome]) -> int:
    unexplained = 0
    for outcome in outcomes:
        if outcome.state == "failed":
            why = reason(OUT_OF_SCOPE, outcome.test) or reason(KNOWN, outcome.test)
            unexplained += why is None
            sys.stdout.write(f"  {outcome.test}\n    {why or 'NOT EXPLAINED: ' + outcome.message[:300]}\n")
    counted = [outcome for outcome in outcomes if outcome.counted]
    passed = sum(outcome.state == "passed" for outcome in counted)
    share = 100 * passed / len(counted) if counted else 0.0
    sys.stdout.write(
        f"{passed} of {len(counted)} tests that are counted pass ({share:.1f} %); {unexplained} failures not explained\n"
    )
    return 1 if unexplained or not counted else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m peers", description="Run snowflake-ml-python's or Snowpark's suites against the embedded account."
    )
    parser.add_argument("files", nargs="*", help="files of the checkout; without any, all that suites.py lists")
    parser.add_argument("--suites", type=Path, required=True, help="a checkout of snowflake-ml-python or of snowpark-python")
    parser.add_argument("--data", type=Path, help="folder of the account; without it, one that is removed afterwards")
    parser.add_argument("--logs", type=Path, default=Path("out/peers"), help="where the full output goes (default: out/peers)")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one test (default: 300)")
    parser.add_argument("-k", help="only the tests that match, as for pytest")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
