"""A new repository of definitions, complete and with tests that pass."""

from __future__ import annotations

from pathlib import Path

from mlops.report.result import Case, Report, Section
from mlops.scaffold.answers import Answers, full_ref
from mlops.scaffold.record import NAME, make_record, to_toml
from mlops.scaffold.releases import own_scaffold
from mlops.scaffold.writing import write_repository
from mlops.verbs.request import InitRequest

_NEXT = ("README.md says how to run it on this machine and in Azure DevOps", "git add --all && git commit --message 'Begin'")


def run(request: InitRequest) -> Report:
    folder = request.folder.resolve()
    stands_inside = Path.cwd() == folder
    scaffold = own_scaffold()
    ref = full_ref(request.ref or f"v{scaffold.version}")
    answers = Answers(request.name or folder.name, request.repository, request.endpoint)
    files = scaffold.render(answers.values(ref))
    record = make_record(scaffold.version, ref, answers, files)
    write_repository(folder, {**files, NAME: to_toml(record)}, request.environ)
    return _report(folder, files, stands_inside=stands_inside)


def _report(folder: Path, files: dict[str, str], *, stands_inside: bool) -> Report:
    written = Section("Written", ("file", "lines"), tuple((path, str(len(text.splitlines()))) for path, text in files.items()))
    following = Section("Next", ("in", "what"), tuple((str(folder), what) for what in _NEXT))
    warnings = ('This terminal still stands in the empty folder that was replaced: cd "$PWD".',) if stands_inside else ()
    return Report("Init", (written, following), (Case("init", f"Write {folder.name}"),), warnings)
