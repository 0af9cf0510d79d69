"""What stands behind FROM: tables, views, dynamic tables and other objects of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.sql import information_schema
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import ACCOUNT_RELATIONS, OBJECT_SOURCES
from mlops_local.account.sql.generator import raw
from mlops_local.account.sql.identifiers import logical_parts
from mlops_local.account.syntax.names import column, physical

COLUMNS = "columns"
# Set on the node of a table that is not read but changed: what that takes.
PRIVILEGES = "privileges"
_WITH_ROWS = {"TABLE", "DYNAMIC TABLE", "EVENT TABLE", "EXTERNAL TABLE"}
_DEEPEST = 32


def tables(tree: exp.Expr, context: Context) -> exp.Expr:
    """Every reference to an object becomes the DuckDB table or the query that holds its rows."""
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Identifier) and not _is_cte(table):
            _resolve(table, context)
    return tree


def _is_cte(table: exp.Table) -> bool:
    """Whether a WITH that the reference stands under has defined the name by then."""
    return len(table.parts) == 1 and any(table.name == cte.alias for _, cte in _ctes_around(table))


def _ctes_around(place: exp.Expr) -> Iterator[tuple[exp.With, exp.CTE]]:
    """The common table expressions that a place sees, the nearest WITH first."""
    child, parent = place, place.parent
    while parent is not None:
        clause = parent.args.get("with_")
        if clause is not None and child is not clause:
            yield from ((clause, cte) for cte in clause.expressions)
        elif isinstance(parent, exp.With):
            for cte in parent.expressions:
                if cte is child and not parent.recursive:
                    break
                yield parent, cte
                if cte is child:
                    break
        child, parent = parent, parent.parent


def visible_ctes(select: exp.Expr) -> list[exp.CTE] | None:
    """Those that a SELECT sees, its own included, in an order in which they can be defined; None when names hide each other.

    A part of a recursive one cannot be taken out of it.
    """
    own = select.args.get("with_")
    around = [*((own, cte) for cte in (own.expressions if own is not None else ())), *_ctes_around(select)]
    clauses = list(dict.fromkeys(id(clause) for clause, _ in around))
    found = [cte for identity in reversed(clauses) for clause, cte in around if id(clause) == identity]
    names = {cte.alias for cte in found}
    if len(names) < len(found) or any(clause.recursive for clause, _ in around):
        return None
    return found


def _resolve(table: exp.Table, context: Context) -> None:
    path = logical_parts(table)
    _refuse_clauses(table)
    if len(path) > 1 and path[-2] == information_schema.NAME:
        replace_by(table, information_schema.view(context, path), alias=path[-1])
        return
    if path[:-1] == information_schema.ACCOUNT:
        replace_by(table, information_schema.account_view(context, path), alias=path[-1])
        return
    if path in ACCOUNT_RELATIONS:
        replace_by(table, ACCOUNT_RELATIONS[path](context), alias=path[-1])
        return
    entry = find(context, path)
    for privilege in table.meta.get(PRIVILEGES, ("SELECT",)):
        context.session.access.demand(privilege, entry)
    context.entries.append(entry)
    context.direct.append(entry)
    if entry.kind in _WITH_ROWS:
        _point(table, entry, context)
    else:
        replace_by(table, source(entry, context), alias=entry.name)


def _refuse_clauses(table: exp.Table) -> None:
    """What may follow a name and is not done here: time travel, change tracking, index hints."""
    for key, clause in {
        "when": "AT | BEFORE",
        "changes": "CHANGES",
        "version": "VERSION",
        "partition": "PARTITION",
        "hints": "WITH",
    }.items():
        if table.args.get(key):
            raise unsupported(clause)


def find(context: Context, path: tuple[str, ...]) -> Entry:
    """The object that a path names: a table or view first, then other kinds that have rows."""
    name = context.complete(path)
    for kind in ("TABLE", *OBJECT_SOURCES):
        entry = context.session.catalogue.find(kind, name.database, name.schema, name.name)
        if entry is not None:
            return entry
    raise context.session.catalogue.missing("Object", name.database, name.schema, name.name)


def source(entry: Entry, context: Context) -> Relation:
    """The rows of an object that has none of its own."""
    if entry.kind == "VIEW":
        return _view(entry, context)
    if entry.kind in OBJECT_SOURCES:
        return OBJECT_SOURCES[entry.kind](context, entry)
    raise unsupported(f"SELECT from a {entry.kind.lower()}")


def _view(entry: Entry, context: Context) -> Relation:
    """The query of the view, in whose own schema its bare names are looked up, under the view's column names."""
    if context.compile is None or context.depth > _DEEPEST:
        raise compilation_error(
            2030, "42601", f"View definition for '{entry.full_name}' is nested too deeply or refers to itself."
        )
    sql = context.compile(entry.properties["QUERY"], context.inside(entry))
    columns = tuple(context.session.catalogue.columns(entry))
    width = _width(context, sql)
    if width not in {None, len(columns)}:
        raise compilation_error(
            2057,
            "42601",
            f"View definition for '{entry.full_name}' declared {len(columns)} column(s), but view query produces {width} column(s).",
        )
    listed = ", ".join(column(c.name) for c in columns)
    return Relation(f'SELECT * FROM ({sql}) AS "~view"({listed})', columns)


def _width(context: Context, sql: str) -> int | None:
    """How many columns a query has now; None when it cannot be bound any more, which the whole statement will tell."""
    try:
        return len(context.session.connection.shape(sql)[0])
    except duckdb.Error:
        return None


def _point(table: exp.Table, entry: Entry, context: Context) -> None:
    schema, name = entry.physical.split(".")
    table.set("this", exp.Identifier(this=name, quoted=True))
    table.set("db", exp.Identifier(this=schema, quoted=True))
    table.set("catalog", None)
    table.meta[COLUMNS] = tuple(context.session.catalogue.columns(entry))
    if not table.alias:
        _alias(table, entry.name)


def _alias(node: exp.Expr, name: str) -> None:
    node.set("alias", exp.TableAlias(this=exp.Identifier(this=physical(name), quoted=True)))


def replace_by(table: exp.Table, relation: Relation, *, alias: str) -> exp.Subquery:
    """The reference as a subquery, with its alias, joins, pivots and sample kept."""
    subquery = exp.Subquery(
        this=raw(relation.sql),
        **{key: table.args[key] for key in ("alias", "joins", "pivots", "laterals", "sample") if table.args.get(key)},
    )
    subquery.meta[COLUMNS] = relation.columns
    if alias and not subquery.args.get("alias"):
        _alias(subquery, alias)
    table.replace(subquery)
    return subquery
