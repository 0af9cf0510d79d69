"""From a root file to one constant pipeline: templates loaded, parameters bound, directives and expressions gone.

https://learn.microsoft.com/azure/devops/pipelines/process/templates
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from mlops_local.agent.declarations import NAMES, TEXTS, declared
from mlops_local.agent.directives import CompileVariables, Pair, Scope, expand, items, mapping_of, pairs
from mlops_local.agent.errors import KnownError, Mark, Origin, PipelineError, Problems
from mlops_local.agent.evaluation import World
from mlops_local.agent.levels import with_levels
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null, is_open, load, word
from mlops_local.agent.parameters import Parameters, bind
from mlops_local.agent.repositories import DEFAULT_REF, Files, LocalRepository, find_local
from mlops_local.agent.resources import merged

MAX_DEPTH = 20
CHILDREN = {"stage": ("jobs", "job"), "job": ("steps", "step")}
LISTS = {"stages": "stage", "jobs": "job", "steps": "step"}
TEMPLATE_KEYS = {"stage": {"stages"}, "job": {"jobs"}, "step": {"steps"}, "variable": {"variables"}}
_EXTENDS_KEYS = {
    "stages",
    "jobs",
    "steps",
    "resources",
    "variables",
    "pool",
    "extends",
    "lockBehavior",
    "container",
    "name",
    "workspace",
}


@dataclass(frozen=True)
class Expansion:
    """What a caller gives: queue-time parameters as text, variables known before, folders of other repositories."""

    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    repositories: tuple[LocalRepository, ...] = ()


def expand_file(file: Path, expansion: Expansion, problems: Problems, root: Path) -> tuple[Mapping | None, Files]:
    """The expanded pipeline, or nothing when mistakes leave none, and the repositories and files that it names."""
    path = file.resolve().relative_to(root.resolve()).as_posix()
    shown = str(file)[: -len(path)] if str(file).endswith(path) else ""
    files = Files(root.resolve(), problems, shown)
    with problems.collect():
        tree = _Expander(files, expansion, problems).pipeline(files.origin("self", path))
        return tree, files
    return None, files


class _Expander:
    def __init__(self, files: Files, expansion: Expansion, problems: Problems) -> None:
        self._files = files
        self._expansion = expansion
        self._problems = problems

    def pipeline(self, origin: Origin) -> Mapping:
        start = Mark(origin, 1, 1)
        root = self._files.open(origin, start)
        variables = CompileVariables(list(self._expansion.variables.items()))
        given = Mapping([_given(name, text) for name, text in self._expansion.parameters.items()], start)
        scope = self._scope(root, self._queued(root, given), variables, origin)
        self._add_repositories(root, scope)
        body = self._body(root, scope, allowed=None)
        return mapping_of(with_levels(body, root.mark), root.mark, self._problems)

    def _queued(self, root: Mapping, given: Mapping) -> Mapping:
        """Queue-time values are text; for a list or mapping parameter the text is YAML."""
        types = {
            d.name.casefold(): d.type for d in declared(root.find("parameters"), root.mark, Problems(), is_root=True).entries
        }
        return Mapping(
            [(key, self._queued_value(types.get(key.text.casefold(), "string"), key, value)) for key, value in given.pairs],
            given.mark,
        )

    def _queued_value(self, kind: str, key: Scalar, value: Node) -> Node:
        if kind in TEXTS or kind in NAMES or not isinstance(value, Scalar):
            return value
        with self._problems.collect():
            return load(value.text, value.mark.origin)
        return Scalar("", value.mark, plain=True)

    def _scope(self, file: Mapping, given: Mapping, variables: CompileVariables, caller: Origin, depth: int = 0) -> Scope:
        """Templates in a stepList and its like start at the file that gives them; in an object they start where it is used."""
        is_root, origin = depth == 0, file.mark.origin
        declarations = declared(file.find("parameters"), file.mark, self._problems, is_root=is_root)
        world = World({"variables": variables, "parameters": Parameters()})
        unfinished = Scope(world, variables, self._problems, origin, depth)

        def finish(kind: str, node: Sequence) -> Sequence:
            is_default = node.mark.origin == origin
            return self._list(kind, node, unfinished if is_default else replace(unfinished, origin=caller))

        parameters = bind(declarations, given, self._problems, finish, is_root=is_root)
        return replace(unfinished, world=World({"variables": variables, "parameters": parameters}))

    def _add_repositories(self, root: Mapping, scope: Scope) -> None:
        """Aliases come first, with no variables yet, because every later template may stand in one of them."""
        resources = root.find("resources")
        if not isinstance(resources, Mapping) or not (listed := resources.find("repositories")):
            return
        early = scope.with_variables(CompileVariables())
        expanded = expand(listed, early)
        for item in expanded.items if isinstance(expanded, Sequence) else []:
            with self._problems.collect():
                self._add_repository(item)

    def _add_repository(self, item: Node) -> None:
        alias, name = (_text(item, key) for key in ("repository", "name"))
        if not alias or not name:
            raise PipelineError(item.mark, "A repository resource needs 'repository' (the alias) and 'name'.")
        ref = _text(item, "ref") or DEFAULT_REF
        full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        self._files.add(find_local(alias, name, full, list(self._expansion.repositories)), item.mark)

    def _body(self, file: Mapping, scope: Scope, allowed: set[str] | None) -> list[tuple[Scalar, Node]]:
        """The top level of the root file or of an extends template; `allowed` is None for the root."""
        result: list[tuple[Scalar, Node]] = []
        extends: Pair | None = None
        for key, value, inner in self._variables_first(file, scope):
            if key.text == "parameters":
                continue
            if allowed is not None and key.text not in allowed:
                self._problems.add(
                    key.mark, f"Unexpected value '{key.text}': a template that is extended holds {_either(allowed)}."
                )
            elif key.text == "extends":
                extends = (key, value, inner)
            else:
                result.append((key, self._top(key, value, inner)))
        if extends:
            with self._problems.collect():
                result += self._extended(extends, scope)
        return merged(result, self._problems)

    def _top(self, key: Scalar, value: Node, scope: Scope) -> Node:
        if key.text == "variables":
            return value
        if key.text in LISTS:
            return self._list(LISTS[key.text], value, scope)
        if key.text == "strategy":
            return self._strategy(value, scope)
        if key.text == "resources" and isinstance(value, Mapping):
            return self._resources(value, scope)
        return expand(value, scope)

    def _resources(self, node: Mapping, scope: Scope) -> Mapping:
        """Only containers are expanded late enough to see variables."""
        early = scope.with_variables(CompileVariables())
        found = [(key, expand(value, inner if key.text == "containers" else early)) for key, value, inner in pairs(node, scope)]
        return mapping_of(found, node.mark, self._problems)

    def _extended(self, pair: Pair, scope: Scope) -> list[tuple[Scalar, Node]]:
        key, value, inner = pair
        node = expand(value, inner)
        if not isinstance(node, Mapping):
            raise PipelineError(key.mark, "'extends' is a mapping with 'template' and 'parameters'.")
        file, template_scope = self._include(node, scope)
        self._add_repositories(file, template_scope)
        self._files.extended.append(file.mark.origin)
        return self._body(file, template_scope, allowed=_EXTENDS_KEYS)

    def _include(self, reference: Mapping, scope: Scope, kind: str = "") -> tuple[Mapping, Scope]:
        """The file of a `template:` item and the scope in which its content is expanded."""
        for key, _ in reference.pairs:
            if key.text not in ("template", "parameters"):
                self._problems.add(key.mark, f"Unexpected value '{key.text}': beside 'template' only 'parameters' may stand.")
        name = reference.find("template")
        if is_open(name):
            raise KnownError(reference.mark)
        if not isinstance(name, Scalar) or not name.text:
            raise PipelineError(reference.mark, "'template' needs the path of a file.")
        if scope.depth >= MAX_DEPTH:
            raise PipelineError(name.mark, f"Templates may be nested at most {MAX_DEPTH} levels deep.")
        file = self._files.open(self._files.resolve(name.text, scope.origin, name.mark), name.mark)
        _refuse_kind(file, kind)
        given = reference.find("parameters")
        if given is not None and not isinstance(given, Mapping) and not is_null(given):
            raise PipelineError(given.mark, "The 'parameters' of a template are a mapping of names and values.")
        arguments = Mapping(given.pairs if isinstance(given, Mapping) else [], name.mark)
        return file, self._scope(file, arguments, scope.variables, scope.origin, scope.depth + 1)

    def _list(self, kind: str, node: Node, scope: Scope) -> Sequence:
        """Stages, jobs or steps."""
        if isinstance(node, Scalar) and not is_null(node):
            with self._problems.collect():
                node = expand(node, scope)
        if isinstance(node, Sequence):
            elements = [element for item, inner in items(node, scope) for element in self._elements(kind, item, inner)]
            return Sequence(elements, node.mark)
        if not (is_null(node) or is_open(node)):
            self._problems.add(node.mark, f"A list of {kind}s is expected here.")
        return Sequence([], node.mark)

    def _elements(self, kind: str, item: Node, scope: Scope) -> list[Node]:
        if not isinstance(item, Mapping):
            if not is_null(item):
                self._problems.add(item.mark, f"A {kind} is a mapping; '{getattr(item, 'text', 'a list')}' is not one.")
            return []
        own = scope.own_variables() if kind in CHILDREN else scope
        found = self._variables_first(item, own)
        if any(key.text == "template" for key, _, _ in found):
            with self._problems.collect():
                return self._included(kind, found, item.mark, scope)
            return []
        if not found:
            return []
        return [
            mapping_of([(key, self._child(kind, key, value, inner)) for key, value, inner in found], item.mark, self._problems)
        ]

    def _included(self, kind: str, found: list[Pair], mark: Mark, scope: Scope) -> list[Node]:
        reference = mapping_of([(key, expand(value, inner)) for key, value, inner in found], mark, self._problems)
        file, template_scope = self._include(reference, scope, kind)
        result: list[Node] = []
        for key, value, inner in self._template_pairs(kind, file, template_scope, reference):
            result += self._list(LISTS[key.text], value, inner).items
        return result

    def _template_pairs(self, kind: str, file: Mapping, scope: Scope, reference: Mapping) -> list[Pair]:
        allowed = TEMPLATE_KEYS[kind]
        found = [pair for pair in pairs(file, scope) if pair[0].text != "parameters"]
        for key, _, _ in found:
            if key.text not in allowed:
                self._problems.add(key.mark, _wrong_kind(key, kind))
        right = [pair for pair in found if pair[0].text in allowed]
        if not found:
            raise PipelineError(reference.mark, f"The template has no {_either(allowed)}.")
        return right

    def _variables_first(self, node: Mapping, scope: Scope) -> list[Pair]:
        """Pairs after directives. `variables` are read before the rest, wherever they stand, because the rest sees them."""
        written = node.find("variables")
        read = None if written is None else self._variables(written, scope)
        done: list[Pair] = []
        for key, value, inner in pairs(node, scope):
            if key.text != "variables":
                done.append((key, value, inner))
            else:
                done.append((key, read if read and value is written else self._variables(value, inner), inner))
        return done

    def _child(self, kind: str, key: Scalar, value: Node, scope: Scope) -> Node:
        if key.text == "variables":
            return value
        if kind in CHILDREN and key.text == CHILDREN[kind][0]:
            return self._list(CHILDREN[kind][1], value, scope)
        if kind == "job" and key.text == "strategy":
            return self._strategy(value, scope)
        return expand(value, scope)

    def _strategy(self, node: Node, scope: Scope) -> Node:
        """The hooks of a deployment hold steps, wherever they are nested."""
        if not isinstance(node, Mapping):
            return expand(node, scope)
        result: list[tuple[Scalar, Node]] = []
        for key, value, inner in pairs(node, scope):
            result.append((key, self._list("step", value, inner) if key.text == "steps" else self._strategy(value, inner)))
        return mapping_of(result, node.mark, self._problems)

    def _variables(self, node: Node, scope: Scope) -> Sequence:
        """Variables in their order, as a list; each one is known to those after it."""
        if isinstance(node, Scalar):
            with self._problems.collect():
                node = expand(node, scope)
        result: list[Node] = []
        if isinstance(node, Mapping):
            named = mapping_of([(key, value) for key, value, _ in self._assigned(node, scope)], node.mark, self._problems)
            result = [
                Mapping([(word("name", key.mark), key), (word("value", key.mark), value)], key.mark) for key, value in named.pairs
            ]
        elif isinstance(node, Sequence):
            for item, inner in items(node, scope):
                with self._problems.collect():
                    result += self._variable(item, inner)
        elif not (is_null(node) or is_open(node)):
            self._problems.add(node.mark, "'variables' is a mapping or a list.")
        return Sequence(result, node.mark)

    def _assigned(self, node: Mapping, scope: Scope) -> list[Pair]:
        done: list[Pair] = []
        for key, value, inner in pairs(node, scope):
            with self._problems.collect():
                done.append((key, self._assign(key.text, value, inner), inner))
        return done

    def _assign(self, name: str, value: Node, scope: Scope) -> Scalar:
        expanded = expand(value, scope)
        if not isinstance(expanded, Scalar):
            raise PipelineError(value.mark, f"The variable '{name}' must be a text; a list or mapping cannot be one.")
        scope.variables.set(name, expanded.text)
        return Scalar(expanded.text, expanded.mark, literal=True)

    def _variable(self, item: Node, scope: Scope) -> list[Node]:
        if not isinstance(item, Mapping):
            raise PipelineError(item.mark, "A variable is a mapping with 'name' and 'value', or with 'group' or 'template'.")
        expanded = mapping_of(
            [(key, expand(value, inner)) for key, value, inner in pairs(item, scope)], item.mark, self._problems
        )
        if expanded.find("template"):
            file, template_scope = self._include(expanded, scope, "variable")
            found = self._template_pairs("variable", file, template_scope, expanded)
            return [variable for _, value, inner in found for variable in self._variables(value, inner).items]
        name = expanded.find("name")
        if isinstance(name, Scalar) and (value := expanded.find("value")) is not None:
            self._assign(name.text, value, scope)
        return [expanded]


def _given(name: str, text: str) -> tuple[Scalar, Node]:
    """A parameter of the command line, whose mistakes are found there."""
    mark = Mark(Origin(f"--set {name}"), 1, 1)
    return word(name, mark), Scalar(text, mark, plain=True)


def _text(node: Node, key: str) -> str:
    found = node.find(key) if isinstance(node, Mapping) else None
    return found.text if isinstance(found, Scalar) else ""


def _refuse_kind(file: Mapping, kind: str) -> None:
    """A template of another kind is told by its content, before its parameters are missed."""
    allowed = TEMPLATE_KEYS.get(kind, set())
    others = [key for key, _ in file.pairs if key.text in LISTS or key.text == "variables"]
    if allowed and others and not any(key.text in allowed for key, _ in file.pairs):
        raise PipelineError(others[0].mark, _wrong_kind(others[0], kind))


def _wrong_kind(key: Scalar, kind: str) -> str:
    return f"Unexpected value '{key.text}': a template that is used as a {kind} holds {_either(TEMPLATE_KEYS[kind])}."


def _either(names: set[str]) -> str:
    return " or ".join(f"'{name}'" for name in sorted(names))
