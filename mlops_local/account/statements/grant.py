"""GRANT, REVOKE and SHOW GRANTS.

https://docs.snowflake.com/en/sql-reference/sql/grant-privilege
"""

from __future__ import annotations

from dataclasses import dataclass

from mlops_local.account.catalogue import Entry
from mlops_local.account.errors import compilation_error, does_not_exist, unsupported
from mlops_local.account.grantable import granted
from mlops_local.account.names import quote_if_needed
from mlops_local.account.privileges import grant_role, inherited
from mlops_local.account.reader import Reader
from mlops_local.account.result import BOOLEAN, SUCCEEDED, Column, Result, rows, status
from mlops_local.account.session import Request, Session
from mlops_local.account.statements.kind import Kind
from mlops_local.account.types import TIMESTAMP_LTZ

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
_ACCOUNT_KINDS = ("WAREHOUSE", "DATABASE", "INTEGRATION", "USER")


@dataclass(frozen=True)
class Target:
    """What a privilege is on: one object, or all or future objects of a kind in a place."""

    kind: str
    name: str
    entries: tuple[Entry, ...] = ()

    @property
    def base(self) -> str:
        return self.kind.removeprefix("FUTURE ")


def grant(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    with session.ddl():
        if reader.accept("ROLE"):
            return _grant_role(session, reader)
        return _grant_privileges(session, reader)


def _grant_role(session: Session, reader: Reader) -> Result:
    role = session.catalogue.get("ROLE", "", "", reader.path()[0]).name
    reader.expect("TO")
    kind = _role_or_user(reader)
    grantee = session.catalogue.get(kind, "", "", reader.path()[0]).name
    reader.end()
    if kind == "ROLE" and grantee in inherited(session.catalogue, role):
        raise compilation_error(1003, "42601", f"role '{role}' cannot be granted to role '{grantee}': it would contain itself.")
    grant_role(session.catalogue, role, kind, grantee, by=session.role, at=session.account.clock.now())
    return status(SUCCEEDED)


def _grant_privileges(session: Session, reader: Reader) -> Result:
    privileges = _privileges(reader, "ON")
    targets = _targets(session, reader)
    reader.expect("TO")
    role = _grantee(session, reader)
    option = reader.accept("WITH", "GRANT", "OPTION")
    kept = reader.accept_any("COPY", "REVOKE") if privileges == ["OWNERSHIP"] else None
    if kept:
        reader.expect("CURRENT", "GRANTS")
    reader.end()
    for target in targets:
        if kept == "REVOKE":
            session.catalogue.forget_grants(target.kind, target.name)
        for privilege in granted(privileges, target.base):
            _record(session, privilege, target, role, option)
    return status(SUCCEEDED)


def _record(session: Session, privilege: str, target: Target, role: str, option: bool) -> None:
    if privilege == "OWNERSHIP":
        if target.kind != target.base:
            raise unsupported("GRANT OWNERSHIP ON FUTURE objects")
        for entry in target.entries:
            session.catalogue.update(entry, owner=role)
            session.catalogue.remove_grants("OWNERSHIP", target.kind, target.name)
    if not session.catalogue.grants_where(privilege=privilege, object_kind=target.kind, object_name=target.name, grantee=role):
        session.catalogue.add_grant(
            privilege,
            target.kind,
            target.name,
            target.entries[0].id if target.entries else None,
            "ROLE",
            role,
            by=session.role,
            at=session.account.clock.now(),
            grant_option=option,
        )


def revoke(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    if reader.accept("GRANT", "OPTION", "FOR"):
        raise unsupported("REVOKE GRANT OPTION FOR")
    with session.ddl():
        if reader.accept("ROLE"):
            role = session.catalogue.get("ROLE", "", "", reader.path()[0]).name
            reader.expect("FROM")
            kind = _role_or_user(reader)
            session.catalogue.remove_grant(
                "USAGE", "ROLE", role, kind, session.catalogue.get(kind, "", "", reader.path()[0]).name
            )
        else:
            privileges = _privileges(reader, "ON")
            targets = _targets(session, reader)
            reader.expect("FROM")
            role = _grantee(session, reader)
            reader.accept_any("CASCADE", "RESTRICT")
            for target in targets:
                for privilege in granted(privileges, target.base):
                    session.catalogue.remove_grant(privilege, target.kind, target.name, "ROLE", role)
        reader.end()
    return status(SUCCEEDED)


def _privileges(reader: Reader, until: str) -> list[str]:
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


def _role_or_user(reader: Reader) -> str:
    kind = reader.accept_any("ROLE", "USER")
    if kind is None:
        raise reader.refuse()
    return kind


def _grantee(session: Session, reader: Reader) -> str:
    """``[ROLE] name``; users, shares and database roles take no privileges here."""
    if not reader.accept("ROLE") and reader.peek().kind in {"word", "quoted"} and reader.token.upper in _OTHER_GRANTEES:
        raise unsupported(f"privileges of a {reader.token.upper}")
    return session.catalogue.get("ROLE", "", "", reader.path()[0]).name


def _targets(session: Session, reader: Reader) -> list[Target]:
    scope = reader.accept_any("ALL", "FUTURE")
    if scope is not None:
        return _mass(session, reader, scope)
    if reader.accept("ACCOUNT"):
        return [Target("ACCOUNT", session.account.name)]
    kind = _words(reader, [*_ACCOUNT_KINDS, "SCHEMA", *_SCHEMA_KINDS])
    if kind == "INTEGRATION":
        raise does_not_exist("Integration", reader.path()[0])
    entry = _entry(session, kind, reader)
    return [Target(kind, entry.full_name, (entry,))]


def _entry(session: Session, kind: str, reader: Reader) -> Entry:
    path = reader.path()
    if kind in _ACCOUNT_KINDS:
        return session.catalogue.get(kind, "", "", path[-1])
    if kind == "SCHEMA":
        name = session.complete((*path, ""))
        return session.catalogue.get("SCHEMA", name.database, "", name.schema)
    if kind in {"FUNCTION", "PROCEDURE"}:
        reader.parenthesised()
    return session.get(kind, path)


def _mass(session: Session, reader: Reader, scope: str) -> list[Target]:
    """``ALL TABLES IN SCHEMA s``: one target per object there is; ``FUTURE ..``: one target for those to come."""
    kind = _PLURALS[_words(reader, list(_PLURALS))]
    reader.expect("IN")
    place = reader.accept_any("SCHEMA", "DATABASE") or ""
    if place == "DATABASE":
        database, schema = session.catalogue.get("DATABASE", "", "", reader.path()[0]).name, None
    else:
        name = session.complete((*reader.path(), ""))
        database, schema = name.database, session.catalogue.get("SCHEMA", name.database, "", name.schema).name
    if scope == "FUTURE":
        inside = ".".join(quote_if_needed(part) for part in (database, schema) if part)
        return [Target(f"FUTURE {kind}", f"{inside}.<{kind}>")]
    if kind == "SCHEMA":
        return [Target(kind, entry.full_name, (entry,)) for entry in session.catalogue.list(kind, database=database)]
    return [Target(kind, entry.full_name, (entry,)) for entry in session.catalogue.list(kind, database=database, schema=schema)]


def _words(reader: Reader, names: list[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        if reader.accept(*name.split()):
            return name
    raise reader.refuse()


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    Column("privilege"),
    Column("granted_on"),
    Column("name"),
    Column("granted_to"),
    Column("grantee_name"),
    Column("grant_option", BOOLEAN),
    Column("granted_by"),
)


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW GRANTS [ON kind name | TO ROLE r | TO USER u | OF ROLE r]``."""
    if reader.accept("TO"):
        kind = reader.accept_any("ROLE", "USER") or "ROLE"
        found = session.catalogue.grants_where(grantee_kind=kind, grantee=reader.path()[0])
    elif reader.accept("OF", "ROLE"):
        found = session.catalogue.grants_where(object_kind="ROLE", object_name=reader.path()[0])
    elif reader.accept("ON"):
        found = _grants_on(session, reader)
    else:
        found = session.catalogue.grants_where(grantee_kind="USER", grantee=session.user)
    reader.end()
    return rows(_COLUMNS, [(row[0], row[1], row[2], row[3], row[5], row[6], row[7], row[8]) for row in found])


def _grants_on(session: Session, reader: Reader) -> list[tuple[object, ...]]:
    if reader.accept("ACCOUNT"):
        return session.catalogue.grants_where(object_kind="ACCOUNT")
    if reader.accept("ROLE"):
        return session.catalogue.grants_where(object_kind="ROLE", object_name=reader.path()[0])
    kind = _words(reader, [*_ACCOUNT_KINDS, "SCHEMA", *_SCHEMA_KINDS])
    entry = _entry(session, kind, reader)
    return session.catalogue.grants_where(object_kind=kind, object_name=entry.full_name)


KIND = Kind("GRANT", "GRANTS", show=show_all)
