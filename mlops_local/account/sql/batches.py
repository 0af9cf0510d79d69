"""Calls in a select list that are computed for all rows at once, beside DuckDB.

``SELECT id, f(a + 1) FROM t WHERE b`` is parted: ``SELECT id, a + 1 FROM t WHERE b`` makes the input of a step, the step computes
``f``, and the SELECT reads both. What cannot be parted (a call under an aggregate, in a branch, in WHERE) stays with DuckDB, which
calls the same function for the rows that it has in hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
from sqlglot import exp

from mlops_local.account.sql.generator import Call, Raw, Template, raw
from mlops_local.account.sql.nodes import BATCH, LEADING, RETURNED
from mlops_local.account.sql.scope import Fields, Scope
from mlops_local.account.sql.steps import Part, numbered, part, plan, sources_of, widths
from mlops_local.account.sql.typed import type_of, typed
from mlops_local.account.sql.windows import is_aggregate

_CLAUSES = ("from_", "joins", "laterals", "where", "group", "having", "qualify", "windows", "order", "limit", "offset")
_AROUND = (exp.Alias, exp.Paren, exp.Cast, exp.TryCast, exp.Binary, exp.Neg, exp.Not, Template, Call)
_CHOOSING = ("CASE", "coalesce", "ifnull", "greatest", "least")


class _WholeError(Exception):
    """The SELECT cannot be parted."""


@dataclass
class _Parting:
    """What the input query selects, and which of its columns each call takes."""

    scope: Scope
    selected: list[exp.Expr] = field(default_factory=list)
    calls: list[tuple[exp.Expr, list[int]]] = field(default_factory=list)
    names: dict[str, exp.Expr] = field(default_factory=dict)

    def carry(self, node: exp.Expr) -> int:
        """Selects an expression; its place."""
        self.selected.append(node)
        return len(self.selected) - 1

    def reference(self, node: exp.Expr) -> exp.Expr:
        """A column of the step's instead of an expression."""
        name = f"~v{self.carry(node.copy())}"
        return typed(exp.Column(this=exp.Identifier(this=name, quoted=True)), type_of(node))

    def call(self, node: exp.Expr) -> exp.Expr:
        arguments = [self.carry(argument.copy()) for argument in node.expressions[node.meta[LEADING] :]]
        self.calls.append((node, arguments or [self.carry(exp.Literal.number(1))]))
        return typed(exp.Column(this=exp.Identifier(this=f"~c{len(self.calls) - 1}", quoted=True)), type_of(node))


def part_calls(node: exp.Select, fields: Fields | None, scope: Scope) -> None:
    """Parts the translated SELECT in place when it has such calls and can be parted."""
    if not any(_has_call(item) for item in node.expressions):
        return
    try:
        _part(node, fields, scope)
    except _WholeError:
        return


def _has_call(node: exp.Expr) -> bool:
    return any(BATCH in found.meta for found in node.find_all(Call))


def _part(node: exp.Select, fields: Fields | None, scope: Scope) -> None:
    _check(node)
    parting = _Parting(scope)
    items = [(item, _parted(item, parting)) for item in node.expressions]
    query = exp.Select(expressions=[_named(item, at) for at, item in enumerate(parting.selected)], **sources_of(node, _CLAUSES))
    stars = [item for item in parting.selected if item.is_star]
    known = widths(stars, query, node, scope.context) if stars else []
    input_ = part(query, node, scope.context)
    if input_ is None or known is None:
        raise _WholeError
    places = _places(parting.selected, known)
    text = _plan(parting, input_, places)
    node.set("expressions", _select_list(items, parting, places, input_, fields))
    node.set("from_", exp.From(this=raw(f'({text}) AS "~step"')))
    for key in (*_CLAUSES[1:], "with_"):
        node.set(key, None)


def _check(node: exp.Select) -> None:
    """What would mean something else in one of the two parts."""
    if node.args.get("distinct") and (node.args.get("limit") or node.args.get("order")):
        raise _WholeError
    group = node.args.get("group")
    if group is not None and (group.args.get("all") or any(isinstance(item, exp.Literal) for item in group.expressions)):
        raise _WholeError
    computed = {item.alias for item in node.expressions if isinstance(item, exp.Alias) and _has_call(item)}
    for key in ("where", "group", "having", "qualify", "order"):
        clause = node.args.get(key)
        if clause is None:
            continue
        ordinals = key == "order" and any(isinstance(item.this, exp.Literal) for item in clause.expressions)
        if ordinals or any(not column.table and column.name in computed for column in clause.find_all(exp.Column)):
            raise _WholeError


def _parted(item: exp.Expr, parting: _Parting) -> exp.Expr | int:
    """The item with references in it, or the place of the whole item among what is selected."""
    if not _has_call(item):
        return parting.carry(item.copy())
    return _rewritten(item.copy(), parting)


def _rewritten(node: exp.Expr, parting: _Parting) -> exp.Expr:
    if BATCH in node.meta:
        return parting.call(node)
    if not _has_call(node):
        constant = not node.find(exp.Column, exp.Query, exp.Window, Raw, Call)
        return node if constant else parting.reference(node)
    if not isinstance(node, _AROUND) or is_aggregate(node) or _chooses(node):
        raise _WholeError
    for key, value in list(node.args.items()):
        if isinstance(value, list):
            node.set(key, [_rewritten(child, parting) if isinstance(child, exp.Expr) else child for child in value])
        elif isinstance(value, exp.Expr) and not isinstance(value, exp.Identifier | exp.DataType):
            node.set(key, _rewritten(value, parting))
    return node


def _chooses(node: exp.Expr) -> bool:
    """Whether it leaves out some rows of its parts."""
    return isinstance(node, Template | Call) and any(word in str(node.args["this"]) for word in _CHOOSING)


def _named(node: exp.Expr, at: int) -> exp.Expr:
    """Whole items keep their names: other clauses may speak of them."""
    if node.is_star or isinstance(node, exp.Alias):
        return node
    return exp.Alias(this=node, alias=exp.Identifier(this=f"~v{at}", quoted=True))


def _places(selected: list[exp.Expr], stars: list[Part]) -> list[range]:
    """The columns of the input that each selected item answers."""
    places, at, widths_ = [], 0, iter(stars)
    for item in selected:
        width = len(next(widths_).names) if item.is_star else 1
        places.append(range(at, at + width))
        at += width
    return places


def _plan(parting: _Parting, input_: Part, places: list[range]) -> str:
    taken = {argument for _, arguments in parting.calls for argument in arguments}
    kept = [column for at, columns in enumerate(places) if at not in taken for column in columns]
    arguments = [[places[at].start for at in listed] for _, listed in parting.calls]
    batches = [parting.scope.context.batches[call.meta[BATCH]] for call, _ in parting.calls]

    def run(table: pa.Table) -> list[pa.Table]:
        computed = [batch(table.select(listed)) for batch, listed in zip(batches, arguments, strict=True)]
        return [numbered([*(table.column(column) for column in kept), *computed])]

    shape = [(f"~v{column}", input_.types[column]) for column in kept]
    shape += [(f"~c{at}", call.meta[RETURNED]) for at, (call, _) in enumerate(parting.calls)]
    return plan(parting.scope.context, input_.sql, run, [shape])[0]


def _select_list(
    items: list[tuple[exp.Expr, exp.Expr | int]], parting: _Parting, places: list[range], input_: Part, fields: Fields | None
) -> list[exp.Expr]:
    names = [field_.name for field_ in fields] if fields is not None else []
    made: list[exp.Expr] = []
    for item, parted in items:
        if isinstance(parted, int):
            known = names if len(names) == _width(items, places) else []
            for column in places[parted]:
                name = known[len(made)] if known else input_.names[column]
                made.append(_column(column, name, item))
        else:
            made.append(_shifted(parted, places))
    return made


def _width(items: list[tuple[exp.Expr, exp.Expr | int]], places: list[range]) -> int:
    return sum(len(places[parted]) if isinstance(parted, int) else 1 for _, parted in items)


def _column(column: int, name: str, item: exp.Expr) -> exp.Expr:
    source = exp.Column(this=exp.Identifier(this=f"~v{column}", quoted=True))
    return typed(exp.Alias(this=source, alias=exp.Identifier(this=name, quoted=True)), type_of(item))


def _shifted(node: exp.Expr, places: list[range]) -> exp.Expr:
    """References count selected items; columns of the step are numbered by their place in the input."""
    for column in node.find_all(exp.Column):
        if column.name.startswith("~v"):
            column.this.set("this", f"~v{places[int(column.name[2:])].start}")
    return node
