"""UPDATE, DELETE and MERGE as DuckDB statements; their expressions go through the same translation as those of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, invalid_identifier, syntax_error, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.sql.assignments import assigned
from mlops_local.account.sql.closed import check_clauses
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.defaults import default_of, is_default
from mlops_local.account.sql.expressions import translate
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.joins import asof_joins
from mlops_local.account.sql.parser import parse
from mlops_local.account.sql.queries import add_source, outputs
from mlops_local.account.sql.query import compile_query, prepared
from mlops_local.account.sql.rules import RULES_OF_EXPRESSIONS
from mlops_local.account.sql.scope import Scope
from mlops_local.account.sql.sources import PRIVILEGES
from mlops_local.account.syntax.names import column as quoted
from mlops_local.account.syntax.names import logical, quote_if_needed
from mlops_local.account.syntax.types import Column


@dataclass(frozen=True)
class Mutation:
    """DuckDB text that changes the rows of ``entry``.

    ``joined`` counts the rows that several others match; ``actions`` are the kinds of clauses of a MERGE.
    """

    entry: Entry
    sql: str
    context: Context
    joined: str | None = None
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Target:
    """The table that is changed, as the statement names it."""

    entry: Entry
    columns: dict[str, Column]
    node: exp.Table
    scope: Scope

    @property
    def alias(self) -> str:
        return str(self.node.alias)

    def column(self, name: str) -> Column:
        found = self.columns.get(logical(name))
        if found is None:
            raise invalid_identifier(quote_if_needed(logical(name)))
        return found

    def value(self, node: exp.Expr, column: Column) -> exp.Expr:
        """The translated value of an assignment; DEFAULT is the column's default."""
        if is_default(node):
            return default_of(self.entry, column, self.scope.context)
        return assigned(translate(node, self.scope), column)


def update(session: Session, text: str) -> Mutation:
    """``UPDATE t SET .. [FROM ..] [WHERE ..]``. https://docs.snowflake.com/en/sql-reference/sql/update"""
    tree, target = _read(session, text, exp.Update, "UPDATE")
    from_ = tree.args.get("from_")
    if from_ is not None:
        add_source(from_.this, target.scope)
    assignments = ", ".join(_assignment(item, target) for item in tree.expressions)
    where = _where(tree, target)
    source = _source_text(from_.this) if from_ is not None else ""
    behind = f"{' FROM ' + source if source else ''}{where}"
    sql = f"UPDATE {target.entry.physical} AS {_quoted(target)} SET {assignments}{behind}"
    joined = None
    if source:
        joined = (
            f"SELECT count(*) FROM (SELECT {_quoted(target)}.rowid FROM {target.entry.physical} AS {_quoted(target)}, {source}"
            f"{where} GROUP BY 1 HAVING count(*) > 1)"
        )
    return Mutation(target.entry, sql, target.scope.context, joined)


def delete(session: Session, text: str) -> Mutation:
    """``DELETE FROM t [USING ..] [WHERE ..]``. https://docs.snowflake.com/en/sql-reference/sql/delete"""
    tree, target = _read(session, text, exp.Delete, "DELETE")
    using = tree.args.get("using") or []
    for source in using:
        add_source(source, target.scope)
    where = _where(tree, target)
    sources = ", ".join(_source_text(source) for source in _current(tree, "using", using))
    behind = f"{' USING ' + sources if sources else ''}{where}"
    return Mutation(target.entry, f"DELETE FROM {target.entry.physical} AS {_quoted(target)}{behind}", target.scope.context)


def merge(session: Session, text: str) -> Mutation:
    """``MERGE INTO t USING s ON .. WHEN ..``. https://docs.snowflake.com/en/sql-reference/sql/merge"""
    tree, target = _read(session, text, exp.Merge, "MERGE")
    add_source(tree.args["using"], target.scope)
    on = generate(translate(tree.args["on"], target.scope))
    whens = tree.args["whens"].expressions
    clauses = " ".join(_when(when, target) for when in whens)
    sql = (
        f"MERGE INTO {target.entry.physical} AS {_quoted(target)} USING {_source_text(tree.args['using'])} ON ({on}) {clauses} "
        "RETURNING merge_action"
    )
    return Mutation(target.entry, sql, target.scope.context, actions=tuple(_action(when.args["then"]) for when in whens))


def _read(session: Session, text: str, form: type[exp.Expr], verb: str) -> tuple[exp.Expr, _Target]:
    """The tree up to the place where expressions are translated, and the table that it changes."""
    context = Context.of(session)
    context.compile = compile_query
    tree = parse(prepared(text, context))
    if not isinstance(tree, form):
        raise syntax_error(f"{verb} cannot be read.")
    for node in tree.find_all(*_CLAUSES):
        check_clauses(node, _CLAUSES[type(node)])
    tree.this.meta[PRIVILEGES] = _privileges(tree)
    for rule in RULES_OF_EXPRESSIONS:
        tree = rule(tree, context)
    node = tree.this
    if not isinstance(node, exp.Table) or not context.entries or context.entries[0].kind != "TABLE":
        raise unsupported(f"{verb} of something that is not a table")
    entry = next(one for one in context.entries if one.physical.endswith(f".{node.name}"))
    scope = Scope(context, outputs)
    add_source(node, scope)
    return tree, _Target(entry, {column.name: column for column in session.catalogue.columns(entry)}, node, scope)


def _privileges(tree: exp.Expr) -> tuple[str, ...]:
    """What the statement takes on the table that it changes; MERGE reads it too."""
    if isinstance(tree, exp.Merge):
        return ("SELECT", *dict.fromkeys(_action(when.args["then"]) for when in tree.args["whens"].expressions))
    return ("UPDATE" if isinstance(tree, exp.Update) else "DELETE",)


_CLAUSES: dict[type[exp.Expr], set[str]] = {
    exp.Update: {"this", "expressions", "from_", "where"},
    exp.Delete: {"this", "using", "where"},
    exp.Merge: {"this", "using", "on", "whens"},
    exp.When: {"matched", "source", "condition", "then"},
    exp.Insert: {"this", "expression"},
}


def _quoted(target: _Target) -> str:
    return generate(exp.Identifier(this=target.alias, quoted=True))


def _assignment(item: exp.Expr, target: _Target) -> str:
    if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
        raise syntax_error(f"SET {item.sql(dialect='snowflake')[:60]} is not an assignment.")
    column = target.column(item.this.name)
    return f"{quoted(column.name)} = {generate(target.value(item.expression, column))}"


def _where(tree: exp.Expr, target: _Target) -> str:
    where = tree.args.get("where")
    return f" WHERE {generate(translate(where.this, target.scope))}" if where is not None else ""


def _current(tree: exp.Expr, key: str, given: Iterable[exp.Expr]) -> list[exp.Expr]:
    """The sources as they stand in the tree now: translation replaces some."""
    return list(tree.args.get(key) or given)


def _source_text(node: exp.Expr) -> str:
    return generate(asof_joins(node))


def _when(when: exp.Expr, target: _Target) -> str:
    condition = when.args.get("condition")
    guard = f" AND {generate(translate(condition, target.scope))}" if condition is not None else ""
    if when.args.get("source"):
        raise unsupported("WHEN NOT MATCHED BY SOURCE")
    matched = "MATCHED" if when.args.get("matched") else "NOT MATCHED"
    return f"WHEN {matched}{guard} THEN {_then(when.args['then'], target)}"


def _action(then: exp.Expr) -> str:
    """INSERT, UPDATE or DELETE."""
    return then.name.upper() if isinstance(then, exp.Var) else type(then).__name__.upper()


def _then(then: exp.Expr, target: _Target) -> str:
    if isinstance(then, exp.Update):
        check_clauses(then, {"expressions"})
        return "UPDATE SET " + ", ".join(_assignment(item, target) for item in then.expressions)
    if isinstance(then, exp.Insert):
        return _insert(then, target)
    if isinstance(then, exp.Var) and then.name.upper() == "DELETE":
        return "DELETE"
    raise unsupported(f"WHEN .. THEN {then.sql(dialect='snowflake')[:60]}")


def _insert(then: exp.Insert, target: _Target) -> str:
    """All columns are given a value: those that the clause does not name their default."""
    values = then.expression.expressions if then.expression is not None else []
    named = [logical(item.name) for item in then.this.expressions] if isinstance(then.this, exp.Tuple) else list(target.columns)
    if len(named) != len(values):
        raise compilation_error(
            2020, "21S01", f"Insert value list does not match column list expecting {len(named)} but got {len(values)}"
        )
    given = {name: target.value(value, target.column(name)) for name, value in zip(named, values, strict=True)}
    listed = [
        given.get(name) or default_of(target.entry, column, target.scope.context) for name, column in target.columns.items()
    ]
    names = ", ".join(quoted(name) for name in target.columns)
    return f"INSERT ({names}) VALUES ({', '.join(generate(value) for value in listed)})"
