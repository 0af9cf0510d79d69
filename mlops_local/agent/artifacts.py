"""What a run has published: pipeline artifacts, which never change, and containers of files, which grow.

https://learn.microsoft.com/azure/devops/pipelines/artifacts/artifacts-overview
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

# https://github.com/microsoft/azure-pipelines-agent, PipelineArtifactPathHelper
_FORBIDDEN = {*map(chr, range(32)), *'":<>|*?/\\'}


class ArtifactError(Exception):
    """Why an artifact cannot be published or found; the sentence is for the log."""


@dataclass(frozen=True)
class Artifact:
    """`container` is the folder of files that build artifacts have inside of the run; a pipeline artifact has none."""

    name: str
    folder: Path
    container: str = ""


class Artifacts:
    """Those of one run, in one folder; jobs publish at the same time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Artifact] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        return sorted(self._known)

    def publish(self, name: str) -> Artifact:
        """A new artifact, which only this caller fills."""
        with self._lock:
            if name in self._known:
                raise ArtifactError(f"The artifact '{name}' is already published in this run; artifacts cannot change.")
            return self._add(name, "")

    def grow(self, name: str, container: str) -> Artifact:
        """A container of files, new or not."""
        with self._lock:
            known = self._known.get(name) or self._add(name, container)
            if known.container != container:
                what = f"in the container folder '{known.container}'" if known.container else "as a pipeline artifact"
                raise ArtifactError(f"The artifact '{name}' is already published in this run {what}; use another name.")
            return known

    def find(self, name: str) -> Artifact:
        found = self._known.get(name)
        if found is None:
            raise ArtifactError(
                f"The artifact '{name}' is not published in this run; there are: {', '.join(self.names) or 'none'}."
            )
        return found

    def _add(self, name: str, container: str) -> Artifact:
        for text in (name, container):
            _check(text)
        if not name:
            raise ArtifactError("An artifact needs a name.")
        self._known[name] = Artifact(name, self._folder / name, container)
        return self._known[name]


def _check(name: str) -> None:
    if name in (".", "..") or _FORBIDDEN & set(name):
        raise ArtifactError(
            f"'{name}' cannot be the name of an artifact; it must not hold \" : < > | * ? / \\ or be '.' or '..'."
        )
