"""CLONE: copies of objects that know nothing of their sources afterwards.

All copies of one statement belong to its transaction, so that a clone is there as a whole or not at all. Rows are copied inside
DuckDB; files of versions and stages, which are replaced and never written to, are shared by hard links.
https://docs.snowflake.com/en/sql-reference/sql/create-clone, https://docs.snowflake.com/en/user-guide/object-clone
"""

from __future__ import annotations

import copy as copying
import os
import shutil
from collections.abc import Callable, Set
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.files.loads import Loads
from mlops_local.account.history.dropped import RETENTION
from mlops_local.account.scheduling.dynamic_tables import SUSPENDED as TABLE_SUSPENDED
from mlops_local.account.scheduling.scheduled import SUSPENDED as TASK_SUSPENDED
from mlops_local.account.session.session import Session
from mlops_local.account.statements.tagging import copy_tags
from mlops_local.account.statements.task import FATE
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.tables import change_capture, physical


class Clone:
    """One statement's copies, of a container: of what `cloned` names.

    ``ids`` leads from each source to its copy: references between them follow, others stay.
    """

    def __init__(self, session: Session, cloned: Set[int] = frozenset(), *, stages: bool = False) -> None:
        self.session = session
        self.ids: dict[int, int] = {}
        self._cloned = cloned
        self._stages = stages
        self._copies: list[tuple[Entry, Entry]] = []

    def database(self, source: Entry, copy: Entry) -> None:
        """What is cloned of the source database, into a copy that is empty."""
        for schema in self.session.catalogue.whole.list("SCHEMA", database=source.name):
            if schema.id in self._cloned:
                self._schema(schema, self._add(schema, Name(copy.name, "", schema.name), {}))
        self._container(source, copy)

    def schema(self, source: Entry, copy: Entry) -> None:
        self._schema(source, copy)
        self._container(source, copy)

    def _container(self, source: Entry, copy: Entry) -> None:
        """The clone itself takes the tags of its source, and none of its grants."""
        self.ids[source.id] = copy.id
        copy_tags(self.session, source, copy, self.ids)
        self._finish()

    def _schema(self, source: Entry, copy: Entry) -> None:
        for entry in self.session.catalogue.inside(source.database, source.name):
            if (entry.parent or entry.id) in self._cloned and not entry.temporary and (entry.kind != "STAGE" or self._stages):
                self._add(entry, Name(copy.database, copy.name, entry.name), {"parent": self.ids.get(entry.parent, 0)})

    def one(self, source: Entry, name: Name, *, kind: str, temporary: bool = False) -> Entry:
        """A copy of a single object, owned by the role that makes it; without the grants of its source."""
        if kind != source.kind:
            source = replace(
                source, kind=kind, properties={key: source.properties[key] for key in _KEPT if key in source.properties}
            )
        self._add(source, name, {"owner": self.session.role, "temporary": temporary})
        self._finish(grants=False)
        return self.session.catalogue.get(kind, *astuple(name))

    def _add(self, source: Entry, name: Name, changes: dict[str, Any]) -> Entry:
        if source.kind not in _FINISH:
            raise unsupported(f"CLONE of a {source.kind.lower()}")
        copy = self.session.catalogue.add(
            source.kind,
            name.database,
            name.schema,
            name.name,
            created_on=self.session.account.clock.now(),
            comment=source.comment,
            properties=copying.deepcopy(source.properties),
            **{"owner": source.owner, **changes},
        )
        self.ids[source.id] = copy.id
        self._copies.append((source, copy))
        return copy

    def _finish(self, *, grants: bool = True) -> None:
        """What refers to other objects, once all of them are there; streams, once the rows of their tables are."""
        for source, copy in sorted(self._copies, key=lambda pair: pair[0].kind == "STREAM"):
            columns = self.session.catalogue.columns(source)
            if columns:
                self.session.catalogue.set_columns(copy, columns)
            _FINISH[source.kind](self, source, copy)
            copy_tags(self.session, source, copy, self.ids)
            if grants:
                self.session.catalogue.grants.copy(source.id, copy.id, copy.full_name)


def find_cloned(session: Session, source: Entry) -> frozenset[int]:
    """What of a container the acting roles may clone: the rest is left out of the clone, and nobody is told.

    https://docs.snowflake.com/en/sql-reference/sql/create-clone#general-usage-notes
    """
    whole, takes = session.catalogue.whole, session.access.takes
    schemas = [source] if source.kind == "SCHEMA" else whole.list("SCHEMA", database=source.name)
    reached = [schema for schema in schemas if takes(("USAGE",), schema)]
    inside = (entry for schema in reached for entry in whole.inside(schema.database, schema.name) if not entry.parent)
    may = (entry for entry in inside if entry.kind == "TAG" or takes(_TAKEN.get(entry.kind, ("USAGE",)), entry))
    return frozenset(entry.id for entry in (*reached, *may) if entry.kind not in _STAY)


# What it takes to have an object in the clone of its schema, where that is not USAGE. Tags come with their schema.
_READ, _OWN = ("SELECT",), (OWNERSHIP,)
_TAKEN = {
    **dict.fromkeys(("DYNAMIC TABLE", "EVENT TABLE", "TABLE", "VIEW"), _READ),
    **dict.fromkeys(("ALERT", "STREAM", "TASK"), _OWN),
    "STAGE": ("READ", "USAGE"),
}
# Models are in the schema, and no clone of it takes them along: they are copied one by one (CREATE MODEL .. FROM MODEL).
_STAY = ("MODEL", "MODEL VERSION")
# What a table that is cloned from a dynamic table has of it.
_KEPT = ("CLUSTER_BY", RETENTION)


def _nothing(clone: Clone, source: Entry, copy: Entry) -> None:
    """All there is of the kind is its catalogue row."""


def _table(clone: Clone, source: Entry, copy: Entry) -> None:
    """Its rows; what its streams have yet to read is not copied, what COPY INTO has loaded is known."""
    physical.copy_rows(clone.session, source, copy)
    Loads(clone.session.connection, source).copy_to(copy)
    keys = copy.properties.get("FOREIGN_KEYS", [])
    if keys:
        led = [{**key, "TABLE": clone.ids.get(key["TABLE"], key["TABLE"])} for key in keys]
        clone.session.catalogue.update(clone.session.catalogue.by_id(copy.id) or copy, FOREIGN_KEYS=led)
    if change_capture.is_tracked(copy):
        change_capture.create_log(clone.session, copy)


def _dynamic_table(clone: Clone, source: Entry, copy: Entry) -> None:
    """Suspended until somebody resumes it, with the rows of its source and none of its refreshes."""
    if clone.session.catalogue.has_rows(source):
        physical.copy_rows(clone.session, source, copy)
    suspended_on = clone.session.account.clock.now().isoformat()
    clone.session.catalogue.update(copy, STATE=TABLE_SUSPENDED, SUSPENDED_ON=suspended_on, SUSPENDED_BY="CLONE", CLONE=True)


def _event_table(clone: Clone, source: Entry, copy: Entry) -> None:
    """What has been logged so far; the clone is nobody's event table."""
    physical.copy_rows(clone.session, source, copy)


def _stream(clone: Clone, source: Entry, copy: Entry) -> None:
    """On the clone of its table when that is cloned with it; it shows what happens from now on."""
    base = clone.session.catalogue.by_id(clone.ids.get(source.properties["BASE"], source.properties["BASE"]))
    if base is None:
        return
    change_capture.create_log(clone.session, base)
    clone.session.catalogue.update(
        copy,
        BASE=base.id,
        BASE_NAME=base.full_name,
        OFFSET=change_capture.reading_limit(clone.session, base),
        INITIAL=None,
    )


def _task(clone: Clone, source: Entry, copy: Entry) -> None:
    clone.session.catalogue.update(copy, **{**dict.fromkeys(FATE), "STATE": TASK_SUSPENDED})


def _alert(clone: Clone, source: Entry, copy: Entry) -> None:
    clone.session.catalogue.update(copy, STATE=TASK_SUSPENDED, STARTED_ON=None)


def _version(clone: Clone, source: Entry, copy: Entry) -> None:
    stages = clone.session.account.stages
    _link(stages.folder_of_version(source), stages.folder_of_version(copy))


def _stage(clone: Clone, source: Entry, copy: Entry) -> None:
    stages = clone.session.account.stages
    _link(stages.folder(source), stages.folder(copy))


def _link(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copytree(source, target, copy_function=os.link)


def _sequence(clone: Clone, source: Entry, copy: Entry) -> None:
    physical.copy_counters(clone.session, source, copy)


_FINISH: dict[str, Callable[[Clone, Entry, Entry], None]] = {
    "ALERT": _alert,
    "DATASET": _nothing,
    "DATASET VERSION": _version,
    "DYNAMIC TABLE": _dynamic_table,
    "EVENT TABLE": _event_table,
    "FILE FORMAT": _nothing,
    "FUNCTION": _nothing,
    "PROCEDURE": _nothing,
    "SCHEMA": _nothing,
    "SEQUENCE": _sequence,
    "STAGE": _stage,
    "STREAM": _stream,
    "TABLE": _table,
    "TAG": _nothing,
    "TASK": _task,
    "VIEW": _nothing,
}


def refuse_time_travel(reader: Reader) -> None:
    """``AT | BEFORE (..)``: rows are kept as they are now, not as they were."""
    word = reader.accept_any("AT", "BEFORE")
    if word is not None:
        raise unsupported(f"CLONE {word}: time travel")


def read_container_options(reader: Reader) -> bool:
    """What may follow the source of a schema's or database's clone; whether internal stages come along."""
    refuse_time_travel(reader)
    stages = False
    while word := reader.accept_any("IGNORE", "INCLUDE"):
        if word == "INCLUDE":
            reader.expect("INTERNAL", "STAGES")
            stages = True
        elif not reader.accept("HYBRID", "TABLES"):
            # Tables keep no past that could be too short.
            reader.expect("TABLES", "WITH", "INSUFFICIENT", "DATA", "RETENTION")
    return stages
