"""The nodes that translation puts into a tree: DuckDB text, and calls of DuckDB's own functions."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

# On a call: the number of what computes it for whole columns, the DuckDB type of its answer, how many constants come first.
BATCH, RETURNED, LEADING = "batch", "returned", "leading"


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
