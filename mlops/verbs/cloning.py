"""What the verbs have in common that make and drop clones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from mlops.clones import Clones, clone_settings, clones_of
from mlops.facts import require_ready
from mlops.labels import PREFIX, Label
from mlops.names import resolve
from mlops.report.result import Section
from mlops.session import named_connections, open_session
from mlops.settings import Settings, read_settings
from mlops.verbs.request import Request


@contextmanager
def open_clones(settings: Settings) -> Iterator[Clones]:
    with open_session(settings) as session:
        require_ready(session, settings)
        yield clones_of(session, settings)


def in_own_clone(settings: Settings, name: str) -> Settings:
    """The settings for work in that clone, which this run has made; nothing else is worked in under its name."""
    database = resolve(name)
    with open_clones(settings) as clones:
        clones.require_own(database)
    return clone_settings(settings, database)


def read_place(request: Request) -> tuple[Settings, str]:
    """Where clones are made from, and the one that is named, or that of this run."""
    settings = read_settings(request.environ, named_connections)
    return settings, resolve(request.name) if request.name else f"{PREFIX}{re.sub('[^A-Z0-9]', '_', settings.run.upper())}"


def labels_section(labels: Iterable[Label], told: str) -> Section:
    rows = tuple((one.database, one.source, one.owner, one.run, f"{one.expires:%Y-%m-%d %H:%M} UTC", told) for one in labels)
    return Section("Clones", ("database", "of", "repository", "run", "until", "result"), rows)
