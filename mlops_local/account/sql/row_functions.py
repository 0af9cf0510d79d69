"""Table functions that read rows: ``FROM t, TABLE(f(t.a) OVER (PARTITION BY t.b ORDER BY t.c))``.

What stands before the function in FROM becomes the input of a step, sorted by partition; sources and function then stand side by
side, row by row. A row that the function makes at the end of a partition has of its sources only what the partition is made by.
https://docs.snowflake.com/en/developer-guide/udf/udf-calling-sql#calling-a-udtf
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.expressions import translate
from mlops_local.account.sql.extensions import RowFunction
from mlops_local.account.sql.generator import generate, raw
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.steps import Part, bound, numbered, part, plan, sources_of, widths
from mlops_local.account.syntax.names import physical, quote

# On text that stands for several sources: their aliases.
_ALIASES = "aliases"


@dataclass(frozen=True)
class _Call:
    function: RowFunction
    arguments: list[exp.Expr]
    keys: list[exp.Expr]
    order: exp.Order | None
    partitioned: bool


@dataclass(frozen=True)
class _Source:
    """One source before the function: its alias, its columns, and which of them partitions are made by."""

    alias: str
    columns: Part
    keys: frozenset[int]


def call_rows(
    function: RowFunction, arguments: Sequence[exp.Expr], window: exp.Window | None, node: exp.Expr, scope: Scope
) -> Relation:
    """The rows of the function; the SELECT that it stands in reads its other sources from then on beside them."""
    if function.arranged is not None:
        arguments = function.arranged(list(arguments))
    if len(arguments) != len(function.arguments):
        raise AccountError(1044, "42P13", f"SQL compilation error:\nInvalid argument types for function '{function.name}'")
    select, before = _surroundings(node)
    made = _Call(
        function,
        [cast(argument, type_) for argument, type_ in zip(arguments, function.arguments, strict=True)],
        [translate(key, scope) for key in (window.args.get("partition_by") or () if window is not None else ())],
        translate(window.args["order"], scope) if window is not None and window.args.get("order") is not None else None,
        window is not None,
    )
    if select is None or not before:
        return _alone(made, scope.context)
    sources = _sources(made, select, before, scope)
    return _beside(made, sources, select, before, node, scope.context)


def _surroundings(node: exp.Expr) -> tuple[exp.Select | None, list[exp.Expr]]:
    """The SELECT whose FROM the function stands in, and the sources before it."""
    holder = node.parent
    select = holder.parent if holder is not None else None
    if not isinstance(select, exp.Select) or not isinstance(holder, exp.From | exp.Join):
        return None, []
    if isinstance(holder, exp.Join) and (holder.side or holder.args.get("on") or holder.args.get("using")):
        raise unsupported("a side, ON or USING of a JOIN with a table function that reads rows")
    joins: list[exp.Join] = select.args.get("joins") or []
    before = joins[: next((at for at, join in enumerate(joins) if join is holder), 0)]
    if isinstance(holder, exp.From):
        return select, []
    if any(join.args.get("using") or (join.method or "").upper() == "NATURAL" for join in before):
        raise unsupported("USING and NATURAL before a table function that reads rows")
    return select, [select.args["from_"].this, *(join.this for join in before)]


def _alone(made: _Call, context: Context) -> Relation:
    """Without a source there is one row of arguments."""
    if made.keys:
        raise unsupported("PARTITION BY without a source")
    query = exp.Select(
        expressions=[_named(argument, f"~{i}") for i, argument in enumerate(made.arguments)] or [_named(_one(), "~")]
    )
    input_ = bound(generate(query), context)
    if input_ is None:
        raise unsupported(f"arguments of {made.function.name} from around the query")

    def run(table: pa.Table) -> list[pa.Table]:
        answer = made.function.run(_batch(table, len(made.arguments)), None)
        return [numbered(answer.rows.columns)]

    texts = plan(context, input_.sql, run, [_outputs(made.function)])
    return Relation(texts[0], made.function.columns)


def _one() -> exp.Expr:
    return exp.Literal.number(1)


def _named(node: exp.Expr, name: str) -> exp.Expr:
    return exp.Alias(this=node.copy(), alias=exp.Identifier(this=name, quoted=True))


def _outputs(function: RowFunction) -> list[tuple[str, str]]:
    return [(physical(column.name), column.type.duckdb) for column in function.columns]


def _sources(made: _Call, select: exp.Select, before: Sequence[exp.Expr], scope: Scope) -> list[_Source]:
    query = _query(select, before)
    aliases = _name_sources(query)
    stars = [exp.Column(this=exp.Star(), table=exp.Identifier(this=alias, quoted=True)) for alias in aliases]
    found = widths(stars, query, select, scope.context)
    if found is None:
        raise unsupported(f"table function {made.function.name} in a query that depends on the one around it")
    return [_Source(alias, columns, _keys(made.keys, alias, columns)) for alias, columns in zip(aliases, found, strict=True)]


def _name_sources(query: exp.Select) -> list[str]:
    """Every source gets an alias, those that have none one of their own."""
    aliases: list[str] = []
    for at, source in enumerate([query.args["from_"].this, *(join.this for join in query.args["joins"])]):
        if _ALIASES in source.meta:
            aliases += source.meta[_ALIASES]
            continue
        name = str(source.alias_or_name) or f"~source{at}"
        listed = source.args["alias"].columns if source.args.get("alias") is not None else []
        source.set("alias", exp.TableAlias(this=exp.Identifier(this=name, quoted=True), columns=listed))
        aliases.append(name)
    return aliases


def _query(select: exp.Select, before: Sequence[exp.Expr]) -> exp.Select:
    """An empty SELECT over the sources before the function."""
    clauses = sources_of(select, ("from_", "joins"))
    joins = clauses["joins"]
    assert isinstance(joins, list)
    return exp.Select(expressions=[], from_=clauses["from_"], joins=joins[: len(before) - 1])


def _keys(keys: Sequence[exp.Expr], alias: str, columns: Part) -> frozenset[int]:
    """Where the partition's columns are: those that PARTITION BY names as such."""
    named = {key.name for key in keys if isinstance(key, exp.Column) and key.table in {"", alias}}
    return frozenset(at for at, name in enumerate(columns.names) if name in named)


def _beside(
    made: _Call, sources: Sequence[_Source], select: exp.Select, before: Sequence[exp.Expr], node: exp.Expr, context: Context
) -> Relation:
    input_ = _input(made, sources, select, before, context)
    count = len(made.arguments)

    def run(table: pa.Table) -> list[pa.Table]:
        lengths = _lengths(table.column(0)) if made.partitioned else [table.num_rows]
        answer = made.function.run(_batch(table.select(range(1, table.num_columns)), count), lengths)
        rows = _rows_of_sources(
            table.select(range(1 + count, table.num_columns)), sources, answer.input_rows, answer.partitions, lengths
        )
        return [*rows, numbered(answer.rows.columns)]

    shapes = [list(zip(source.columns.names, source.columns.types, strict=True)) for source in sources]
    texts = plan(context, input_.sql, run, [*shapes, _outputs(made.function)])
    _replace_sources(select, node, [(text, source.alias) for text, source in zip(texts, sources, strict=False)], len(before))
    return Relation(texts[-1], made.function.columns)


def _input(made: _Call, sources: Sequence[_Source], select: exp.Select, before: Sequence[exp.Expr], context: Context) -> Part:
    """The number of the partition, the arguments, and the columns of the sources, in the order in which the function reads."""
    query = _query(select, before)
    _name_sources(query)
    order = made.order.expressions if made.order is not None else []
    first = [
        *(_named(argument, f"~a{i}") for i, argument in enumerate(made.arguments)),
        *(_named(key, f"~k{i}") for i, key in enumerate(made.keys)),
        *(_named(item.this, f"~o{i}") for i, item in enumerate(order)),
    ]
    columns = [
        _named(
            exp.Column(this=exp.Identifier(this=name, quoted=True), table=exp.Identifier(this=source.alias, quoted=True)),
            f"~{s}_{i}",
        )
        for s, source in enumerate(sources)
        for i, name in enumerate(source.columns.names)
    ]
    query.set("expressions", [exp.Alias(this=raw("row_number() OVER ()"), alias=quote("~n")), *first, *columns])
    found = part(query, select, context)
    if found is None:
        raise unsupported(f"table function {made.function.name} in a query that depends on the one around it")
    return Part(_sorted(found.sql, made, [column.alias for column in columns]), found.names, found.types)


def _sorted(sql: str, made: _Call, columns: Sequence[str]) -> str:
    keys = ", ".join(quote(f"~k{i}") for i in range(len(made.keys)))
    number = f"dense_rank() OVER (ORDER BY {keys})" if keys else "1"
    directions = []
    for i, item in enumerate(made.order.expressions if made.order is not None else ()):
        nulls = "FIRST" if item.args.get("nulls_first") else "LAST"
        directions.append(f"{quote(f'~o{i}')} {'DESC' if item.args.get('desc') else 'ASC'} NULLS {nulls}")
    listed = ", ".join(quote(name) for name in [*(f"~a{i}" for i in range(len(made.arguments))), *columns])
    order = ", ".join(['"~p"', *directions, '"~n"'])
    return f'SELECT {number} AS "~p"{", " if listed else ""}{listed} FROM ({sql}) ORDER BY {order}'


def _lengths(numbers: pa.ChunkedArray) -> list[int]:
    """Of the runs of equal numbers, in their order."""
    if not len(numbers):
        return []
    ends = pc.run_end_encode(numbers.combine_chunks().cast(pa.int64())).run_ends.to_pylist()
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _batch(table: pa.Table, count: int) -> pa.RecordBatch:
    """The arguments; a function without any still learns how many rows there are."""
    chosen = table.select(range(max(count, 1))).combine_chunks()
    batches = chosen.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=chosen.schema)


def _rows_of_sources(
    table: pa.Table, sources: Sequence[_Source], input_rows: pa.Array, partitions: pa.Array, lengths: Sequence[int]
) -> list[pa.Table]:
    """What stands beside each row of the function's."""
    starts = pa.array([0, *itertools.accumulate(lengths)], pa.int64())
    of_partition = starts.take(partitions)
    exact, some = input_rows.cast(pa.int64()), pc.coalesce(input_rows.cast(pa.int64()), of_partition)
    found, at = [], 0
    for source in sources:
        width = len(source.columns.names)
        columns = (table.column(at + i).take(some if i in source.keys else exact) for i in range(width))
        found.append(numbered(columns))
        at += width
    return found


def _replace_sources(select: exp.Select, node: exp.Expr, texts: Sequence[tuple[str, str]], count: int) -> None:
    """The sources before the function, and the function, as rows side by side."""
    holder = node.parent
    items = [f"({text}) AS {quote(alias)}" for text, alias in texts]
    rows = raw(" POSITIONAL JOIN ".join(items))
    rows.meta[_ALIASES] = [alias for _, alias in texts]
    select.set("from_", exp.From(this=rows))
    joins = select.args["joins"]
    select.set("joins", joins[count - 1 :])
    holder.set("kind", None)
    holder.set("method", "POSITIONAL")
