"""Command-line arguments that `expand` and `run` share: what a person would fill in when queueing a pipeline."""

from __future__ import annotations

import argparse
from pathlib import Path

from mlops_local.agent.load import Queue
from mlops_local.agent.repositories import LocalRepository, parse_local
from mlops_local.agent.tasks.adapters import AdapterError, with_adapters
from mlops_local.agent.tasks.registry import BUILT_IN, Registry


def add_queue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a parameter; lists and mappings as YAML"
    )
    parser.add_argument("--variable", metavar="NAME=VALUE", action="append", default=[], help="a variable known at queue time")
    parser.add_argument(
        "--repository", metavar="NAME[@REF]=FOLDER", action="append", default=[], help="the folder of another repository"
    )
    parser.add_argument("--tasks", metavar="FOLDER", type=Path, help="tasks of your own: a folder with a Python file for each")


def queue_of(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Queue:
    file = Path(options.file)
    if not file.is_file():
        parser.error(f"there is no file {file}")
    return Queue(
        file=file,
        parameters=_named(parser, "--set", options.set),
        variables=_named(parser, "--variable", options.variable),
        repositories=tuple(_repository(parser, text) for text in options.repository),
        reason=getattr(options, "reason", "Manual"),
        branch=getattr(options, "branch", None),
        tasks=_tasks(parser, options.tasks),
        target=getattr(options, "target_branch", Queue.target),
    )


def _tasks(parser: argparse.ArgumentParser, folder: Path | None) -> Registry:
    try:
        return BUILT_IN if folder is None else with_adapters(folder)
    except AdapterError as error:
        parser.exit(2, f"{error}\n")


def _named(parser: argparse.ArgumentParser, option: str, texts: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            parser.error(f"{option} takes NAME=VALUE, not '{text}'")
        named[name] = value
    return named


def _repository(parser: argparse.ArgumentParser, text: str) -> LocalRepository:
    try:
        return parse_local(text)
    except ValueError as error:
        parser.error(str(error))
