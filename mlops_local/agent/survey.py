"""Every file that a pipeline names, checked as it is written: also branches that are not taken, and what only they include.

Expansion sees the files that it reaches, with the values of one run. The survey sees all that is named without an expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mlops_local.agent.declarations import TEXTS, Declaration, Declarations, declared
from mlops_local.agent.drafts import draft
from mlops_local.agent.errors import Mark, Origin, PipelineError, Problems
from mlops_local.agent.expressions import Call, Literal, parse
from mlops_local.agent.interpolation import split
from mlops_local.agent.literals import check_key, check_object, check_parameter
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_open, scalars
from mlops_local.agent.parameters import bind
from mlops_local.agent.plan import step_of
from mlops_local.agent.repositories import Files
from mlops_local.agent.schema import FILE, ROOT
from mlops_local.agent.tasks.registry import Registry, check_given, check_inputs
from mlops_local.agent.templates import TEMPLATE_KEYS
from mlops_local.agent.values import ExpressionError

_KINDS = {"stages": "stage", "jobs": "job", "steps": "step", "variables": "variable"}
_NOT_PARTS = ("parameters", "templateContext", "inputs", "env", "resources")


def survey(files: Files, tasks: Registry, problems: Problems) -> None:
    """`files` are those of an expansion, which has opened the pipeline first and then what it reached."""
    look = _Survey(files, tasks, problems)
    for file in files.opened():
        look.visit(file, look.role_of(file))


@dataclass
class _Survey:
    files: Files
    tasks: Registry
    problems: Problems
    _seen: set[tuple[Origin, str]] = field(default_factory=set)

    def role_of(self, file: Mapping) -> str:
        """What a file that was opened is used as: pipeline, extends, or a kind of item."""
        if not self._seen:
            return "pipeline"
        if file.mark.origin in self.files.extended:
            return "extends"
        return next((_KINDS[key.text] for key, _ in file.pairs if key.text in _KINDS), "extends")

    def visit(self, file: Mapping, role: str) -> None:
        if (file.mark.origin, role) not in self._seen:
            self._seen.add((file.mark.origin, role))
            self._check(file, role)

    def _check(self, written: Mapping, role: str) -> None:
        known = draft(written, self.problems)
        assert isinstance(known, Mapping)
        _check_literals(known, self.problems)
        declared(known.find("parameters"), known.mark, self.problems, is_root=role == "pipeline")
        if role == "pipeline":
            ROOT(known, self.problems)
        else:
            self._check_template(known, role)
        for kind, item in _parts(known):
            if isinstance(item, Mapping):
                self._check_part(kind, item)

    def _check_template(self, known: Mapping, role: str) -> None:
        """Keys that do not belong here are named by expansion; without them the rest may still be wrong."""
        for key, value in known.pairs:
            if key.text in FILE and (role == "extends" or key.text in TEMPLATE_KEYS[role]):
                FILE[key.text](value, self.problems)

    def _check_part(self, kind: str, item: Mapping) -> None:
        if item.key("template"):
            self._follow(kind, item)
        elif kind == "step":
            self._check_inputs(item)

    def _follow(self, kind: str, reference: Mapping) -> None:
        """A file that is missing, or cannot be had, is no mistake here: expansion says so when it reaches it."""
        name = reference.find("template")
        for path in paths_of(name) if isinstance(name, Scalar) else []:
            try:
                file = self.files.open(self.files.resolve(path, reference.mark.origin, reference.mark), reference.mark)
            except PipelineError as error:
                if error.mark != reference.mark:
                    self.problems.add(error.mark, error.sentence)
                continue
            self.visit(file, kind)
            if isinstance(name, Scalar) and (kind == "extends" or _holds(file, kind)):
                self._check_call(reference, name.mark, file)

    def _check_call(self, reference: Mapping, mark: Mark, file: Mapping) -> None:
        declarations = declared(file.find("parameters"), file.mark, Problems())
        given = reference.find("parameters") or Mapping([], mark)
        if declarations.old_style or not isinstance(given, Mapping):
            return
        by_name = {each.name.casefold(): each for each in declarations.entries}
        for key, value in given.pairs:
            self._check_argument(by_name.get(key.text.casefold()), declarations, key, value)
        if not given.opened and not reference.opened:
            names = {key.text.casefold() for key, _ in given.pairs}
            missing = tuple(each for name, each in by_name.items() if name not in names and each.default is None)
            self._bind(replace(declarations, entries=missing), Mapping([], mark))

    def _check_argument(self, known: Declaration | None, declarations: Declarations, key: Scalar, value: Node) -> None:
        if known is None:
            self._bind(replace(declarations, entries=()), Mapping([(key, value)], key.mark))
        elif known.type in TEXTS and not is_open(value):
            self._bind(replace(declarations, entries=(known,)), Mapping([(key, value)], key.mark))
            _check_written(known, value, self.problems)
        elif known.type == "object":
            _check_written(known, value, self.problems)

    def _bind(self, declarations: Declarations, given: Mapping) -> None:
        bind(declarations, given, self.problems, lambda kind, items: items)

    def _check_inputs(self, item: Mapping) -> None:
        if item.opened and sum(1 for key, _ in item.pairs if key.text in ("task", "script", "bash")) > 1:
            return
        step = step_of(item, "", Problems())
        if step is None:
            return
        inputs = item.find("inputs")
        whole = not (item.opened or is_open(inputs) or (isinstance(inputs, Mapping) and inputs.opened))
        (check_inputs if whole else check_given)(step, self.tasks, self.problems)


def _holds(file: Mapping, kind: str) -> bool:
    return any(_KINDS.get(key.text) == kind or is_open(key) for key, _ in file.pairs)


def paths_of(name: Scalar) -> list[str]:
    """The path, or those of both arms when an iif() chooses between texts; none when only a value tells."""
    paths = [""]
    with suppress(ExpressionError):
        for is_expression, text in split(name.text):
            arms = _arms(text) if is_expression else [text]
            paths = [path + arm for path in paths for arm in arms]
        return [path for path in paths if path]
    return []


def _arms(expression: str) -> list[str]:
    parsed = parse(expression)
    if not (isinstance(parsed, Call) and parsed.function.casefold() == "iif" and len(parsed.arguments) == 3):
        return []
    arms = [each.value for each in parsed.arguments[1:] if isinstance(each, Literal) and isinstance(each.value, str)]
    return [str(arm) for arm in arms]


def _check_literals(file: Mapping, problems: Problems) -> None:
    for scalar in scalars(file):
        check_key(scalar, problems)
    for each in declared(file.find("parameters"), file.mark, Problems()).entries:
        if each.default is not None:
            _check_written(each, each.default, problems)


def _check_written(known: Declaration, value: Node, problems: Problems) -> None:
    if known.type == "string":
        check_parameter(known.name, value, problems)
    elif known.type == "object":
        check_object(known.name, value, problems)


def _parts(node: Node) -> Iterator[tuple[str, Node]]:
    """Items of every list of stages, jobs, steps or variables, and what is extended."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _parts(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            if key.text in _NOT_PARTS:
                continue
            if key.text == "extends":
                yield "extends", value
            elif key.text in _KINDS and isinstance(value, Sequence):
                yield from ((_KINDS[key.text], item) for item in value.items)
            yield from _parts(value)
