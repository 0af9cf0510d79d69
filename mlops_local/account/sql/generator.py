"""The translated tree as DuckDB text."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator


class Raw(exp.Expression):  # type: ignore[misc]
    """DuckDB text that is put in as it stands."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class Call(exp.Func):  # type: ignore[misc]
    """A call of a DuckDB function by its own name, with nothing rewritten."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "expressions": False}
    is_var_len_args = True


def raw(text: str) -> Raw:
    return Raw(this=text)


def call(name: str, *arguments: exp.Expr) -> Call:
    return Call(this=name, expressions=list(arguments))


class _Generator(DuckDBGenerator):  # type: ignore[misc]
    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **DuckDBGenerator.TRANSFORMS,
        Raw: lambda self, node: node.args["this"],
        Call: lambda self, node: f"{node.args['this']}({self.expressions(node, flat=True)})",
    }


class DuckDBText(DuckDB):  # type: ignore[misc]
    """The dialect that is written."""

    Generator = _Generator


def generate(tree: exp.Expr) -> str:
    text: str = DuckDBText().generate(tree, copy=False, comments=False, normalize_functions=False)
    return text
