"""`python -m mlops_local expand`: print a pipeline with its templates and expressions expanded."""

from __future__ import annotations

import argparse
import sys

from mlops_local.agent.emit import to_yaml
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.load import load_pipeline
from mlops_local.arguments import add_queue_arguments, queue_of


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m mlops_local expand", description=__doc__)
    parser.add_argument("file", metavar="FILE")
    add_queue_arguments(parser)
    options = parser.parse_args(argv)
    try:
        loaded = load_pipeline(queue_of(parser, options))
    except WrongPipeline as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks on the terminal
        return 2
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201 - as above
    sys.stdout.write(to_yaml(loaded.tree))
    return 0
