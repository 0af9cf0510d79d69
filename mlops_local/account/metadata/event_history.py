"""Histories as their table functions read them: some filters, a limit, the latest first, and others' events only for ACCOUNTADMIN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_local.account.access.privileges import inherited
from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import Column

_LARGEST_LIMIT = 10_000


@dataclass(frozen=True)
class EventHistory:
    """``select`` is a query without its WHERE, ``filters`` the conditions by the names of arguments; ``ignored`` arguments change nothing."""

    select: str
    columns: tuple[Column, ...]
    time: str
    filters: Mapping[str, str]
    common: frozenset[str]
    ignored: frozenset[str] = field(default=frozenset())

    def read(
        self, context: Context, function: str, positional: list[Any], named: dict[str, Any], own: Mapping[str, Any]
    ) -> Relation:
        """``own`` is what one function is about, with its default."""
        unknown = [*positional, *sorted(set(named) - self.common - self.ignored - {"RESULT_LIMIT"} - set(own))]
        if unknown:
            raise unsupported(f"{function}({unknown[0]})")
        limit = int(named.get("RESULT_LIMIT", 100))
        if not 1 <= limit <= _LARGEST_LIMIT:
            raise compilation_error(
                1007, "22023", f"invalid value [{limit}] for parameter 'RESULT_LIMIT': 1 to {_LARGEST_LIMIT}."
            )
        wanted = {name: value for name, value in {**own, **named}.items() if name in self.filters}
        if not _sees_everything(context.session):
            wanted["USER_NAME"] = context.session.user
        where = f"WHERE {' AND '.join(self.filters[name] for name in wanted)}" if wanted else ""
        return self._rows(context, f"{where} ORDER BY {self.time} DESC LIMIT ?", [*wanted.values(), limit])

    def everything(self, context: Context) -> Relation:
        return self._rows(context, f"ORDER BY {self.time}", [])

    def _rows(self, context: Context, rest: str, values: list[Any]) -> Relation:
        return relation(context, self.columns, context.session.account.history.fetch(f"{self.select} {rest}", values))


def _sees_everything(session: Session) -> bool:
    """Others see what they have done themselves."""
    return "ACCOUNTADMIN" in inherited(session.catalogue, session.role or "PUBLIC")
