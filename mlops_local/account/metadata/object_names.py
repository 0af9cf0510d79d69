"""Objects as functions name them: a domain and a name, both as text."""

from __future__ import annotations

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import invalid_identifier
from mlops_local.account.governance.tags import Tagged
from mlops_local.account.session.session import Session
from mlops_local.account.statements.named import read_named
from mlops_local.account.syntax.reader import Reader, parse_name

_KINDS = {"MODULE": "MODEL"}
_IN_TABLES = {"TABLE", "VIEW", "DYNAMIC TABLE"}


def find_object(session: Session, domain: str, name: str) -> Entry:
    """The object that functions name by text: a domain (TABLE, MODULE, TASK, SCHEMA ..) and a name."""
    kind = _KINDS.get(domain.upper(), domain.upper())
    if kind in _IN_TABLES:
        return session.get("TABLE", parse_name(name))
    reader = Reader(name)
    entry = read_named(session, kind, reader)
    reader.end()
    assert entry is not None
    return entry


def find_tagged(session: Session, domain: str, name: str) -> Tagged:
    """As :func:`find_object`, or for the domain COLUMN the column ``[d.][s.]table.column``."""
    if domain.upper() != "COLUMN":
        return Tagged(find_object(session, domain, name))
    *path, column = parse_name(name)
    entry = session.get("TABLE", tuple(path))
    if column not in {one.name for one in session.catalogue.columns(entry)}:
        raise invalid_identifier(name)
    return Tagged(entry, column)
