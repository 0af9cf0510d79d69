"""Reading an Azure Pipelines expression: text to a tree.

No operators, no parentheses around values, no double quotes; everything else is a function.
https://learn.microsoft.com/azure/devops/pipelines/process/expressions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from mlops_local.agent.scalars import Primitive, parse_version
from mlops_local.agent.values import ExpressionError

MAX_LENGTH = 21_000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>(?:-|(?<![\w\])])\.(?=\d)|\d)[\d.]*(?![\w-]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?![\w-]))
    |(?P<symbol>[()\[\],.*])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Literal:
    value: Primitive


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Member:
    """`owner[index]` and `owner.name`."""

    owner: Expression
    index: Expression


@dataclass(frozen=True)
class Every:
    """`owner.*`"""

    owner: Expression


Expression = Literal | Name | Call | Member | Every


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"An expression has at most {MAX_LENGTH} characters; this one has {len(text)}.")
    return _Parser(text).whole()


def walk(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from walk(argument)
    elif isinstance(expression, Member):
        yield from walk(expression.owner)
        yield from walk(expression.index)
    elif isinstance(expression, Every):
        yield from walk(expression.owner)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ExpressionError(
                f"Unexpected symbol: '{_word(text, at)}'. Located at position {at + 1} within expression: {text.strip()}"
            )
        if found.lastgroup != "blank":
            yield _Token(str(found.lastgroup), found.group(), at)
        at = found.end()


def _word(text: str, at: int) -> str:
    found = re.match(r"[^\s,()\[\]]+|.", text[at:], re.DOTALL)
    return found.group() if found else text[at:]


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        if not self._tokens:
            raise ExpressionError("An expression is expected here, and there is none.")
        expression = self._expression()
        if token := self._peek():
            raise self._unexpected(token)
        return expression

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"An expression is nested at most {MAX_DEPTH} levels deep.")
        expression = self._primary()
        while (token := self._peek()) and token.text in (".", "["):
            expression = self._member(expression, self._take())
        self._depth -= 1
        return expression

    def _primary(self) -> Expression:
        token = self._take()
        if token.kind == "text":
            return Literal(token.text[1:-1].replace("''", "'"))
        if token.kind == "number":
            return Literal(self._number(token))
        if token.kind != "name":
            raise self._unexpected(token)
        if (following := self._peek()) and following.text == "(":
            return Call(token.text, self._arguments())
        if token.text.lower() in ("true", "false"):
            return Literal(token.text.lower() == "true")
        return Name(token.text)

    def _number(self, token: _Token) -> Primitive:
        if re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", token.text):
            return Decimal(token.text)
        version = parse_version(token.text)
        if version is None:
            raise self._unexpected(token)
        return version

    def _arguments(self) -> tuple[Expression, ...]:
        self._expect("(")
        arguments: list[Expression] = []
        if (token := self._peek()) and token.text == ")":
            self._take()
            return ()
        while True:
            arguments.append(self._expression())
            token = self._take()
            if token.text == ")" and token.kind == "symbol":
                return tuple(arguments)
            if token.text != "," or token.kind != "symbol":
                raise self._unexpected(token)

    def _member(self, owner: Expression, opening: _Token) -> Expression:
        if opening.text == ".":
            token = self._take()
            if token.text == "*":
                return Every(owner)
            if token.kind != "name":
                raise self._unexpected(token)
            return Member(owner, Literal(token.text))
        if (token_or_end := self._peek()) and token_or_end.text == "*":
            self._take()
            self._expect("]")
            return Every(owner)
        index = self._expression()
        self._expect("]")
        return Member(owner, index)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            raise ExpressionError(f"Unexpected end of expression: {self._text.strip()}")
        self._next += 1
        return token

    def _expect(self, symbol: str) -> None:
        token = self._take()
        if token.kind != "symbol" or token.text != symbol:
            raise self._unexpected(token)

    def _unexpected(self, token: _Token) -> ExpressionError:
        return ExpressionError(
            f"Unexpected symbol: '{token.text}'. Located at position {token.at + 1} within expression: {self._text.strip()}"
        )
