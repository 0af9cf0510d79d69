"""Random values, sequences, hashes and identifiers. https://docs.snowflake.com/en/sql-reference/functions-data-generation"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.functions.registry import Arguments, define, function, take
from mlops_local.account.sql.semistructured import columns_of
from mlops_local.account.sql.typed import is_number, template, type_of
from mlops_local.account.syntax.types import INTEGER, REAL, TEXT

# Hashing the row number with the seed makes the same sequence each time, as a seed does in Snowflake.
_SEEDED = "CAST(CAST(hash(row_number() OVER (), {0}) AS HUGEINT) - 9223372036854775808 AS BIGINT)"
_FREE = "CAST(floor((random() - 0.5) * 18446744073709549568.0) AS BIGINT)"


@function("RANDOM", least=0, most=1)
def random(arguments: Arguments) -> exp.Expr:
    """64 bits. https://docs.snowflake.com/en/sql-reference/functions/random"""
    if len(arguments) == 0:
        return template(_FREE, type_=INTEGER)
    return template(_SEEDED, arguments[0], type_=INTEGER)


@function("UNIFORM", least=3)
def uniform(arguments: Arguments) -> exp.Expr:
    """A value between the bounds, both included; a float when a bound is one."""
    low, high, generator = (take(node, "n") for node in arguments.nodes)
    whole = type_of(low) == INTEGER and type_of(high) == INTEGER
    if whole:
        return template("CAST({0} + abs(CAST({2} AS HUGEINT)) % ({1} - {0} + 1) AS BIGINT)", low, high, generator, type_=INTEGER)
    if not (is_number(type_of(low)) and is_number(type_of(high))):
        raise unsupported("UNIFORM with bounds of unknown type")
    return template(
        "CAST({0} AS DOUBLE) + abs(CAST({2} AS DOUBLE)) / 9223372036854775808.0 * (CAST({1} AS DOUBLE) - CAST({0} AS DOUBLE))",
        low,
        high,
        generator,
        type_=REAL,
    )


@function("NORMAL", least=3)
def normal(arguments: Arguments) -> exp.Expr:
    """Box-Muller over two hashes of the generator's value."""
    mean, deviation, generator = take(arguments[0], "f"), take(arguments[1], "f"), arguments[2]
    return template(
        "{0} + {1} * sqrt(-2 * ln((CAST(hash({2}, 1) AS DOUBLE) + 1) / 18446744073709551618.0)) "
        "* cos(2 * pi() * CAST(hash({2}, 2) AS DOUBLE) / 18446744073709551616.0)",
        mean,
        deviation,
        generator,
        type_=REAL,
    )


define(
    "RANDSTR",
    "i*",
    TEXT,
    "left(array_to_string(list_transform(range(CAST(({0} + 31) // 32 AS BIGINT)), "
    "lambda place: md5(CAST({1} AS VARCHAR) || '-' || place)), ''), CAST({0} AS BIGINT))",
)
define("UUID_STRING", "", TEXT, "CAST(gen_random_uuid() AS VARCHAR)")


@function("SEQ1", "SEQ2", "SEQ4", "SEQ8", least=0, most=1)
def sequence(arguments: Arguments) -> exp.Expr:
    """0, 1, 2 ..: over TABLE(GENERATOR(..)) it is the generator's own count, which may be used inside window functions."""
    if "$SEQ" in {field.name for fields in arguments.scope.sources.values() for field in fields or ()}:
        return template('"$SEQ"', type_=INTEGER)
    return template("row_number() OVER () - 1", type_=INTEGER)


@function("HASH", least=1, most=None)
def hash_(arguments: Arguments) -> exp.Expr:
    """64 bits, the same for the same values. Snowflake does not publish its own hash, so the numbers differ from it."""
    nodes = arguments.nodes
    if nodes[0].is_star:
        nodes = [value for _, value in columns_of(nodes[0], arguments.scope, "HASH(*)")]
    listed = ", ".join(f"{{{i}}}" for i in range(len(nodes)))
    return template(f"CAST(CAST(hash({listed}) AS HUGEINT) - 9223372036854775808 AS BIGINT)", *nodes, type_=INTEGER)
