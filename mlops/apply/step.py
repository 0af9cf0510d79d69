"""One change while it is being made."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from snowflake.snowpark.query_history import QueryHistory

from mlops.apply.target import Target
from mlops.guard import Permitted, check
from mlops.ledger import Entry, insert_statement, together
from mlops.plan import Change, Desired
from mlops.rows import fetch_unchecked


@dataclass(frozen=True)
class Step:
    """`queries` are the statements that it has taken so far."""

    target: Target
    change: Change
    queries: QueryHistory
    started: float = field(default_factory=time.monotonic)

    @property
    def desired(self) -> Desired:
        if self.change.desired is None:
            raise AssertionError(f"{self.change.kind} {self.change.name} is to be made without a definition")
        return self.change.desired

    @property
    def comment(self) -> str:
        return self.target.record(self.desired)

    def finish(self, *statements: str | Permitted) -> None:
        """Sends the statements that complete the change, and the ledger's row of it, as one."""
        plain = [_text(statement) for statement in statements]
        own = insert_statement(self.target.settings.home, self._entry())
        fetch_unchecked(self.target.session, together((*plain, own)))

    def _entry(self) -> Entry:
        change, settings = self.change, self.target.settings
        desired, existing = change.desired, change.existing
        return Entry(
            *(change.action, change.kind, change.name, settings.commit, settings.run, self.target.owner, change.reason),
            definition_hash=desired.hash if desired else (existing.hash or "" if existing else ""),
            properties=desired.properties if desired else None,
            statements=len(self.queries.queries) + 1,
            seconds=round(time.monotonic() - self.started, 3),
        )


def _text(statement: str | Permitted) -> str:
    if isinstance(statement, Permitted):
        return statement.statement
    check(statement)
    return statement
