"""Nothing reaches DuckDB that translation has not read.

What is left of the user's own tree is checked as it is written out: a call, a source or a clause that no rule has taken would
otherwise mean whatever DuckDB makes of it (its functions that read files and settings included).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.sql.nodes import Call, Template

_CALLS = (Template, Call, exp.And, exp.Or, exp.Case, exp.If, exp.Exists, exp.Cast, exp.TryCast)
_ROWS = re.compile(r"[a-z]\d+")

_QUERY = {"expressions", "with_", "order", "limit", "offset"}
_SET = {"this", "expression", "distinct", "by_name", "with_", "order", "limit", "offset"}
# The clauses that are translated. https://docs.snowflake.com/en/sql-reference/constructs
_CLAUSES: dict[type[exp.Expr], set[str]] = {
    exp.Select: _QUERY
    | {"from_", "joins", "laterals", "where", "group", "having", "qualify", "windows", "distinct", "hint", "locks"},
    exp.Union: _SET,
    exp.Except: _SET,
    exp.Intersect: _SET,
    exp.Subquery: {"this", "alias", "joins", "pivots", "laterals", "sample", "with_", "order", "limit", "offset"},
    exp.Values: {"expressions", "alias", "order", "limit", "offset"},
    exp.Table: {"this", "db", "alias", "joins", "pivots", "laterals", "sample"},
    exp.Join: {"this", "method", "side", "kind", "on", "using", "match_condition"},
    exp.Lateral: {"this", "alias", "view", "outer", "cross_apply"},
    exp.Distinct: {"expressions"},
    exp.Limit: {"expression"},
    exp.Offset: {"expression"},
    exp.Fetch: {"direction", "count", "limit_options"},
    exp.LimitOptions: {"rows"},
    exp.TableSample: {"method", "percent", "size", "rows", "seed"},
    exp.Interval: {"this", "unit"},
    exp.Pivot: {
        "expressions",
        "fields",
        "alias",
        "columns",
        "unpivot",
        "include_nulls",
        "identify_pivot_strings",
        "pivot_column_naming",
    },
    exp.WindowSpec: {"kind", "start", "start_side", "end", "end_side"},
}
_JOIN_WORDS = {"method": {"ASOF", "NATURAL", "POSITIONAL"}, "kind": {"INNER", "CROSS", "OUTER"}}


def refuse_untranslated(tree: exp.Expr) -> None:
    for node in tree.walk():
        for form, check in _CHECKS:
            if isinstance(node, form):
                check(node)
        allowed = _CLAUSES.get(type(node))
        if allowed is not None:
            check_clauses(node, allowed)


def _refusal(node: exp.Expr) -> AccountError:
    return unsupported(f"{type(node).__name__} here: {node.sql(dialect='snowflake')[:80]}")


def check_clauses(node: exp.Expr, allowed: set[str]) -> None:
    """Refuses what was said beside the clauses that the caller reads."""
    for key, value in node.args.items():
        if value and key not in allowed:
            shown = value.sql(dialect="snowflake") if isinstance(value, exp.Expr) else key
            raise unsupported(f"{type(node).__name__.upper()} with {key.strip('_').upper()}: {shown[:80]}")


def _check_call(node: exp.Expr) -> None:
    if isinstance(node, _CALLS):
        return
    raise _refusal(node)


def _check_table(node: exp.Expr) -> None:
    """A table of the account by its number, or a common table expression by its name."""
    if not isinstance(node.this, exp.Identifier):
        raise _refusal(node)
    if node.args.get("db") is not None and not (node.text("db") == "main" and _ROWS.fullmatch(node.name)):
        raise _refusal(node)


def _check_join(node: exp.Expr) -> None:
    for key, words in _JOIN_WORDS.items():
        word = str(node.args.get(key) or "").upper()
        if word and word not in words:
            raise unsupported(f"{word} JOIN")


def _check_constant(node: exp.Expr) -> None:
    """LIMIT, OFFSET, FETCH, SAMPLE and INTERVAL take constants only."""
    for key in ("this", "expression", "count", "percent", "size", "rows", "seed"):
        value = node.args.get(key)
        if isinstance(value, exp.Expr) and not isinstance(value.unnest(), exp.Literal | exp.Null):
            raise _refusal(node)


def _check_pivot(node: exp.Expr) -> None:
    if not node.args.get("unpivot") or node.find(exp.Query, exp.PivotAny) is not None:
        raise _refusal(node)


def _refuse(node: exp.Expr) -> None:
    raise _refusal(node)


_CHECKS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[exp.Expr], None]], ...] = (
    (exp.Func, _check_call),
    (exp.Table, _check_table),
    (exp.Join, _check_join),
    ((exp.Limit, exp.Offset, exp.Fetch, exp.TableSample, exp.Interval), _check_constant),
    (exp.Pivot, _check_pivot),
    ((exp.Lambda, exp.Parameter, exp.Placeholder, exp.SessionParameter), _refuse),
)
