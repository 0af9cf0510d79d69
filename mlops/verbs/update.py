"""Brings a repository that `init` made to a newer tag; what its owners have edited stays theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mlops.errors import RepositoryError
from mlops.report.result import Case, Report, Section
from mlops.scaffold.answers import full_ref
from mlops.scaffold.changes import Change, Comparison
from mlops.scaffold.home import find_home
from mlops.scaffold.record import NAME, Record, make_record, read_record, to_toml
from mlops.scaffold.releases import newest_ref, release_of, scaffold_at, shown
from mlops.scaffold.writing import replace_file
from mlops.verbs.request import UpdateRequest

CHANGES = 2


def run(request: UpdateRequest) -> Report:
    record = read_record(request.root)
    source = _source(request, record)
    ref = full_ref(request.to) if request.to else newest_ref(source, request.environ)
    if ref == record.ref:
        return Report(f"At {_tag(ref)} already")
    _refuse_older(record.ref, ref)
    changes, after = _compare(request, record, source, ref)
    if request.apply:
        _write(request.root, changes)
        # Last: an update that was killed is begun again, and finds done what was done.
        replace_file(request.root / NAME, to_toml(after))
    return _report(record, after, changes, applied=request.apply)


def _source(request: UpdateRequest, record: Record) -> str:
    source = request.source or find_home(record.answers.repository).address
    if not source:
        raise RepositoryError(
            f"{NAME} knows the templates as {record.answers.repository}, which is no address: say by --from FOLDER_OR_URL where a clone is."
        )
    folder = Path(source).expanduser()
    return str(folder.resolve()) if folder.exists() else source


def _refuse_older(before: str, after: str) -> None:
    if release_of(after) and release_of(after) < release_of(before):
        raise RepositoryError(
            f"{_tag(after)} is older than {_tag(before)}: git takes back an update, `git revert` or `git restore`."
        )


def _compare(request: UpdateRequest, record: Record, source: str, ref: str) -> tuple[list[Change], Record]:
    answers, environ = record.answers, request.environ
    with scaffold_at(source, ref, environ) as scaffold:
        if scaffold is None:
            raise RepositoryError(f"{shown(source)} has no tag {_tag(ref)} with a scaffold: see `git ls-remote --tags`.")
        new, version = scaffold.render(answers.values(ref)), scaffold.version
    with scaffold_at(source, record.ref, environ) as scaffold:
        old = scaffold.render(answers.values(record.ref)) if scaffold else {}
    changes = list(Comparison(request.root.resolve(), record, old, new, environ).changes())
    return changes, make_record(version, ref, answers, new)


def _write(root: Path, changes: Iterable[Change]) -> None:
    for change in changes:
        if change.target:
            replace_file(root / change.target, change.after)


def _report(before: Record, after: Record, changes: list[Change], *, applied: bool) -> Report:
    title = f"Update from {_tag(before.ref)} to {_tag(after.ref)}"
    rows = tuple((change.action, change.path, change.why) for change in changes)
    cases = tuple(Case("update", f"{change.action} {change.path}") for change in changes)
    conflicts = tuple(f"{change.path}: {change.why}." for change in changes if change.action == "put beside")
    section = Section("Changed" if applied else "To change (write it by --apply)", ("action", "file", "why"), rows)
    report = Report(title, (section,), cases, conflicts, diff="".join(change.diff() for change in changes))
    return report if applied else replace(report, exit_code=CHANGES)


def _tag(ref: str) -> str:
    return ref.removeprefix("refs/tags/")
