"""The translated tree as DuckDB text."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator


class Raw(exp.Expression):  # type: ignore[misc]
    """DuckDB text that is put in as it stands."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class Template(exp.Expression, exp.Func):  # type: ignore[misc]
    """DuckDB text with ``{0}``, ``{1}`` .. where the expressions go."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "expressions": False}
    is_var_len_args = True


class Call(exp.Expression, exp.Func):  # type: ignore[misc]
    """A call of a DuckDB function by its own name: ``name(DISTINCT a ORDER BY b IGNORE NULLS) FILTER (WHERE c)``."""

    arg_types: ClassVar[dict[str, bool]] = {
        "this": True,
        "expressions": False,
        "distinct": False,
        "order": False,
        "ignore_nulls": False,
        "where": False,
    }
    is_var_len_args = True


def raw(text: str) -> Raw:
    return Raw(this=text)


_SIMPLE = (exp.Literal, exp.Column, exp.Paren, exp.Boolean, exp.Null, exp.Cast, exp.Identifier, Call, Raw)


def _template(self: DuckDBGenerator, node: Template) -> str:
    parts = [self.sql(part) if isinstance(part, _SIMPLE) else f"({self.sql(part)})" for part in node.expressions]
    return "(" + str(node.args["this"]).format(*parts) + ")"


def _call(self: DuckDBGenerator, node: Call) -> str:
    inside = self.expressions(node, flat=True)
    if node.args.get("distinct"):
        inside = f"DISTINCT {inside}"
    if node.args.get("order"):
        inside += self.sql(node, "order")
    if node.args.get("ignore_nulls"):
        inside += " IGNORE NULLS"
    where = f" FILTER (WHERE {self.sql(node, 'where')})" if node.args.get("where") else ""
    return f"{node.args['this']}({inside}){where}"


class _Generator(DuckDBGenerator):  # type: ignore[misc]
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **DuckDBGenerator.TRANSFORMS,
        Raw: lambda self, node: node.args["this"],
        Template: _template,
        Call: _call,
    }


class DuckDBText(DuckDB):  # type: ignore[misc]
    """The dialect that is written."""

    Generator = _Generator


def generate(tree: exp.Expr) -> str:
    text: str = DuckDBText().generate(tree, copy=False, comments=False, normalize_functions=False)
    return text
