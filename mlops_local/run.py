"""`python -m mlops_local run`: run a pipeline on this machine.

Without --library an embedded Snowflake account stands by, set up and filled for every environment that the pipeline names by a
variable group, and the library that leads to it. With --library the
pipeline finds what that folder holds: `variable-groups/NAME.yml` and `secure-files/NAME`.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlops_local.agent.approvals import Given
from mlops_local.agent.console import make_progress, print_table
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.folders import copy_any
from mlops_local.agent.load import Loaded
from mlops_local.agent.pipeline import Pipeline
from mlops_local.agent.predefined import REASONS, full_ref
from mlops_local.agent.run import FolderTaken, RunOptions, check_run, run_pipeline
from mlops_local.agent.terminal import terminal_of
from mlops_local.agent.triggers import Event, Refusal, decide
from mlops_local.arguments import add_queue_arguments, queue_of
from mlops_local.environments import environments_of, groups_of
from mlops_local.serve import ServeError
from mlops_local.stage_set import StageSetError, embedded

ACCOUNT = Path(".local") / "account"


def main(argv: list[str]) -> int:
    parser = _parser()
    given = parser.parse_args(argv)
    answers = Given.of(given.approve, given.reject, given.start)
    options = RunOptions(queue_of(parser, given), out=given.out, stages=tuple(given.stage), at_once=given.jobs, answers=answers)
    try:
        return _run(options, given)
    except WrongPipeline as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks on the terminal
        return 2
    except KeyboardInterrupt:
        print("Cancelled before the pipeline started.", file=sys.stderr)  # noqa: T201 - as above
        return 1
    except (FolderTaken, ServeError, StageSetError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - as above
        return 1


def _run(options: RunOptions, given: argparse.Namespace) -> int:
    # An account takes seconds to set up; a pipeline that is wrong or that nothing starts needs none.
    if given.library is not None:
        options = replace(options, library=given.library.resolve())
    loaded = check_run(options, with_library=given.library is not None)
    start = decide(loaded.tree, event_of(options, loaded, given))
    if isinstance(start, Refusal):
        print(f"Azure would not start this pipeline.\n{start}")  # noqa: T201 - a command speaks on the terminal
        return int(given.if_not_started)
    options = replace(options, queue=replace(options.queue, reason=start.reason))
    with stage_set(given, loaded.pipeline) as (library, facts):
        progress = make_progress(verbose=given.verbose)
        try:
            result = run_pipeline(replace(options, library=library, facts=facts, asker=terminal_of(progress)), progress)
        finally:
            progress.close()
    print_table(result.stages, result.result, result.seconds)
    print(f"\nLogs, results and artifacts: {result.out}")  # noqa: T201 - as above
    for page in lay_out_pages(result.out):
        print(f"Report: {page}")  # noqa: T201 - as above
    return result.exit_code


def lay_out_pages(out: Path) -> list[Path]:
    """The pages of the report artifact that was the last to have any, where they are easy to find."""
    written = sorted((out / "artifacts").glob("report-*/**/index.html"), key=lambda page: page.stat().st_mtime_ns)
    if not written:
        return []
    artifact = out / "artifacts" / written[-1].relative_to(out / "artifacts").parts[0]
    places = {page: out / "report" / page.relative_to(artifact) for page in written if page.is_relative_to(artifact)}
    for page, place in places.items():
        copy_any(page, place)
    return list(places.values())


def event_of(options: RunOptions, loaded: Loaded, given: argparse.Namespace) -> Event:
    return Event(
        options.queue.reason,
        loaded.source.branch,
        full_ref(options.queue.target),
        None if given.changed is None else tuple(given.changed),
        given.draft,
        loaded.source.message,
        loaded.source.provider,
        given.at,
    )


@contextmanager
def stage_set(given: argparse.Namespace, pipeline: Pipeline) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """What stands around the pipeline: a library folder of the user's, or an embedded account with a library of its own."""
    if given.library is not None:
        yield given.library.resolve(), {}
        return
    project = Path.cwd()
    with embedded(
        project,
        given.account or project / ACCOUNT,
        fresh=given.account is None,
        environments=environments_of(groups_of(pipeline)),
        sample_options=tuple(given.samples),
    ) as stage:
        yield stage.library, stage.facts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlops_local run", description=__doc__.partition("\n")[0] if __doc__ else None
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="azure-pipelines.yml")
    add_queue_arguments(parser)
    parser.add_argument(
        "--stage", metavar="NAME", action="append", default=[], help="only this stage; may be given several times"
    )
    parser.add_argument("--reason", choices=REASONS, default="Manual", help="why the pipeline runs")
    parser.add_argument("--branch", metavar="REF", help="the branch it runs for, or refs/tags/NAME; otherwise the current one")
    _add_event_arguments(parser)
    parser.add_argument("--library", metavar="FOLDER", type=Path, help="variable groups and secure files, instead of an account")
    parser.add_argument(
        "--account", metavar="FOLDER", type=Path, help="keep using the account of this folder; otherwise a fresh one"
    )
    parser.add_argument(
        "--samples",
        metavar="OPTIONS",
        type=shlex.split,
        default=[],
        help="of `python -m samples load`, as in --samples='--days 10 --minutes 10'; otherwise its defaults",
    )
    _add_answers(parser)
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path("out"), help="where the run leaves its record")
    parser.add_argument("--jobs", metavar="N", type=int, default=2, help="jobs that run at the same time")
    parser.add_argument("--verbose", action="store_true", help="show the output of every step")
    return parser


def _add_answers(parser: argparse.ArgumentParser) -> None:
    """What a person would be asked before a stage starts; at a terminal it is asked there."""
    for option, name, text in (
        ("--approve", "ENVIRONMENT", "approve stages that go to this environment, or to all"),
        ("--reject", "ENVIRONMENT", "reject them"),
        ("--start", "STAGE", "start this stage with 'trigger: manual', or all of them"),
    ):
        parser.add_argument(option, metavar=name, action="append", default=[], help=text)


def _add_event_arguments(parser: argparse.ArgumentParser) -> None:
    """What triggers ask about, beside the reason and the branch."""
    parser.add_argument(
        "--target-branch", metavar="REF", default="refs/heads/main", help="where a pull request goes; otherwise main"
    )
    parser.add_argument("--draft", action="store_true", help="the pull request is a draft")
    parser.add_argument(
        "--changed",
        metavar="FILE",
        nargs="*",
        action="extend",
        help="what has changed, from the root; otherwise paths do not matter",
    )
    parser.add_argument(
        "--at", metavar="TIME", type=_moment, help="when a schedule is asked for, such as 2026-01-31T03:00; in UTC"
    )
    parser.add_argument(
        "--if-not-started",
        metavar="CODE",
        type=int,
        default=0,
        help="leave with this when no trigger starts the pipeline; otherwise 0",
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
