"""Who is asked before an object is found, made or changed."""

from __future__ import annotations

from typing import Protocol

from mlops_local.account.catalogue.entry import Entry


class Guard(Protocol):
    """Who asks whether the one that acts may. The only one is :class:`mlops_local.account.access.access.Access`."""

    def sees(self, entry: Entry) -> bool:
        """Whether the object exists for them."""

    def create(self, kind: str, database: str, schema: str, *, parent: int, temporary: bool) -> None:
        """Refuses who may not make such an object there."""

    def created(self, entry: Entry) -> Entry:
        """Called with every new object; the answer is what has become of it."""

    def change(self, entry: Entry, privilege: str | None) -> None:
        """Refuses who lacks the privilege; None is the one that changes to such an object take."""
