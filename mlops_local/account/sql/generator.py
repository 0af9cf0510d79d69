"""The translated tree as DuckDB text."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from mlops_local.account.sql.closed import refuse_untranslated
from mlops_local.account.sql.nodes import Call, Raw, Template


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
    refuse_untranslated(tree)
    text: str = DuckDBText().generate(tree, copy=False, comments=False, normalize_functions=False)
    return text


__all__ = ["Call", "Raw", "Template", "generate", "raw"]
