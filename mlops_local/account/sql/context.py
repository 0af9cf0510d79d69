"""Where a query is translated: the session, the schema that bare names belong to, and what the query has touched."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import pyarrow as pa

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import no_current
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import Name, physical, quote
from mlops_local.account.syntax.types import Column

_numbers = itertools.count(1)


Batch = Callable[[pa.Table], "pa.Array | pa.ChunkedArray"]


@dataclass(frozen=True)
class Relation:
    """Rows made by DuckDB text; ``columns`` are their Snowflake names and types, the text names them physically."""

    sql: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Step:
    """What is computed before the query that reads it runs: from the rows of ``sql``, the rows of ``names``."""

    sql: str
    run: Callable[[pa.Table], Sequence[pa.Table]]
    names: tuple[str, ...]


@dataclass
class Context:
    """``entries`` collects the objects read, ``direct`` those of them that the text itself names.

    ``registered`` are the Arrow tables that the query needs while it runs, ``steps`` what is to be run before its text is, and
    ``batches`` what a step may compute. ``compile`` turns the text of a view into DuckDB text; the translation that the context is
    for sets it. ``owner`` is the view or function whose body the context is for.
    """

    session: Session
    database: str | None
    schema: str | None
    entries: list[Entry] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    named: dict[str, Relation] = field(default_factory=dict)
    depth: int = 0
    compile: Callable[[str, Context], str] | None = None
    direct: list[Entry] = field(default_factory=list)
    owner: Entry | None = None

    @classmethod
    def of(cls, session: Session) -> Context:
        return cls(session, session.database, session.schema)

    def inside(self, entry: Entry) -> Context:
        """The context of a view's body: its own schema, the same books."""
        return Context(
            self.session,
            entry.database,
            entry.schema,
            self.entries,
            self.registered,
            self.steps,
            self.batches,
            {},
            self.depth + 1,
            self.compile,
            owner=entry,
        )

    def rights(self) -> AbstractContextManager[None]:
        """Within it names are looked up with the rights of the owner of the body; of a statement's own text, with the session's."""
        return nullcontext() if self.owner is None else self.session.access.as_owner_of(self.owner)

    def complete(self, parts: tuple[str, ...]) -> Name:
        """A path of one to three parts, with the schema of this context where it says none."""
        padded = ("",) * (3 - len(parts)) + parts
        database = padded[0] or self.database
        if not database:
            raise no_current("database")
        schema = padded[1] or ("PUBLIC" if len(parts) == 3 else self.schema)
        if not schema:
            raise no_current("schema")
        return Name(database, schema, padded[2])

    def register(self, table: pa.Table, columns: Sequence[Column]) -> Relation:
        """An Arrow table as a relation, for as long as the statement runs."""
        name = f"~rows{next(_numbers)}"
        renamed = table.rename_columns([str(i) for i in range(table.num_columns)])
        self.keep(name, renamed)
        items = ", ".join(f"{_read(renamed.schema.field(i), c)} AS {quote(physical(c.name))}" for i, c in enumerate(columns))
        return Relation(f"SELECT {items} FROM {quote(name)}", tuple(columns))

    def keep(self, name: str, table: pa.Table) -> None:
        """An Arrow table under a name of DuckDB's, for as long as the statement runs."""
        self.session.connection.register(name, table)
        self.registered.append(name)

    def evaluate(self) -> None:
        """Runs the steps that have not run yet. Each may read what those before it have made."""
        while self.steps:
            step = self.steps.pop(0)
            rows = self.session.connection.cursor.sql(step.sql).to_arrow_table()
            for name, table in zip(step.names, step.run(rows), strict=True):
                self.session.connection.register(name, table)

    def note(self, batch: Batch) -> int:
        """The number by which a tree, which is copied, names the function."""
        self.batches.append(batch)
        return len(self.batches) - 1

    def name(self, relation: Relation) -> str:
        """A name by which the text of a query reads the relation: ``TABLE(SYSTEM$RELATION('name'))``."""
        key = f"R{len(self.named) + 1}"
        self.named[key] = relation
        return key

    def release(self) -> None:
        """Forgets the registered Arrow tables, and what has not been computed."""
        self.steps.clear()
        for name in self.registered:
            self.session.connection.unregister(name)
        self.registered.clear()


def _read(field_: pa.Field, target: Column) -> str:
    """The column as DuckDB keeps its type: Arrow has no JSON, and its decimals of scale 0 are whole numbers here."""
    text = quote(field_.name)
    if target.type.is_semistructured:
        return f"CAST({text} AS JSON)"
    return text
