"""Versions of a model, and the names that stand for them."""

from __future__ import annotations

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import does_not_exist
from mlops_local.account.session.session import Session

VERSION = "MODEL VERSION"


def versions(session: Session, model: Entry) -> list[Entry]:
    """In the order of their creation."""
    return sorted(session.catalogue.list(VERSION, parent=model.id), key=lambda entry: entry.id)


def find_version(session: Session, model: Entry, name: str | None) -> Entry:
    """By name or alias (DEFAULT, FIRST, LAST included); the default version when no name is given."""
    listed = versions(session, model)
    wanted = name or "DEFAULT"
    for entry in listed:
        if entry.name == wanted:
            return entry
    for entry in listed:
        if wanted in aliases(model, entry, listed):
            return entry
    raise does_not_exist("Model version", f"{model.full_name} VERSION {wanted}")


def aliases(model: Entry, version: Entry, listed: list[Entry]) -> list[str]:
    """The user's aliases of a version, and the three that the account gives."""
    own = [alias for alias, id_ in model.properties.get("ALIASES", {}).items() if id_ == version.id]
    system = [
        ("DEFAULT", version.name == model.properties.get("DEFAULT_VERSION")),
        ("FIRST", version is listed[0]),
        ("LAST", version is listed[-1]),
    ]
    return own + [name for name, holds in system if holds]
