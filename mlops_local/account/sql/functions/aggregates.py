"""Aggregate and window functions. https://docs.snowflake.com/en/sql-reference/functions-aggregation"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.casts import as_number, as_text
from mlops_local.account.sql.functions.registry import Arguments, first, function, take
from mlops_local.account.sql.generator import Call
from mlops_local.account.sql.operators import divide
from mlops_local.account.sql.semistructured import as_json
from mlops_local.account.sql.typed import fixed, is_fixed, is_semi, number, template, type_of, typed
from mlops_local.account.sql.windows import mark, row_by_row, unmark
from mlops_local.account.syntax.types import ARRAY, BOOLEAN, INTEGER, OBJECT, REAL, TEXT, SqlType


def core(name: str, *arguments: exp.Expr, distinct: bool = False, type_: SqlType | None = None) -> Call:
    """DuckDB's aggregate itself: what OVER and FILTER belong to."""
    ignore = any(isinstance(node, exp.IgnoreNulls) for node in arguments)
    nodes = [node.this if isinstance(node, exp.IgnoreNulls) else node for node in arguments]
    made = Call(this=name, expressions=nodes, distinct=distinct, ignore_nulls=ignore)
    mark(typed(made, type_))
    return made


def _sum_type(type_: SqlType | None) -> SqlType | None:
    return fixed(type_.scale or 0) if is_fixed(type_) and type_ is not None else type_


@function("SUM", least=1)
def sum_(arguments: Arguments) -> exp.Expr:
    """Exact for exact numbers. https://docs.snowflake.com/en/sql-reference/functions/sum"""
    value = as_number(arguments[0])
    return core("sum", value, distinct=arguments.distinct, type_=_sum_type(type_of(value)))


@function("AVG", least=1)
def avg(arguments: Arguments) -> exp.Expr:
    """Of exact numbers it is exact, with six more digits. https://docs.snowflake.com/en/sql-reference/functions/avg"""
    value = as_number(arguments[0])
    type_ = type_of(value)
    if not is_fixed(type_):
        return core("avg", value, distinct=arguments.distinct, type_=REAL)
    total = core("sum", value, distinct=arguments.distinct, type_=_sum_type(type_))
    number_of = core("count", value.copy(), distinct=arguments.distinct, type_=INTEGER)
    return divide(total, template("nullif({0}, 0)", number_of, type_=INTEGER))


@function("COUNT", least=0, most=None)
def count(arguments: Arguments) -> exp.Expr:
    """Several arguments: rows where none of them is NULL."""
    nodes = arguments.nodes
    if not nodes or nodes[0].is_star:
        return core("count", exp.Star(), type_=INTEGER)
    if len(nodes) == 1:
        return core("count", nodes[0], distinct=arguments.distinct, type_=INTEGER)
    missing = " OR ".join(f"{{{i}}} IS NULL" for i in range(len(nodes)))
    listed = ", ".join(f"{{{i}}}" for i in range(len(nodes)))
    whole = template(f"CASE WHEN {missing} THEN NULL ELSE ({listed}) END", *nodes)
    return core("count", whole, distinct=arguments.distinct, type_=INTEGER)


@function("COUNT_IF", least=1)
def count_if(arguments: Arguments) -> exp.Expr:
    return template("CAST({0} AS BIGINT)", core("count_if", take(arguments[0], "b")), type_=INTEGER)


Kind = Callable[[Sequence["SqlType | None"]], "SqlType | None"]


def _simple(names: str, duckdb: str, kinds: str, result: SqlType | Kind, *, least: int | None = None) -> None:
    """An aggregate that DuckDB has under another name."""

    def build(arguments: Arguments) -> exp.Expr:
        nodes = [take(node, kind) for node, kind in zip(arguments.nodes, kinds, strict=False)]
        type_ = result([type_of(node) for node in nodes]) if callable(result) else result
        return core(duckdb, *nodes, distinct=arguments.distinct, type_=type_)

    function(*names.split(), least=len(kinds) if least is None else least, most=len(kinds))(build)


_simple("MIN", "min", "*", first)
_simple("MAX", "max", "*", first)
_simple("ANY_VALUE", "any_value", "*", first)
_simple("MODE", "mode", "*", first)
_simple("CORR", "corr", "ff", REAL)
_simple("COVAR_POP", "covar_pop", "ff", REAL)
_simple("COVAR_SAMP", "covar_samp", "ff", REAL)
_simple("SKEW", "skewness", "f", REAL)
_simple("KURTOSIS", "kurtosis", "f", REAL)
_simple("MAX_BY", "max_by", "**", first)
_simple("MIN_BY", "min_by", "**", first)
_simple("BOOLAND_AGG", "bool_and", "b", BOOLEAN)
_simple("BOOLOR_AGG", "bool_or", "b", BOOLEAN)
_simple("BITAND_AGG", "bit_and", "i", INTEGER)
_simple("BITOR_AGG", "bit_or", "i", INTEGER)
_simple("BITXOR_AGG", "bit_xor", "i", INTEGER)
_simple("APPROX_COUNT_DISTINCT HLL", "approx_count_distinct", "*", INTEGER)
for _name in ("SLOPE", "INTERCEPT", "R2", "AVGX", "AVGY", "SXX", "SXY", "SYY"):
    _simple(f"REGR_{_name}", f"regr_{_name.lower()}", "ff", REAL)
_simple("REGR_COUNT", "regr_count", "ff", INTEGER)


@function("GROUPING", "GROUPING_ID", least=1, most=None)
def grouping(arguments: Arguments) -> exp.Expr:
    """A bit for each argument. https://docs.snowflake.com/en/sql-reference/functions/grouping_id"""
    return core("grouping", *arguments.nodes, type_=INTEGER)


@function("CONDITIONAL_TRUE_EVENT", least=1)
def conditional_true_event(arguments: Arguments) -> exp.Expr:
    """How often the condition has been true so far, row by row."""
    return template("CAST({0} AS BIGINT)", row_by_row(core("count_if", take(arguments[0], "b"))), type_=INTEGER)


@function("CONDITIONAL_CHANGE_EVENT", least=1)
def conditional_change_event(arguments: Arguments) -> exp.Expr:
    """How often the value differed from that of the row before; NULL differs from nothing.

    https://docs.snowflake.com/en/sql-reference/functions/conditional_change_event
    """
    changes = "list_filter(range(2, len({0}) + 1), lambda n: list_extract({0}, n) <> list_extract({0}, n - 1))"
    return template(f"CAST(len({changes}) AS BIGINT)", row_by_row(core("list", arguments[0])), type_=INTEGER)


def _spread(names: str, duckdb: str, *, root: bool) -> None:
    """A variance, or the deviation that is its root. Snowflake computes those of exact numbers with six digits more."""

    def build(arguments: Arguments) -> exp.Expr:
        type_ = type_of(as_number(arguments[0]))
        made: exp.Expr = core(duckdb, take(arguments[0], "f"), distinct=arguments.distinct, type_=REAL)
        if type_ is not None and is_fixed(type_):
            digits = max(2 * (type_.scale or 0), min(2 * (type_.scale or 0) + 6, 12))
            made = template(f"CAST({{0}} AS DECIMAL(38,{digits}))", made, type_=fixed(digits))
        return template("sqrt(CAST({0} AS DOUBLE))", made, type_=REAL) if root else made

    function(*names.split(), least=1)(build)


_spread("STDDEV STDDEV_SAMP", "var_samp", root=True)
_spread("STDDEV_POP", "var_pop", root=True)
_spread("VARIANCE VAR_SAMP VARIANCE_SAMP", "var_samp", root=False)
_spread("VAR_POP VARIANCE_POP", "var_pop", root=False)


@function("MEDIAN", least=1)
def median(arguments: Arguments) -> exp.Expr:
    """Of exact numbers it is exact, with more digits: the middle of two."""
    value = as_number(arguments[0])
    type_ = type_of(value)
    middle = core("median", value, type_=REAL)
    if not is_fixed(type_) or type_ is None:
        return middle
    scale = min((type_.scale or 0) + 3, 37)
    return template(f"CAST({{0}} AS DECIMAL(38,{scale}))", middle, type_=fixed(scale))


@function("PERCENTILE_CONT", "PERCENTILE_DISC", least=1)
def percentile(arguments: Arguments) -> exp.Expr:
    """The value comes from WITHIN GROUP (ORDER BY ..)."""
    continuous = arguments.name == "PERCENTILE_CONT"
    made = core("quantile_cont" if continuous else "quantile_disc", arguments[0], type_=REAL if continuous else None)
    made.meta["percentile"] = True
    return made


@function("APPROX_PERCENTILE", least=2)
def approx_percentile(arguments: Arguments) -> exp.Expr:
    return core("approx_quantile", take(arguments[0], "f"), arguments[1], type_=REAL)


@function("LISTAGG", least=1, most=2)
def listagg(arguments: Arguments) -> exp.Expr:
    """An empty text where nothing is listed. https://docs.snowflake.com/en/sql-reference/functions/listagg"""
    separator = arguments[1] if len(arguments) > 1 else exp.Literal.string("")
    listed = core("string_agg", as_text(arguments[0]), separator, distinct=arguments.distinct, type_=TEXT)
    return template("coalesce({0}, '')", listed, type_=TEXT)


@function("ARRAY_AGG", "ARRAYAGG", least=1)
def array_agg(arguments: Arguments) -> exp.Expr:
    """NULLs are left out. https://docs.snowflake.com/en/sql-reference/functions/array_agg"""
    value = arguments[0]
    listed = core("list", value if not is_semi(type_of(value)) else as_json(value), distinct=arguments.distinct)
    listed.set("where", template("{0} IS NOT NULL", value))
    return template("coalesce(to_json({0}), CAST('[]' AS JSON))", listed, type_=ARRAY)


@function("ARRAY_UNIQUE_AGG", least=1)
def array_unique_agg(arguments: Arguments) -> exp.Expr:
    return array_agg(Arguments(arguments.name, arguments.nodes, arguments.scope, distinct=True))


@function("OBJECT_AGG", least=2)
def object_agg(arguments: Arguments) -> exp.Expr:
    """Pairs with NULL are left out. https://docs.snowflake.com/en/sql-reference/functions/object_agg"""
    key = as_text(arguments[0])
    pair = template("CAST(to_json({0}) AS VARCHAR) || ':' || CAST({1} AS VARCHAR)", key, as_json(arguments[1]))
    listed = core("string_agg", pair, exp.Literal.string(","))
    listed.set("order", exp.Order(expressions=[exp.Ordered(this=key.copy())]))
    return template("CAST('{{' || coalesce({0}, '') || '}}' AS JSON)", listed, type_=OBJECT)


@function("HASH_AGG", least=1, most=None)
def hash_agg(arguments: Arguments) -> exp.Expr:
    """Independent of the order of rows. Its values are the account's own: Snowflake does not publish its hash."""
    hashed = template(f"CAST(hash({', '.join(f'{{{i}}}' for i in range(len(arguments)))}) >> 2 AS HUGEINT)", *arguments.nodes)
    return template("CAST({0} % 4611686018427387904 AS BIGINT)", core("sum", hashed), type_=INTEGER)


# Window functions

for _name, _type in {
    "ROW_NUMBER": INTEGER,
    "RANK": INTEGER,
    "DENSE_RANK": INTEGER,
    "PERCENT_RANK": REAL,
    "CUME_DIST": REAL,
}.items():
    _simple(_name, _name.lower(), "", _type)
_simple("NTILE", "ntile", "i", INTEGER)
_simple("FIRST_VALUE", "first_value", "*", first)
_simple("LAST_VALUE", "last_value", "*", first)
_simple("NTH_VALUE", "nth_value", "*i", first)


@function("LAG", "LEAD", least=1, most=3)
def neighbour(arguments: Arguments) -> exp.Expr:
    offset = take(arguments[1], "i") if len(arguments) > 1 else number(1)
    return core(arguments.name.lower(), arguments[0], offset, *arguments.nodes[2:], type_=arguments.type(0))


@function("RATIO_TO_REPORT", least=1)
def ratio_to_report(arguments: Arguments) -> exp.Expr:
    value = as_number(arguments[0])
    if type_of(value) is None:
        raise unsupported("RATIO_TO_REPORT of a value of unknown type")
    return divide(unmark(value), core("sum", value.copy(), type_=_sum_type(type_of(value))))
