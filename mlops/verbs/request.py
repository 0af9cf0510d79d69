from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlops.archive import Archive, code_archive
from mlops.collect import FAMILIES, Definitions, collect
from mlops.definitions import Definition, Model, TrainingSet
from mlops.fingerprint import fingerprint
from mlops.names import resolve
from mlops.plan import Desired
from mlops.properties import properties_of


@dataclass(frozen=True)
class Request:
    """`file` narrows a request to what that file declares and needs; `families` to what stands in these folders."""

    environ: Mapping[str, str]
    root: Path
    families: tuple[str, ...] = FAMILIES
    file: Path | None = None
    name: str | None = None
    version: str | None = None
    reason: str = "asked for"
    production: bool = False
    plan: Path | None = None
    archive: Path | None = None
    # What other commands of the run have told, and where the page goes that tells it all.
    results: Path | None = None
    page: Path = Path()
    source: str | None = None
    connection: str | None = None
    clone: str | None = None
    hours: int = 0
    tests: tuple[str, ...] = ()
    row: tuple[str, ...] = ()

    @cached_property
    def definitions(self) -> Definitions:
        return collect(self.root)

    @cached_property
    def code(self) -> Archive:
        return code_archive(self.definitions.root)

    @property
    def model(self) -> Model:
        """The one that is named."""
        return self.definitions.model(resolve(self.name or ""))

    @property
    def selected(self) -> tuple[Definition, ...]:
        return self.definitions.of_file(self.file) if self.file else self.definitions.of_family(self.families)

    @property
    def desired(self) -> tuple[Desired, ...]:
        digest = self.code.digest
        return tuple(self._desire(one, digest) for one in self.selected)

    @property
    def stored(self) -> tuple[Desired, ...]:
        """Training sets that are stored, whatever is selected: what else there is may be what their rows were made from."""
        declared = (one.definition for one in self.definitions.declared)
        return tuple(self._desire(one, "") for one in declared if isinstance(one, TrainingSet) and one.stored)

    def _desire(self, definition: Definition, code: str) -> Desired:
        own = fingerprint(self.definitions, definition, code=code)
        return Desired(definition, own, properties_of(self.definitions, definition, code=code))


@dataclass(frozen=True)
class InitRequest:
    """`repository` is where the templates live, a name or an address; an empty `name` is that of the folder."""

    environ: Mapping[str, str]
    folder: Path
    name: str
    repository: str
    ref: str
    endpoint: str


@dataclass(frozen=True)
class UpdateRequest:
    """`source` is a clone or an address of the templates; an empty `to` is the newest tag."""

    environ: Mapping[str, str]
    root: Path
    to: str
    source: str
    apply: bool
