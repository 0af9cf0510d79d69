"""The variables of a Snowflake Scripting block, by scope, and how texts name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlops_local.account.errors import compilation_error
from mlops_local.account.scripting.script_values import Value, constant
from mlops_local.account.session.binding import replace_spans
from mlops_local.account.session.result import Result, StatementType
from mlops_local.account.syntax.lexer import Token, tokenize
from mlops_local.account.syntax.names import fold
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, TEXT

_DML = {StatementType.INSERT, StatementType.UPDATE, StatementType.DELETE, StatementType.MERGE, StatementType.MULTI_INSERT}


class Scopes:
    """What a name means, the innermost scope first; the outermost tells of the last statement."""

    def __init__(self, variables: dict[str, Value]) -> None:
        told = {
            "SQLROWCOUNT": Value(None, INTEGER),
            "SQLFOUND": Value(None, BOOLEAN),
            "SQLNOTFOUND": Value(None, BOOLEAN),
            "SQLID": Value(None, TEXT),
        }
        self._scopes: list[dict[str, Value]] = [told, variables]

    @property
    def innermost(self) -> dict[str, Value]:
        return self._scopes[-1]

    @contextmanager
    def inside(self, variables: dict[str, Value]) -> Iterator[None]:
        """Within it these variables are there too."""
        self._scopes.append(variables)
        try:
            yield
        finally:
            self._scopes.pop()

    def tell(self, result: Result, query_id: str) -> None:
        """What SQLROWCOUNT and its like say from here on."""
        count = _row_count(result)
        self._scopes[0] = {
            "SQLROWCOUNT": Value(count, INTEGER),
            "SQLID": Value(query_id, TEXT),
            "SQLFOUND": Value(None if count is None else count > 0, BOOLEAN),
            "SQLNOTFOUND": Value(None if count is None else count == 0, BOOLEAN),
        }

    def holding(self, name: str) -> dict[str, Value]:
        """The scope that the variable stands in."""
        for scope in reversed(self._scopes):
            if name in scope:
                return scope
        raise compilation_error(904, "42000", f"invalid identifier '{name}': declare the variable with DECLARE or LET.")

    def find(self, name: str) -> Value | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def bound(self, text: str, *, bare: bool) -> str:
        """The text with constants for ``:name`` and, in expressions, for names of variables that stand alone."""
        tokens = tokenize(text)
        spans: list[tuple[int, int, str]] = []
        at = 0
        while at < len(tokens):
            length, value = self._reference(tokens, at, bare=bare)
            if value is not None:
                spans.append((tokens[at].start, tokens[at + length - 1].end, f" {constant(value)} "))
            at += max(length, 1)
        return replace_spans(text, spans)

    def _reference(self, tokens: list[Token], at: int, *, bare: bool) -> tuple[int, Value | None]:
        """How many tokens the reference to a variable takes here, and its value; none when it is something else."""
        colon = tokens[at].text == ":" and (at == 0 or not _ends_operand(tokens[at - 1]))
        if not colon and not bare:
            return 1, None
        first = at + 1 if colon else at
        if first >= len(tokens) or tokens[first].kind not in {"word", "quoted"}:
            return 1, None
        if not colon and _is_part(tokens, at):
            return 1, None
        name = _name(tokens[first])
        if first + 2 < len(tokens) and tokens[first + 1].text == ".":
            field = self.find(f"{name}.{_name(tokens[first + 2])}")
            if field is not None:
                return first + 3 - at, field
        value = self.find(name)
        if colon and value is None:
            raise compilation_error(904, "42000", f"invalid identifier ':{name}': declare the variable with DECLARE or LET.")
        return first + 1 - at, value


def _name(token: Token) -> str:
    return fold(token.value, quoted=token.kind == "quoted")


def _is_part(tokens: list[Token], at: int) -> bool:
    """Whether the word belongs to a longer name, to a path, or is a function."""
    behind = at > 0 and tokens[at - 1].text in {".", ":"}
    return behind or (at + 1 < len(tokens) and tokens[at + 1].text == "(")


def _ends_operand(token: Token) -> bool:
    """A colon behind it is a path into a semi-structured value, not a variable; behind a keyword it is a variable."""
    if token.kind == "word":
        return token.upper not in _BEFORE_VARIABLES
    return token.kind in {"quoted", "string"} or token.text in {")", "]"}


_BEFORE_VARIABLES = {
    "SELECT",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "THEN",
    "ELSE",
    "WHEN",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "BY",
    "LIMIT",
    "SET",
    "VALUES",
    "ON",
    "CASE",
    "AS",
    "RETURN",
    "IMMEDIATE",
    "FROM",
    "HAVING",
    "IS",
    "OFFSET",
    "DISTINCT",
    "TABLE",
    "INTO",
}


def _row_count(result: Result) -> int | None:
    """Rows that DML has changed; NULL for other statements."""
    if result.type not in _DML:
        return None
    return sum(int(result.table.column(i)[0].as_py() or 0) for i in range(result.table.num_columns))
