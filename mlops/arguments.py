"""What can be typed after `python -m mlops`."""

from __future__ import annotations

import argparse
import glob
import re
from pathlib import Path

from mlops.collect import FAMILIES

_VERBS = {
    "check": "read features/, models/ and tasks/ and name every contradiction; needs no account",
    "connect": "log in; say who and where we are, and what is missing",
    "plan": "say what an apply would do; exit code 2 when that is something",
    "apply": "make the account what the definitions say",
    "retrain": "train a model once more, now",
    "promote": "make a version the default one, when it passes its gates and stands up to the one that is",
    "rollback": "make the default version the one it was before, or the one that is named",
    "clone": "make a clone of the database, with its models, to try a change on",
    "drop-clone": "drop the clone that this run has made",
    "test": "run integration tests in the clone that this run has made",
    "janitor": "drop the clones of this repository whose time is over",
    "drift": "say what somebody else has changed in the account; exit code 2 when that is something",
    "status": "say what is in the account",
    "report": "show the account and the run on one page of HTML",
    "lineage": "say where a score, a run or a version is from, back to the commit",
    "init": "make a new repository for definitions of your own; needs no account",
    "update": "bring such a repository to a newer tag; exit code 2 when that changes something",
}
_CHANGING = ("apply", "retrain", "promote", "rollback")
PAGE = Path("out") / "report" / "index.html"
ALIASES = {"run": "retrain"}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlops", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, text in _VERBS.items():
        other = [alias for alias, meant in ALIASES.items() if meant == name]
        verb = verbs.add_parser(name, help=text, description=text, aliases=other)
        if name != "init":
            verb.add_argument("--content", type=Path, default=Path(), metavar="FOLDER", help="the content's folder")
        add_places(verb)
        if name in ("plan", "apply"):
            verb.add_argument("what", nargs="?", choices=FAMILIES)
        if name in _CHANGING:
            add_word(verb)
        _ADDITIONS.get(name, _add_nothing)(verb)
    return parser


def add_word(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--production", action="store_true", help="the word without which production is not changed")


def _add_nothing(verb: argparse.ArgumentParser) -> None:
    pass


def _add_lineage(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL[/VERSION]", help="or the id of a run; the default version if none is named")
    verb.add_argument("row", nargs="*", metavar="KEY=VALUE", help="each key of one row of its predictions")
    _add_format(verb)


def _add_format(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="of the answer; text if not given")
    verb.add_argument(
        "--out", type=Path, metavar="FILE", help="write the answer in that form to FILE, and as text to the console"
    )


def _add_model(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("--reason", metavar="TEXT", help="why, for the ledger")


def _add_promote(verb: argparse.ArgumentParser) -> None:
    _add_model(verb)
    verb.add_argument("version", nargs="?", metavar="VERSION", help="with a source: every version, if not given")
    verb.add_argument("--from", dest="source", metavar="DATABASE", help="where the version comes from, if not from here")
    verb.add_argument("--connection", metavar="NAME", help="of connections.toml: the account that it comes from, if another one")


def _add_rollback(verb: argparse.ArgumentParser) -> None:
    _add_model(verb)
    verb.add_argument("--to", dest="version", metavar="VERSION", help="the one before, if not given")


def _add_clone(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("database", nargs="?", metavar="NAME", help="a database MLOPS_CLONE_...; that of the run, if not given")


def _add_hours(verb: argparse.ArgumentParser) -> None:
    _add_clone(verb)
    verb.add_argument(
        "--hours",
        type=int,
        choices=range(1, 169),
        default=8,
        metavar="N",
        help="after which the janitor drops it; 8 if not given",
    )


def _add_answers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or an empty one")
    parser.add_argument(
        "--name", default="", metavar="NAME", help="what the repository is called; the folder's name if not given"
    )
    parser.add_argument(
        "--repository",
        default="mlops",
        metavar="URL_OR_NAME",
        help="where the templates are: an address, or a name in Azure Repos; mlops if not given",
    )
    parser.add_argument("--ref", default="", metavar="TAG", help="the templates' tag; that of this version if not given")
    parser.add_argument("--endpoint", default="", metavar="NAME", help="the service connection to GitHub, if they are there")


def _add_update(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--to", default="", metavar="TAG", help="the newest one if not given")
    verb.add_argument(
        "--from", dest="source", default="", metavar="FOLDER_OR_URL", help="a clone of the templates, instead of their address"
    )
    verb.add_argument("--apply", action="store_true", help="write what is shown")


def _add_tests(verb: argparse.ArgumentParser) -> None:
    _add_clone(verb)
    verb.add_argument(
        "--tests", default="integration", metavar="PATHS", help="what pytest runs, apart by blanks; integration if not given"
    )


def _add_apply(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--clone", metavar="NAME", help="not in the database, but in this clone of it, which this run has made")
    verb.add_argument(
        "--plan",
        type=_last_attempt,
        metavar="FILE",
        help="do what this plan says, and nothing if that no longer fits; of several that FILE finds, by *, the last attempt's",
    )


def _last_attempt(pattern: str) -> Path:
    return Path(max(glob.glob(pattern), key=_numbers, default=pattern))


def _numbers(path: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", path)]


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def _add_check(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--archive", type=Path, metavar="FILE", help="write the code that procedures import to FILE")


def _add_report(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--results",
        type=_folder,
        metavar="FOLDER",
        help="what the commands of the run told: FOLDER/report-STAGE.ATTEMPT/NAME.json",
    )
    verb.add_argument("--page", type=Path, metavar="FILE", default=PAGE, help=f"where to write the page; {PAGE} if not given")


_ADDITIONS = {
    "plan": _add_format,
    "lineage": _add_lineage,
    "apply": _add_apply,
    "retrain": _add_model,
    "promote": _add_promote,
    "rollback": _add_rollback,
    "check": _add_check,
    "report": _add_report,
    "clone": _add_hours,
    "drop-clone": _add_clone,
    "test": _add_tests,
    "init": _add_answers,
    "update": _add_update,
}


def add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append the report as Markdown")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the report as JUnit XML")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--cards", type=Path, metavar="FOLDER", help="write the model card of each version it is about, in two forms"
    )
