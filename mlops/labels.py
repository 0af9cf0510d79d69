"""What the tags of a clone say: of what it is one, whose, of which run, and until when. Without all of them it is nobody's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# A database of any other name is never made, changed or dropped as a clone.
PREFIX = "MLOPS_CLONE_"
# In the schema of the source; `setup/clones.sql` makes them.
TAGS = ("CLONE_OF", "CLONE_OWNER", "CLONE_RUN", "CLONE_EXPIRES")
_NAME = re.compile(rf"{PREFIX}[A-Z0-9][A-Z0-9_]{{0,60}}")
_MOMENT = "%Y-%m-%dT%H:%M:%S"


def is_clone_name(database: str) -> bool:
    return _NAME.fullmatch(database) is not None


@dataclass(frozen=True)
class Label:
    """`database` is the name that the clone was made under: a copy of it, or one that was renamed, is another."""

    database: str
    source: str
    owner: str
    run: str
    expires: datetime

    @property
    def tags(self) -> dict[str, str]:
        values = (self.source, self.owner, f"{self.database} {self.run}", self.expires.strftime(_MOMENT))
        return dict(zip(TAGS, values, strict=True))

    def is_over(self, now: datetime) -> bool:
        return self.expires <= now


def make_label(database: str, source: str, owner: str, run: str, *, now: datetime, hours: int) -> Label:
    return Label(database, source, owner, run, now.replace(microsecond=0, tzinfo=None) + timedelta(hours=hours))


def read_label(tags: Mapping[str, str | None]) -> Label | None:
    """None when a tag is missing, or is not as it was written."""
    source, owner, made, until = (tags.get(name) or "" for name in TAGS)
    database, _, run = made.partition(" ")
    try:
        expires = datetime.strptime(until, _MOMENT)
    except ValueError:
        return None
    return Label(database, source, owner, run, expires) if all((source, owner, database, run)) else None
