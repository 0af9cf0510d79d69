"""What the account itself says of a version and of what it was made of."""

from __future__ import annotations

import json

from snowflake.snowpark import Row, Session

from mlops.cards import Card
from mlops.datasets import read_versions
from mlops.lineage.tree import Now
from mlops.names import literal
from mlops.rows import fetch
from mlops.settings import Settings
from mlops.state import read_state


def default_of(session: Session, settings: Settings, model: str) -> str | None:
    found = _model(session, settings, model)
    return str(found["default_version_name"]) if found else None


def look(session: Session, settings: Settings, card: Card, *, elsewhere: bool) -> Now:
    """Data that lies elsewhere is not looked at: another account may be out of reach."""
    found = _model(session, settings, card.model)
    views = () if elsewhere else read_state(session, settings, ("feature view",)).existing
    return Now(
        default=found["default_version_name"] if found else None,
        versions=json.loads(found["versions"]) if found else (),
        datasets=None if elsewhere else tuple(read_versions(session, settings.home / card.data.name.rpartition(".")[2])),
        views=None if elsewhere else {view.name: view.hash for view in views},
    )


def _model(session: Session, settings: Settings, name: str) -> Row | None:
    # `_` is a wildcard in SHOW .. LIKE, so the rows are compared again.
    shown = fetch(session, f"SHOW MODELS LIKE {literal(name)} IN SCHEMA {settings.home.sql}")
    return next((row for row in shown if row["name"] == name), None)
