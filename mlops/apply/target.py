"""Where changes are made, and what they are recorded with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from snowflake.snowpark import Row, Session

from mlops.approvals import Approval, read_approval
from mlops.archive import Archive
from mlops.cards import Card
from mlops.collect import Definitions, owner_of
from mlops.errors import GateError
from mlops.inside.place import Place
from mlops.ledger import prepare_statements
from mlops.marks import MANUAL, Mark
from mlops.names import Name, literal, quote
from mlops.plan import Desired
from mlops.rows import fetch
from mlops.runs import BY_HAND, PipelineRun, insert_run
from mlops.settings import Settings


# Equal to itself alone, so that what is opened for it is kept with it.
@dataclass(frozen=True, eq=False)
class Target:
    session: Session
    settings: Settings
    definitions: Definitions
    code: Archive

    def shown(self, kind: str, name: Name) -> list[Row]:
        """What SHOW says of the objects in the schema of this one whose names are like its own."""
        # `_` is a wildcard in SHOW .. LIKE, so who asks looks at the names again.
        return self.run(f"SHOW {kind} LIKE {literal(name.name)} IN SCHEMA {quote(name.database)}.{quote(name.schema)}")

    def run(self, statement: str, values: Sequence[str] = ()) -> list[Row]:
        return fetch(self.session, statement, values)

    @property
    def owner(self) -> str:
        return owner_of(self.definitions.root, self.settings.repository)

    @property
    def place(self) -> Place:
        """The same account, as what else runs inside sees it."""
        return Place(self.session, self.settings.home, self.settings.feature_store, self.settings.warehouse)

    def prepare(self) -> None:
        """The machine's own tables, before the first change is recorded in them, and in them the run that makes it."""
        for statement in prepare_statements(self.settings.home):
            self.run(statement)
        if self.settings.run != MANUAL:
            self.run(insert_run(self.settings.home, self._run))

    @property
    def _run(self) -> PipelineRun:
        settings, build = self.settings, self.settings.build
        told = (build.branch, build.url, build.requested_by, build.environment, self.approval.told)
        return PipelineRun(settings.run, settings.commit, self.owner, *told)

    @cached_property
    def approval(self) -> Approval:
        """Of a run of a pipeline, and asked for once."""
        return read_approval(self.settings) if self.settings.run != MANUAL else Approval(BY_HAND)

    def require_approval(self) -> None:
        """Before a model is trained: its card would lack a field, and it would be trained for nothing."""
        if self.approval.fault:
            raise GateError(self.approval.fault)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Once something is changed: what the record of the run lacks, where that stops nothing."""
        return (self.approval.fault,) if self.approval.fault else ()

    def record(self, desired: Desired) -> str:
        """The object's comment: what it is, and the record of this change."""
        mark = Mark(desired.hash, self.settings.commit, self.settings.run)
        return mark.after(desired.definition.description)

    def stage(self, archive: Archive) -> str:
        """Puts the archive where procedures and functions import it from, and gives that place as a literal."""
        stage = self.settings.home / "CODE"
        self.run(f"CREATE STAGE IF NOT EXISTS {stage.sql} COMMENT = 'Code that procedures and functions import.'")
        place = f"@{stage.sql}/{archive.path}"
        self.session.file.put_stream(io.BytesIO(archive.content), place, auto_compress=False, overwrite=True)
        return literal(place)

    def at_home(self, name: str) -> Name:
        return self.settings.home / name


@dataclass(frozen=True)
class Outcome:
    """What a change led to, beyond having been made."""

    detail: str = ""
    metrics: tuple[tuple[str, float], ...] = ()
    failures: tuple[str, ...] = ()
    # Of each gate: version, stage, gate, subject, value, what was wanted, and whether it passed.
    gates: tuple[tuple[str, ...], ...] = ()
    card: Card | None = None
