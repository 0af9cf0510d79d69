"""Evaluating a parsed expression in one of its worlds: which names and functions exist differs from phase to phase."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from mlops_local.agent.expressions import Call, Expression, Literal, Member, Name, parse, walk
from mlops_local.agent.functions import COMPILE_TIME, Function, array
from mlops_local.agent.nodes import Mapping, Sequence
from mlops_local.agent.values import ExpressionError, Table, Value, member, pairs_of, value_of


@dataclass(frozen=True)
class World:
    """`names` are the contexts (`variables`, `parameters`, loop variables), by casefolded name."""

    names: dict[str, Value | Callable[[], Value]]
    functions: dict[str, Function] = field(default_factory=lambda: COMPILE_TIME)

    def with_name(self, name: str, value: Value) -> World:
        return World({**self.names, name.casefold(): value}, self.functions)

    def evaluate(self, text: str) -> Value:
        return self._value(parse(text))

    def _value(self, expression: Expression) -> Value:
        if isinstance(expression, Literal):
            return expression.value
        if isinstance(expression, Name):
            return self._named(expression.name)
        if isinstance(expression, Call):
            return self._call(expression)
        if isinstance(expression, Member):
            return _member(self._value(expression.owner), self._value(expression.index))
        return _every(self._value(expression.owner))

    def _named(self, name: str) -> Value:
        if name.casefold() not in self.names:
            raise ExpressionError(f"Unrecognized value: '{name}'. Known here: {_listed(self.names)}.")
        value = self.names[name.casefold()]
        return value() if callable(value) else value

    def _call(self, call: Call) -> Value:
        function = self._function(call)
        return function.apply([partial(self._value, argument) for argument in call.arguments])

    def _function(self, call: Call) -> Function:
        function = self.functions.get(call.function.casefold())
        if function is None:
            known = _listed(f.name for f in self.functions.values())
            raise ExpressionError(f"Unrecognized function: '{call.function}'. Known here: {known}.")
        if not function.least <= len(call.arguments) <= function.most:
            raise ExpressionError(f"{function.name}() does not take {len(call.arguments)} arguments.")
        return function

    def check(self, text: str) -> None:
        """Refuse what evaluation would refuse by name: called at load, before anything runs."""
        for part in walk(parse(text)):
            if isinstance(part, Name) and part.name.casefold() not in self.names:
                raise ExpressionError(f"Unrecognized value: '{part.name}'. Known here: {_listed(self.names)}.")
            if isinstance(part, Call):
                self._function(part)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


class _Each(Sequence):
    """The result of `.*`: a further member applies to each of its items."""


def _every(owner: Value) -> Value:
    if isinstance(owner, Sequence):
        return _Each(owner.items, owner.mark)
    if isinstance(owner, Mapping | Table):
        values = array([value for _, value in pairs_of(owner)])
        return _Each(values.items, values.mark)
    return None


def _member(owner: Value, name: Value) -> Value:
    if not isinstance(owner, _Each):
        return member(owner, name)
    found = [member(value_of(item), name) for item in owner.items]
    return _Each(array([value for value in found if value is not None]).items, owner.mark)
