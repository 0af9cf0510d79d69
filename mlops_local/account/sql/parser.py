"""Snowflake text to a sqlglot tree, with every function left as the call that was written.

sqlglot maps functions to what it believes the other dialect has; here the account's own table of functions decides, so
that an unknown one is refused by name. https://docs.snowflake.com/en/sql-reference/constructs
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.snowflake import SnowflakeParser

from mlops_local.account.errors import AccountError, syntax_error, unexpected

TEXT = "text"

_KEPT = ("CAST", "TRY_CAST", "EXTRACT", "POSITION")


def _bare(name: str) -> Callable[[], exp.Expr]:
    return lambda: exp.Anonymous(this=name)


class _Parser(SnowflakeParser):  # type: ignore[misc]
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {name: SnowflakeParser.FUNCTION_PARSERS[name] for name in _KEPT}
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {token: _bare(token.name) for token in SnowflakeParser.NO_PAREN_FUNCTIONS}

    def build_cast(self, strict: bool, **kwargs: Any) -> exp.Expr:
        """TRY_CAST to BOOLEAN stays one; sqlglot makes a function of it."""
        return self.expression((exp.Cast if strict else exp.TryCast)(**kwargs))

    def _parse_expressions(self) -> list[Any]:
        items: list[Any] = self._parse_csv(self._parse_item)
        return items

    def _parse_item(self) -> Any:
        """An item of a select list, which remembers its text: Snowflake names a column without alias by it."""
        start = self._curr
        item = self._parse_expression()
        if item is not None and start is not None and self._prev is not None:
            item.meta[TEXT] = self.sql[start.start : self._prev.end + 1]
        return item


class SnowflakeText(Snowflake):  # type: ignore[misc]
    """The dialect that is read."""

    Parser = _Parser


def parse(text: str) -> exp.Expr:
    """The tree of one statement; a syntax error in Snowflake's words when it cannot be read."""
    try:
        trees = SnowflakeText().parse(text)
    except (ParseError, TokenError) as error:
        raise _refusal(error) from error
    if len(trees) != 1 or trees[0] is None:
        raise syntax_error("one statement was expected.")
    return trees[0]


def parse_expression(text: str) -> exp.Expr:
    """The tree of one expression."""
    select = parse(f"SELECT {text}")
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or select.args.get("from_"):
        raise syntax_error(f"one expression was expected, not: {text}")
    return select.expressions[0].pop()


def _refusal(error: ParseError | TokenError) -> AccountError:
    details = error.errors[0] if isinstance(error, ParseError) and error.errors else None
    if details and details.get("highlight"):
        return unexpected(details["highlight"], line=details.get("line") or 1, position=max((details.get("col") or 1) - 1, 0))
    return syntax_error(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("\n")[0])
