"""What tasks and alerts share: an object that a schedule starts while it is resumed, with the privileges of its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError
from mlops_local.account.scheduling.timetable import Timetable, parse_schedule
from mlops_local.account.session.session import Session

STARTED, SUSPENDED = "started", "suspended"


@dataclass(frozen=True)
class Scheduled:
    """Its entry, read."""

    entry: Entry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def started(self) -> bool:
        return bool(self.entry.properties.get("STATE") == STARTED)

    @property
    def timetable(self) -> Timetable | None:
        text = self.entry.properties.get("SCHEDULE")
        return parse_schedule(text) if text else None

    @property
    def base(self) -> datetime:
        """When it was resumed: no time before that is due."""
        text = self.entry.properties.get("STARTED_ON")
        return datetime.fromisoformat(text) if text else self.entry.created_on

    @property
    def is_triggered(self) -> bool:
        return False

    def option(self, name: str, default: Any = None) -> Any:
        return self.entry.properties.get(name, default)


def require_of_owner(session: Session, scheduled: Scheduled, privilege: str) -> None:
    """What its owner must be granted on the account before it runs by itself."""
    with session.access.as_owner_of(scheduled.entry):
        if not session.access.holds_on_account(privilege):
            kind = scheduled.entry.kind.lower()
            raise AccountError(91089, "23001", f"Cannot execute {kind}, {privilege} privilege must be granted to owner role.")
        session.access.demand_on_account(privilege)


def state_after_resume(session: Session, scheduled: Scheduled) -> dict[str, Any]:
    """The properties that resuming changes; one that is started already goes on from where it was."""
    now = session.account.clock.now().isoformat()
    return {"STATE": STARTED, "STARTED_ON": scheduled.option("STARTED_ON") if scheduled.started else now}
