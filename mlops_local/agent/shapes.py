"""Checks of a part of a pipeline, from which the schema is built.

They hold for files as they are written and for the expanded pipeline: what an expression will only say later is right for now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from mlops_local.agent.conditions import runtime_expression
from mlops_local.agent.errors import Problems
from mlops_local.agent.evaluation import World
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null, is_open
from mlops_local.agent.scalars import parse_number, parse_switch
from mlops_local.agent.schedules import CronError, check_cron
from mlops_local.agent.values import ExpressionError
from mlops_local.agent.worlds import VALUE

Check = Callable[[Node, Problems], None]
# A value that is only known while the pipeline runs.
_LATER = re.compile(r"\$\(|\$\[|\$\{\{")
_MACRO = re.compile(r"\$\([^()]+\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def kind_of(node: Node) -> str:
    return "text" if isinstance(node, Scalar) else "list" if isinstance(node, Sequence) else "mapping"


def anything(node: Node, problems: Problems) -> None:
    """Sections that the agent carries along and does not read."""


def text(node: Node, problems: Problems) -> None:
    if not isinstance(node, Scalar):
        problems.add(node.mark, f"A text is expected here, not a {kind_of(node)}.")


def identifier(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and _MACRO.search(node.text):
        _check_fixed(node, problems)
    elif isinstance(node, Scalar) and node.text and not is_open(node) and not _NAME.match(node.text):
        problems.add(
            node.mark, f"'{node.text}' is not a valid name; use letters, digits and '_', and begin with a letter or '_'."
        )


def alias(node: Node, problems: Problems) -> None:
    """The name of a repository resource, which may begin with a digit."""
    fixed(node, problems)
    if isinstance(node, Scalar) and not is_open(node) and not re.fullmatch(r"[-\w]+", node.text, re.ASCII):
        problems.add(node.mark, f"'{node.text}' is not a valid alias; use letters, digits, '-' and '_'.")


def boolean(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and not is_null(node) and not _LATER.search(node.text) and parse_switch(node.text) is None:
        problems.add(node.mark, f"true or false is expected here, not '{node.text}'.")


def number(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar) and not is_null(node) and not _LATER.search(node.text) and parse_number(node.text) is None:
        problems.add(node.mark, f"A number is expected here, not '{node.text}'.")


def one_of(*values: str) -> Check:
    def check(node: Node, problems: Problems) -> None:
        text(node, problems)
        if isinstance(node, Scalar) and node.text not in values and not _LATER.search(node.text):
            problems.add(node.mark, f"'{node.text}' is not allowed here; it is one of: {', '.join(values)}.")

    return check


def fixed(node: Node, problems: Problems) -> None:
    """A text that is read before there are variables."""
    text(node, problems)
    _check_fixed(node, problems)


def _check_fixed(node: Node, problems: Problems) -> None:
    if isinstance(node, Scalar) and (found := _MACRO.search(node.text)):
        problems.add(node.mark, f"{found.group()} is not replaced here, because no variable has a value yet.")


def texts(node: Node, problems: Problems) -> None:
    """A text or a list of texts, as `dependsOn` takes it."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        text(item, problems)


def text_or(check: Check, of_text: Check = text) -> Check:
    return lambda node, problems: (of_text if isinstance(node, Scalar) else check)(node, problems)


def list_of(check: Check) -> Check:
    def each(node: Node, problems: Problems) -> None:
        if is_null(node) or is_open(node):
            return
        if not isinstance(node, Sequence):
            problems.add(node.mark, f"A list is expected here, not a {kind_of(node)}.")
            return
        for item in node.items:
            check(item, problems)

    return each


def table_of(check: Check) -> Check:
    """A mapping with free names, such as `env`."""

    def each(node: Node, problems: Problems) -> None:
        if is_null(node) or is_open(node):
            return
        if not isinstance(node, Mapping):
            problems.add(node.mark, f"A mapping is expected here, not a {kind_of(node)}.")
            return
        for key, value in node.pairs:
            _check_fixed(key, problems)
            check(value, problems)

    return each


def mapping(keys: dict[str, Check], required: Iterable[str] = (), what: str = "this mapping") -> Check:
    def check(node: Node, problems: Problems) -> None:
        if not isinstance(node, Mapping):
            if not is_open(node) and (not is_null(node) or required):
                problems.add(node.mark, f"A mapping is expected here, not a {kind_of(node)}.")
            return
        for key, value in node.pairs:
            if key.text in keys:
                keys[key.text](value, problems)
            else:
                problems.add(key.mark, f"Unexpected value '{key.text}' in {what}{nearest(key.text, keys)}")
        strange = [key.text for key, _ in node.pairs if key.text not in keys]
        for name in required:
            if node.find(name) is None and not node.opened and not near_to(name, strange):
                problems.add(node.mark, f"'{name}' is missing in {what}.")

    return check


@dataclass(frozen=True)
class Kind:
    """What stands in a list, as one of several: how it is called, its keys, and those that it needs."""

    what: str
    keys: dict[str, Check]
    required: tuple[str, ...] = ()


def one_kind(what: str, kinds: dict[str, Kind], beginnings: str) -> Check:
    """One of the kinds, by the first of their names that is a key. With its branches opened a mapping may be several kinds."""
    whole = {name: mapping(kind.keys, kind.required, kind.what) for name, kind in kinds.items()}

    def check(node: Node, problems: Problems) -> None:
        if is_open(node) or is_null(node):
            return
        if not isinstance(node, Mapping):
            problems.add(node.mark, f"A {what} is a mapping, not a {kind_of(node)}.")
            return
        found = [name for name in kinds if node.key(name)]
        if len(found) > 1 and node.opened:
            mapping({key: each for name in found for key, each in kinds[name].keys.items()}, what=f"a {what}")(node, problems)
        elif found:
            whole[found[0]](node, problems)
        elif node.pairs and (not node.opened or (len(node.pairs) == 1 and near_to(node.pairs[0][0].text, kinds))):
            key = node.pairs[0][0]
            problems.add(key.mark, f"Unexpected value '{key.text}': a {what} begins with {beginnings}.")

    return check


def nearest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    same = [name for name in known if name.casefold() == word.casefold()]
    near = near_to(word, known)
    if same:
        return f"; did you mean '{same[0]}'? Keywords are case-sensitive."
    return f"; did you mean '{near}'?" if near else "."


def names(node: Node, problems: Problems) -> None:
    """A text or a list of texts, read before there are variables."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        fixed(item, problems)


def cron(node: Node, problems: Problems) -> None:
    text(node, problems)
    if isinstance(node, Scalar):
        try:
            check_cron(node.text)
        except CronError as error:
            problems.add(node.mark, str(error))


def expression_in(world: World) -> Check:
    """A condition: an expression that is evaluated while the pipeline runs."""

    def check(node: Node, problems: Problems) -> None:
        text(node, problems)
        if isinstance(node, Scalar) and not is_open(node):
            _check_expression(node.text, world, node, problems)

    return check


def value(node: Node, problems: Problems) -> None:
    """The value of a variable and its like, which may be one `$[ expression ]`."""
    text(node, problems)
    inner = runtime_expression(node.text) if isinstance(node, Scalar) and not is_open(node) else None
    if inner is not None:
        _check_expression(inner, VALUE, node, problems)


def _check_expression(expression: str, world: World, node: Node, problems: Problems) -> None:
    if found := _MACRO.search(expression):
        name = found.group()[2:-1]
        problems.add(node.mark, f"{found.group()} is not replaced in an expression; write variables['{name}'].")
        return
    try:
        if expression.strip():
            world.check(expression)
    except ExpressionError as error:
        problems.add(node.mark, str(error))


def both(*checks: Check) -> Check:
    def check(node: Node, problems: Problems) -> None:
        for each in checks:
            each(node, problems)

    return check


def near_to(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or nothing."""
    return next(iter(get_close_matches(word, list(known), 1, cutoff=0.75)), "")
