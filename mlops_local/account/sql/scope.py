"""Which columns a name can mean at one place of a query, with their types.

DuckDB resolves names; this knows types, and the order of columns, as far as the catalogue tells them. What it does not
know it leaves to DuckDB (a type of None, a source of unknown columns).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from mlops_local.account.sql.context import Context
from mlops_local.account.syntax.names import physical
from mlops_local.account.syntax.types import Column, SqlType


@dataclass(frozen=True)
class Field:
    """One output column: its physical name, its type, None when only DuckDB knows it, and whether it can be NULL."""

    name: str
    type: SqlType | None = None
    nullable: bool = True


Fields = tuple[Field, ...]


def fields_of(columns: Iterable[Column]) -> Fields:
    return tuple(Field(physical(column.name), column.type, column.nullable) for column in columns)


def renamed(fields: Fields | None, names: Sequence[str]) -> Fields | None:
    """The fields under the names of an alias list; those that it does not reach keep theirs."""
    if fields is None or not names:
        return fields
    return tuple(replace(field_, name=names[i]) if i < len(names) else field_ for i, field_ in enumerate(fields))


@dataclass
class Scope:
    """The sources of one SELECT by alias, its own aliases, and the scope around it.

    ``query`` translates a query that is met inside an expression or a source.
    """

    context: Context
    query: Callable[[exp.Expr, Scope], Fields | None]
    ctes: dict[str, Fields | None] = field(default_factory=dict)
    parent: Scope | None = None
    sources: dict[str, Fields | None] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    aliases: dict[str, Field] = field(default_factory=dict)

    def child(self) -> Scope:
        return Scope(self.context, self.query, dict(self.ctes), self)

    def sibling(self) -> Scope:
        """A scope for a part that sees the common table expressions and the outer query, but no source of this one."""
        return Scope(self.context, self.query, dict(self.ctes), self.parent)

    def type_of(self, table: str, name: str) -> SqlType | None:
        found = self.field_of(table, name)
        return found.type if found is not None else None

    def field_of(self, table: str, name: str) -> Field | None:
        """A column, looked for from the inside out; None when only DuckDB knows it."""
        scope: Scope | None = self
        while scope is not None:
            found, field_ = scope._own(table, name)
            if found:
                return field_
            scope = scope.parent
        return None

    def _own(self, table: str, name: str) -> tuple[bool, Field | None]:
        unknown = False
        for alias, fields in self.sources.items():
            if table and alias != table:
                continue
            unknown = unknown or fields is None
            for field_ in fields or ():
                if field_.name == name:
                    return True, field_
        if unknown:
            return True, None
        if not table and name in self.aliases:
            return True, self.aliases[name]
        return False, None

    def weaken(self, aliases: Iterable[str]) -> None:
        """The columns of these sources can be NULL: an outer join may find no row for them."""
        for alias in aliases:
            fields = self.sources[alias]
            self.sources[alias] = fields and tuple(replace(field_, nullable=True) for field_ in fields)

    def star(self, table: str) -> Fields | None:
        """What ``*`` or ``table.*`` stands for; columns joined by USING come once."""
        if table:
            return self.sources.get(table)
        found: list[Field] = []
        seen: set[str] = set()
        for fields in self.sources.values():
            if fields is None:
                return None
            found += [field_ for field_ in fields if not (field_.name in self.merged and field_.name in seen)]
            seen |= {field_.name for field_ in fields}
        return tuple(found)

    def position(self, table: str, number: int) -> tuple[str, Field] | None:
        """The source and field that ``$n`` means."""
        for alias, fields in self.sources.items():
            if (not table or alias == table) and fields is not None and 1 <= number <= len(fields):
                return alias, fields[number - 1]
        return None
