"""The table of functions: what is not in it is refused by name.

``define`` is for those that are a DuckDB expression of their arguments, ``function`` for those that need a thought.
A letter says how an argument is taken: ``t`` text, ``n`` number, ``i`` whole number, ``f`` float, ``j`` JSON value, ``b`` boolean,
``d`` date or timestamp by the clocks of its zone, ``m`` date or timestamp, ``x`` binary, ``*`` as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mlops_local.account.errors import AccountError, compilation_error, unsupported
from mlops_local.account.sql.casts import as_number, as_text, cast
from mlops_local.account.sql.conventions import conventions
from mlops_local.account.sql.formats import wall
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.semistructured import as_json
from mlops_local.account.sql.typed import is_semi, is_temporal, is_text, template, type_of, typed
from mlops_local.account.syntax.types import BINARY, BOOLEAN, INTEGER, REAL, TIMESTAMP_NTZ, SqlType


@dataclass
class Arguments:
    """One call: its arguments, translated, and where it stands."""

    name: str
    nodes: list[exp.Expr]
    scope: Scope
    distinct: bool = False

    def __getitem__(self, index: int) -> exp.Expr:
        return self.nodes[index]

    def __len__(self) -> int:
        return len(self.nodes)

    def type(self, index: int) -> SqlType | None:
        return type_of(self.nodes[index])

    def constant(self, index: int) -> str:
        """A constant or bare word, as the parts of dates and the formats are given."""
        node = self.nodes[index]
        if isinstance(node, exp.Literal | exp.Column | exp.Var | exp.Identifier):
            return str(node.name)
        raise unsupported(f"{self.name} with an argument {index + 1} that is not a constant")


Build = Callable[[Arguments], exp.Expr]
Result = SqlType | Callable[[Sequence["SqlType | None"]], "SqlType | None"] | None


@dataclass(frozen=True)
class Function:
    build: Build
    least: int
    most: int | None


FUNCTIONS: dict[str, Function] = {}


def function(*names: str, least: int, most: int | None = -1) -> Callable[[Build], Build]:
    """Enters a builder under its names; ``most`` is ``least`` unless given, None for any number."""

    def enter(build: Build) -> Build:
        for name in names:
            FUNCTIONS[name] = Function(build, least, least if most == -1 else most)
        return build

    return enter


def define(names: str, kinds: str, result: Result, *templates: str) -> None:
    """A function (several names apart by blanks) that is one template per number of arguments, fewest first."""
    fewest = len(kinds) - len(templates) + 1

    def build(arguments: Arguments) -> exp.Expr:
        nodes = [take(node, kind) for node, kind in zip(arguments.nodes, kinds, strict=False)]
        return template(templates[len(nodes) - fewest], *nodes, type_=result_type(result, nodes))

    for name in names.split():
        FUNCTIONS[name] = Function(build, fewest, len(kinds))


def result_type(result: Result, nodes: Sequence[exp.Expr]) -> SqlType | None:
    return result([type_of(node) for node in nodes]) if callable(result) else result


def first(types: Sequence[SqlType | None]) -> SqlType | None:
    """The result has the type of the first argument."""
    return types[0] if types else None


def take(node: exp.Expr, kind: str) -> exp.Expr:
    """The argument as the function takes it."""
    if isinstance(node, exp.Null):
        return typed(template(f"CAST({{0}} AS {_NULLS[kind]})", node), None) if kind in _NULLS else node
    return _TAKERS[kind](node)


_NULLS = {
    "t": "VARCHAR",
    "n": "BIGINT",
    "i": "BIGINT",
    "f": "DOUBLE",
    "b": "BOOLEAN",
    "d": "TIMESTAMP_NS",
    "m": "TIMESTAMP_NS",
    "j": "JSON",
}


def _whole(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Literal) and not node.is_string else cast(as_number(node), INTEGER)


def _float(node: exp.Expr) -> exp.Expr:
    return cast(node, REAL) if type_of(node) is not None else template("CAST({0} AS DOUBLE)", node, type_=REAL)


def _moment(node: exp.Expr) -> exp.Expr:
    type_ = type_of(node)
    return cast(node, TIMESTAMP_NTZ) if type_ is not None and (is_text(type_) or is_semi(type_)) else node


def _truth(node: exp.Expr) -> exp.Expr:
    type_ = type_of(node)
    return node if type_ is None or type_ == BOOLEAN else cast(node, BOOLEAN)


def _bytes(node: exp.Expr) -> exp.Expr:
    return cast(node, BINARY) if is_text(type_of(node)) else node


_TAKERS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "t": as_text,
    "n": as_number,
    "i": _whole,
    "f": _float,
    "j": as_json,
    "b": _truth,
    "d": lambda node: wall(_moment(node)) if conventions().zone else _moment(node),
    "m": _moment,
    "x": _bytes,
    "*": lambda node: node,
}


def build(name: str, arguments: list[exp.Expr], scope: Scope) -> exp.Expr | None:
    """The translated call; None when no function has that name."""
    entry = FUNCTIONS.get(name)
    if entry is None:
        return None
    nodes, distinct = _unwrapped(arguments)
    if len(nodes) < entry.least or (entry.most is not None and len(nodes) > entry.most):
        raise _wrong_count(name, len(nodes), entry)
    return entry.build(Arguments(name, nodes, scope, distinct))


def _unwrapped(arguments: list[exp.Expr]) -> tuple[list[exp.Expr], bool]:
    if arguments and isinstance(arguments[0], exp.Distinct):
        return [*arguments[0].expressions, *arguments[1:]], True
    return arguments, False


def _wrong_count(name: str, given: int, entry: Function) -> AccountError:
    if given < entry.least:
        return compilation_error(
            938,
            "22023",
            f"error line 1 at position 0\nnot enough arguments for function [{name}], expected {entry.least}, got {given}",
        )
    return compilation_error(
        939, "22023", f"error line 1 at position 0\ntoo many arguments for function [{name}] expected {entry.most}, got {given}"
    )


__all__ = ["FUNCTIONS", "Arguments", "Function", "build", "define", "first", "function", "is_temporal", "result_type", "take"]
