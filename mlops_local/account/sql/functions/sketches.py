"""Estimates whose state can be kept and merged. https://docs.snowflake.com/en/sql-reference/functions-aggregation

The number of distinct values: a state is the ``2 ** log_k`` smallest hashes, log_k in its first byte, so that it counts exactly
up to that number. Percentiles: a t-digest, the state that Snowflake shows (see tdigest.py).
"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.functions.aggregates import core
from mlops_local.account.sql.functions.registry import Arguments, function, take
from mlops_local.account.sql.semistructured import as_json
from mlops_local.account.sql.typed import number, template
from mlops_local.account.syntax.types import BINARY, INTEGER, OBJECT, REAL

_LOG_K = 12
_SMALLEST, _LARGEST = 4, 21
_HASHES = "regexp_extract_all(substr(hex({0}), 3), '.{{16}}')"


def _log_k(arguments: Arguments) -> exp.Expr:
    if len(arguments) < 2:
        return number(_LOG_K)
    text = arguments.constant(1)
    if not text.isdigit() or not _SMALLEST <= int(text) <= _LARGEST:
        raise _invalid(text)
    return number(text)


def _invalid(text: str) -> AccountError:
    return compilation_error(
        1015, "22023", f"argument max_log_k needs to be between {_SMALLEST} and {_LARGEST}, inclusive: {text!r}."
    )


def _state(hashes: exp.Expr, log_k: exp.Expr) -> exp.Expr:
    """``hashes`` are texts of 16 hexadecimal digits, in which order is that of the numbers."""
    return template(
        "unhex(printf('%02X', {1}) || array_to_string(list_slice(list_sort(list_distinct({0})), 1, 1 << {1}), ''))",
        hashes,
        log_k,
        type_=BINARY,
    )


@function("HLL_ACCUMULATE", least=1)
@function("DATASKETCHES_HLL_ACCUMULATE", least=1, most=2)
def accumulate(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/datasketches_hll_accumulate"""
    hashed = core("list", template("printf('%016X', hash({0}))", arguments[0]), distinct=True)
    hashed.set("where", template("{0} IS NOT NULL", arguments[0]))
    return _state(template("coalesce({0}, CAST([] AS VARCHAR[]))", hashed), _log_k(arguments))


@function("HLL_COMBINE", least=1)
@function("DATASKETCHES_HLL_COMBINE", least=1, most=2)
def combine(arguments: Arguments) -> exp.Expr:
    """As fine as the coarsest of the states. https://docs.snowflake.com/en/sql-reference/functions/datasketches_hll_combine"""
    hashes = core("list", template(_HASHES, arguments[0]))
    hashes.set("where", template("{0} IS NOT NULL", arguments[0]))
    coarsest = core("min", template("CAST('0x' || substr(hex({0}), 1, 2) AS BIGINT)", arguments[0]))
    log_k = template("least(coalesce({0}, {1}), {1})", coarsest, _log_k(arguments))
    return _state(template("coalesce(flatten({0}), CAST([] AS VARCHAR[]))", hashes), log_k)


@function("DATASKETCHES_HLL_ESTIMATE", least=1)
def estimate(arguments: Arguments) -> exp.Expr:
    """Nothing is estimated as 0. https://docs.snowflake.com/en/sql-reference/functions/datasketches_hll_estimate"""
    kept = template("1 << CAST('0x' || substr(hex({0}), 1, 2) AS BIGINT)", arguments[0])
    largest = "CAST('0x' || right(hex({0}), 16) AS UBIGINT)"
    return template(
        f"coalesce(CASE WHEN len({_HASHES}) < {{1}} THEN len({_HASHES}) "
        f"ELSE ({{1}} - 1) / ({largest} / 18446744073709551616.0) END, 0)::DOUBLE",
        arguments[0],
        kept,
        type_=REAL,
    )


@function("HLL_ESTIMATE", least=1)
def estimate_whole(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/hll_estimate"""
    return template("CAST(round({0}) AS BIGINT)", estimate(arguments), type_=INTEGER)


@function("DATASKETCHES_HLL", least=1, most=2)
def distinct_values(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/datasketches_hll"""
    return estimate(Arguments(arguments.name, [accumulate(arguments)], arguments.scope))


def _digest(points: exp.Expr) -> exp.Expr:
    return template(
        "json_object('state', tdigest_merge(coalesce({0}, CAST([] AS DOUBLE[]))), 'type', 'tdigest', 'version', 1)",
        points,
        type_=OBJECT,
    )


@function("APPROX_PERCENTILE_ACCUMULATE", least=1)
def accumulate_percentile(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/approx_percentile_accumulate"""
    value = take(arguments[0], "f")
    points = core("list", template("[{0}, 1.0::DOUBLE]", value))
    points.set("where", template("{0} IS NOT NULL", value))
    return _digest(template("flatten({0})", points))


@function("APPROX_PERCENTILE_COMBINE", least=1)
def combine_percentile(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/approx_percentile_combine"""
    state = as_json(arguments[0])
    points = core("list", template("CAST(json_extract({0}, '$.state') AS DOUBLE[])", state))
    points.set("where", template("{0} IS NOT NULL", state))
    return _digest(template("flatten({0})", points))


@function("APPROX_PERCENTILE_ESTIMATE", least=2)
def estimate_percentile(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/approx_percentile_estimate"""
    state = template("CAST(json_extract({0}, '$.state') AS DOUBLE[])", as_json(arguments[0]))
    return template("tdigest_quantile({0}, {1})", state, cast(arguments[1], REAL), type_=REAL)
