"""What all definitions have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from mlops.definitions.rules import NAME, unlike
from mlops.typed import Checked

Key = tuple[str, str]


class Declarable(Checked):
    """What has a kind, a name and a description of its own."""

    kind: ClassVar[str]
    name: str
    description: str

    @property
    def title(self) -> str:
        return f"{self.kind.capitalize()} {self.full_name}"

    @property
    def full_name(self) -> str:
        """As others refer to it: with its version, where there may be several."""
        return self.name

    @property
    def requires(self) -> tuple[Key, ...]:
        return ()

    def faults(self) -> Iterator[str]:
        yield from unlike(NAME, f"the name of a {self.kind} is upper case letters, digits and underscores", self.name)
        if not self.description.strip():
            yield "say in `description` what it is"
        yield from self.own_faults()

    def own_faults(self) -> Iterator[str]:
        yield from ()
