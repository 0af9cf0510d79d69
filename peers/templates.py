"""``python -m peers.templates FOLDER ...``: expands every template file of other people's repositories and prints how each one fares.

FOLDER is a checkout of a repository with Azure Pipelines templates. A file is used by a small pipeline as a repository resource, as a
consumer would do it; required parameters get a plausible value of their type, or what `template_uses.py` says. Exit code 1 when a file is
refused for which that file gives no reason.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_local.agent.declarations import declared
from mlops_local.agent.errors import Mark, Origin, PipelineError, Problems, WrongPipeline
from mlops_local.agent.load import Queue, load_pipeline
from mlops_local.agent.nodes import Mapping, Node, load
from mlops_local.agent.repositories import LocalRepository
from peers.template_uses import BY_TYPE, REFUSED, USES

_LISTS = ("stages", "jobs", "steps", "variables", "extends")
_ROOT_ONLY = ("trigger", "pr", "schedules")
_NAME = "peers/templates"


@dataclass(frozen=True)
class Outcome:
    file: str
    refusal: str = ""

    @property
    def explanation(self) -> str | None:
        """Why a refusal is right; None when nobody has said so."""
        return next((why for (file, part), why in REFUSED.items() if self.file == file and part in self.refusal), None)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m peers.templates", description="Expand other people's templates.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    outcomes = [outcome for folder in parser.parse_args(argv).folders for outcome in expand_all(folder.resolve())]
    for outcome in outcomes:
        sys.stdout.write(_line(outcome))
    unexplained = sum(bool(outcome.refusal) and outcome.explanation is None for outcome in outcomes)
    right = sum(not outcome.refusal for outcome in outcomes)
    sys.stdout.write(f"{right} of {len(outcomes)} expand; {unexplained} refusals not explained\n")
    return 1 if unexplained or not outcomes else 0


def expand_all(folder: Path) -> Iterator[Outcome]:
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        name = path.relative_to(folder).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
            kind = _kind(load(text, Origin(name)))
        except (PipelineError, UnicodeDecodeError) as error:
            if not name.startswith("."):
                yield Outcome(name, str(error))
            continue
        if kind:
            yield from _expanded(folder, name, kind)


def _kind(node: Node) -> str:
    """What a file holds: `root` for a pipeline, one of the lists for a template, nothing for what is neither."""
    keys = {key.text for key, _ in node.pairs} if isinstance(node, Mapping) else set()
    if keys & set(_ROOT_ONLY) and keys & set(_LISTS):
        return "root"
    if keys & {"on", "runs", "repos"}:
        return ""
    return next((name for name in _LISTS if name in keys), "")


def _expanded(folder: Path, name: str, kind: str) -> Iterator[Outcome]:
    if kind == "root":
        yield Outcome(name, _refusal(Queue(folder / name)))
        return
    repository = LocalRepository(_NAME, "refs/heads/main", folder)
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        for number, given in enumerate(USES.get(name) or [_plausible(folder / name)], 1):
            root = Path(scratch) / "azure-pipelines.yml"
            root.write_text(_consumer(name, kind, given))
            shown = name if number == 1 else f"{name} ({number})"
            yield Outcome(shown, _refusal(Queue(root, repositories=(repository,))))


def _plausible(file: Path) -> str:
    """A value for every required parameter of a template, as a YAML mapping."""
    node = load(file.read_text(encoding="utf-8"), Origin(file.name))
    parameters = node.find("parameters") if isinstance(node, Mapping) else None
    found = declared(parameters, Mark(Origin(file.name), 1, 1), Problems())
    values = [
        f"{json.dumps(each.name)}: {json.dumps(each.values[0]) if each.values else BY_TYPE[each.type]}"
        for each in found.entries
        if each.default is None
    ]
    return f"{{{', '.join(values)}}}"


def _consumer(name: str, kind: str, given: str) -> str:
    resource = f"resources:\n  repositories:\n  - {{repository: peer, type: git, name: {_NAME}}}\n"
    indented = given.strip().replace("\n", "\n    ")
    call = f"template: {name}@peer\n  parameters:\n    {indented}\n"
    if kind == "extends" or (kind == "variables" and "stages" in given):
        return f"{resource}extends:\n  {call}"
    return f"{resource}{kind}:\n- {call}" + ("steps: []\n" if kind == "variables" else "")


def _refusal(queue: Queue) -> str:
    try:
        load_pipeline(queue)
    except WrongPipeline as error:
        return str(error)
    return ""


def _line(outcome: Outcome) -> str:
    if not outcome.refusal:
        return f"ok       {outcome.file}\n"
    why = outcome.explanation or "NOT EXPLAINED"
    return f"refused  {outcome.file}: {why}\n" + "".join(f"           {line}\n" for line in outcome.refusal.splitlines()[:5])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
