"""What GRANT, REVOKE and SHOW GRANTS name: privileges, objects, all or future objects of a place, roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.catalogue.grants import FUTURE, Grant
from mlops_local.account.errors import does_not_exist, unsupported
from mlops_local.account.session.session import Session
from mlops_local.account.statements.routine import get_routine, read_signature
from mlops_local.account.syntax.names import quote_if_needed
from mlops_local.account.syntax.reader import Reader

_SCHEMA_KINDS = {
    "TABLE": "TABLES",
    "VIEW": "VIEWS",
    "DYNAMIC TABLE": "DYNAMIC TABLES",
    "STAGE": "STAGES",
    "FILE FORMAT": "FILE FORMATS",
    "FUNCTION": "FUNCTIONS",
    "PROCEDURE": "PROCEDURES",
    "TASK": "TASKS",
    "STREAM": "STREAMS",
    "MODEL": "MODELS",
    "DATASET": "DATASETS",
    "TAG": "TAGS",
    "SEQUENCE": "SEQUENCES",
    "ALERT": "ALERTS",
    "EVENT TABLE": "EVENT TABLES",
    "ONLINE FEATURE TABLE": "ONLINE FEATURE TABLES",
}
_PLURALS = {plural: kind for kind, plural in _SCHEMA_KINDS.items()} | {"SCHEMAS": "SCHEMA"}
_OTHER_GRANTEES = {"USER", "SHARE", "DATABASE", "APPLICATION"}
_ACCOUNT_KINDS = ("WAREHOUSE", "DATABASE", "INTEGRATION", "USER", "ROLE")


@dataclass(frozen=True)
class Target:
    """What a privilege is on: an object, the account, or the objects of a kind that are to come in the place ``entry``."""

    kind: str
    name: str
    entry: Entry | None = None

    @property
    def base(self) -> str:
        return self.kind.removeprefix(FUTURE)

    @property
    def future(self) -> bool:
        return self.kind.startswith(FUTURE)

    @property
    def key(self) -> dict[str, Any]:
        """What its grants have in common."""
        if self.entry is None:
            return {"object_kind": self.kind}
        return {"object_kind": self.kind, "object": self.entry.id}

    def holds(self, grant: Grant) -> bool:
        return grant.object_kind == self.kind and grant.object == (self.entry.id if self.entry else None)


def target_of(entry: Entry) -> Target:
    return Target(entry.kind, entry.full_name, entry)


def read_privileges(reader: Reader, until: str) -> list[str]:
    """Privilege names of one or more words, separated by commas."""
    found: list[str] = []
    words: list[str] = []
    if reader.peek().upper == "ROLE" and reader.token.upper in _OTHER_GRANTEES:
        raise unsupported(f"{reader.token.upper} ROLE")
    while reader.token.upper != until:
        if reader.at_end:
            raise reader.refuse()
        if reader.accept(","):
            found.append(" ".join(words))
            words = []
        else:
            words.append(reader.next().upper)
    reader.expect(until)
    found.append(" ".join(words))
    return found


def read_role(session: Session, reader: Reader) -> Entry:
    return session.catalogue.get("ROLE", "", "", reader.path()[0])


def read_role_or_user(session: Session, reader: Reader) -> Entry:
    kind = reader.accept_any("ROLE", "USER")
    if kind is None:
        raise reader.refuse()
    return session.catalogue.get(kind, "", "", reader.path()[0])


def read_grantee(session: Session, reader: Reader) -> str:
    """``[ROLE] name``; users, shares and database roles take no privileges here."""
    if not reader.accept("ROLE") and reader.peek().kind in {"word", "quoted"} and reader.token.upper in _OTHER_GRANTEES:
        raise unsupported(f"privileges of a {reader.token.upper}")
    return read_role(session, reader).name


def read_targets(session: Session, reader: Reader) -> list[Target]:
    """One for every object that is meant; who may manage grants may name what they do not see."""
    scope = reader.accept_any("ALL", "FUTURE")
    if scope is not None:
        return _read_mass(session, reader, scope)
    if reader.accept("ACCOUNT"):
        return [Target("ACCOUNT", session.account.name)]
    return [target_of(read_object(session, reader))]


def read_object(session: Session, reader: Reader) -> Entry:
    """``kind name``."""
    kind = _read_words(reader, [*_ACCOUNT_KINDS, "SCHEMA", *_SCHEMA_KINDS])
    if kind == "INTEGRATION":
        raise does_not_exist("Integration", reader.path()[0])
    catalogue = _catalogue(session)
    if kind in _ACCOUNT_KINDS:
        return catalogue.get(kind, "", "", reader.path()[-1])
    if kind == "SCHEMA":
        return _read_schema(session, reader, catalogue)
    if kind in {"FUNCTION", "PROCEDURE"}:
        return get_routine(catalogue, kind, *read_signature(session, reader))
    name = session.complete(reader.path())
    return catalogue.get(kind, name.database, name.schema, name.name)


def _catalogue(session: Session) -> Catalogue:
    return session.catalogue.whole if session.access.holds_on_account("MANAGE GRANTS") else session.catalogue


def _read_schema(session: Session, reader: Reader, catalogue: Catalogue) -> Entry:
    name = session.complete((*reader.path(), ""))
    return catalogue.get("SCHEMA", name.database, "", name.schema)


def read_place(session: Session, reader: Reader) -> Entry:
    """``{DATABASE d | [SCHEMA] s}``."""
    catalogue = _catalogue(session)
    if reader.accept("DATABASE"):
        return catalogue.get("DATABASE", "", "", reader.path()[0])
    reader.accept("SCHEMA")
    return _read_schema(session, reader, catalogue)


def _read_mass(session: Session, reader: Reader, scope: str) -> list[Target]:
    """``ALL TABLES IN SCHEMA s``: one target per object there is; ``FUTURE ..``: one target for those to come."""
    kind = _PLURALS[_read_words(reader, list(_PLURALS))]
    reader.expect("IN")
    place = read_place(session, reader)
    if scope == "FUTURE":
        inside = ".".join(quote_if_needed(part) for part in (place.database, place.name) if part)
        return [Target(FUTURE + kind, f"{inside}.<{kind}>", place)]
    database, schema = (place.name, None) if place.kind == "DATABASE" else (place.database, place.name)
    return [
        target_of(entry)
        for entry in _catalogue(session).list(kind, database=database, schema=None if kind == "SCHEMA" else schema)
    ]


def _read_words(reader: Reader, names: list[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        if reader.accept(*name.split()):
            return name
    raise reader.refuse()
