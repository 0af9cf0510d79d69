from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlops.apply.execute import Made, execute
from mlops.apply.queries import find_warnings
from mlops.apply.target import Target
from mlops.definitions import FeatureView
from mlops.errors import GateError
from mlops.plan_file import fit, read_plan_file
from mlops.production import require_word
from mlops.report.card import card_section
from mlops.report.result import Case, Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.verbs.cloning import in_own_clone
from mlops.verbs.gates import gates_section
from mlops.verbs.planning import plan_for, plan_sections, plan_warnings
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    if request.clone:
        settings = in_own_clone(settings, request.clone)
    agreed = read_plan_file(request.plan) if request.plan else None
    if agreed:
        request = replace(request, families=agreed.families)
    with open_session(settings) as session:
        require_word(session, settings, given=request.production)
        plan = plan_for(request, session, settings)
        if agreed:
            plan = fit(plan, agreed, settings)
        target = Target(session, settings, request.definitions, request.code)
        made = tuple(execute(target, plan))
        warnings = tuple(_warnings(target, request, made))
    return report_made("Apply", plan_sections(plan), made, (*plan_warnings(plan), *warnings))


def report_made(title: str, before: tuple[Section, ...], made: Sequence[Made], warnings: tuple[str, ...] = ()) -> Report:
    cards = tuple(one.outcome.card for one in made if one.outcome.card)
    sections = (*before, *_sections(made), card_section(cards))
    return Report(
        *(title, tuple(section for section in sections if section.rows), _cases(made), warnings, _failures(made)),
        exit_code=_exit_code(made),
        cards=cards,
    )


def _sections(made: Sequence[Made]) -> tuple[Section, ...]:
    rows = tuple((one.change.action, one.change.kind, one.change.name, _told(one), f"{one.seconds:.1f}") for one in made)
    metrics = tuple((one.change.name, name, f"{value:.4f}") for one in made for name, value in one.outcome.metrics)
    gates = [(one.change.name, *row) for one in made for row in one.outcome.gates]
    return (
        Section("Done", ("action", "kind", "name", "result", "seconds"), rows),
        Section("Metrics", ("model", "metric", "value"), metrics),
        gates_section(gates),
    )


def _warnings(target: Target, request: Request, made: Sequence[Made]) -> Iterator[str]:
    """Checks are about data, so they are made whether or not a definition changed."""
    if any(one.error for one in made):
        return
    if made:
        yield from target.warnings
    checks = [check for one in request.selected if isinstance(one, FeatureView) for check in one.checks]
    yield from find_warnings(target, checks)


def _told(one: Made) -> str:
    return "failed" if one.error else one.outcome.detail or "done"


def _failures(made: Sequence[Made]) -> tuple[str, ...]:
    return tuple(sentence for one in made for sentence in (*([str(one.error)] if one.error else []), *one.outcome.failures))


def _cases(made: Sequence[Made]) -> tuple[Case, ...]:
    return tuple(
        Case(
            f"apply.{one.change.kind}", f"{one.change.action} {one.change.name}", one.seconds, " ".join(_failures([one])) or None
        )
        for one in made
    )


def _exit_code(made: Sequence[Made]) -> int:
    errors = [one.error.exit_code for one in made if one.error]
    gates = any(one.outcome.failures for one in made)
    return errors[0] if errors else GateError.exit_code if gates else 0
