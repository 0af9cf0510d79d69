"""ALERT. https://docs.snowflake.com/en/sql-reference/sql/create-alert"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import unsupported
from mlops_local.account.scheduling import alerts
from mlops_local.account.scheduling.alerts import KIND as WORDS
from mlops_local.account.scheduling.alerts import Alert
from mlops_local.account.scheduling.scheduled import SUSPENDED, require_of_owner, state_after_resume
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import schema_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, replace_or_keep, show
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.statements.task_options import check_values
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import TIMESTAMP_LTZ

_PRIVILEGE = "EXECUTE ALERT"


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """An alert is created suspended, a clone of one too."""
    path = reader.path()
    source = reader.path() if reader.accept("CLONE") else None
    options = {} if source else _read_options(reader)
    if source is None:
        options["CONDITION"] = _read_condition(reader)
        reader.expect("THEN")
        options["ACTION"] = _read_action(reader)
        if "SCHEDULE" not in options:
            raise unsupported("CREATE ALERT without SCHEDULE (an alert on new data)")
    reader.end()
    with session.ddl():
        name = schema_object.place(session, path)
        copied = session.get(WORDS, source) if source else None
        if replace_or_keep(session, WORDS, path, creation, session.catalogue.remove):
            return status(f"{name.name} already exists, statement succeeded.")
        tag_values, comment = options.pop("TAG", ()), options.pop("COMMENT", copied.comment if copied else "")
        check_values(session, options)
        kept = {key: value for key, value in copied.properties.items() if key != "STARTED_ON"} if copied else options
        entry = schema_object.add(session, WORDS, path, {**kept, "STATE": SUSPENDED}, comment=comment)
        set_tags(session, entry, tag_values)
    return status(f"Alert {name.name} successfully created.")


def _read_options(reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while not reader.at_end and reader.token.upper != "IF":
        if reader.token.upper in {"TAG", "WITH"}:
            found["TAG"] = read_tag_clause(reader)
            continue
        name = reader.accept_any("WAREHOUSE", "SCHEDULE", "COMMENT")
        if name is None:
            raise unsupported(f"ALERT {reader.token.upper}") if reader.peek().text == "=" else reader.refuse()
        reader.expect("=")
        found[name] = reader.path()[-1] if name == "WAREHOUSE" else reader.string()
        reader.accept(",")
    return found


def _read_condition(reader: Reader) -> str:
    """``IF (EXISTS (condition))``."""
    reader.expect("IF")
    inner = Reader(reader.parenthesised())
    condition = _read_exists(inner)
    inner.end()
    return condition


def _read_exists(reader: Reader) -> str:
    reader.expect("EXISTS")
    condition = reader.parenthesised().strip()
    verb = Reader(condition).token.upper
    if verb not in {"SELECT", "WITH", "SHOW", "CALL"}:
        raise unsupported(f"{verb} as the condition of an alert; a SELECT, SHOW or CALL is")
    return condition


def _read_action(reader: Reader) -> str:
    action = reader.rest()
    if not action:
        raise reader.refuse()
    return action


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    path = reader.path()
    with session.ddl():
        entry = schema_object.find(session, WORDS, path, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
            reader.end()
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("RESUME"):
        require_of_owner(session, Alert(entry), _PRIVILEGE)
        session.catalogue.update(entry, privilege="OPERATE", **state_after_resume(session, Alert(entry)))
    elif reader.accept("SUSPEND"):
        session.catalogue.update(entry, privilege="OPERATE", STATE=SUSPENDED)
    elif reader.accept("MODIFY", "CONDITION"):
        session.catalogue.update(entry, CONDITION=_read_exists(reader))
    elif reader.accept("MODIFY", "ACTION"):
        session.catalogue.update(entry, ACTION=_read_action(reader))
    elif reader.accept("UNSET"):
        word = reader.accept_any("WAREHOUSE", "COMMENT")
        if word is None:
            raise reader.refuse()
        session.catalogue.update(entry, **({"comment": ""} if word == "COMMENT" else {word: None}))
    else:
        reader.expect("SET")
        options = _read_options(reader)
        if not options:
            raise reader.refuse()
        check_values(session, options)
        session.catalogue.update(entry, comment=options.pop("COMMENT", None), **options)


def _switch(session: Session, entry: Entry, verb: str) -> None:
    if verb == "SUSPEND":
        session.catalogue.whole.update(entry, STATE=SUSPENDED)
        return
    require_of_owner(session, Alert(entry), _PRIVILEGE)
    session.catalogue.whole.update(entry, **state_after_resume(session, Alert(entry)))


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    return schema_object.drop(session, WORDS, reader, if_exists=if_exists, remove=session.catalogue.remove)


def execute(session: Session, reader: Reader) -> Result:
    """``EXECUTE ALERT name``: asks it once, whatever its schedule and state."""
    path = reader.path()
    reader.end()
    with session.ddl():
        entry = session.get(WORDS, path)
        session.access.demand("OPERATE", entry)
        require_of_owner(session, Alert(entry), _PRIVILEGE)
        alerts.add_run(session, Alert(entry), session.account.clock.now())
    return status(f"Alert {entry.name} is scheduled to run immediately.")


_COLUMNS = (
    Column("created_on", TIMESTAMP_LTZ),
    *(Column(name) for name in ("name", "database_name", "schema_name", "owner", "comment", "warehouse", "schedule", "state")),
    *(Column(name) for name in ("condition", "action", "owner_role_type")),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(_COLUMNS, shown, session.catalogue.list(WORDS, database=shown.database, schema=shown.schema), _row)


def describe(session: Session, reader: Reader) -> Result:
    path = reader.path()
    reader.end()
    return rows(_COLUMNS, [_row(session.get(WORDS, path))], type_=StatementType.DESCRIBE)


def _row(entry: Entry) -> Sequence[Any]:
    kept = entry.properties
    return (
        entry.created_on,
        entry.name,
        entry.database,
        entry.schema,
        entry.owner,
        entry.comment,
        kept.get("WAREHOUSE"),
        kept.get("SCHEDULE"),
        kept["STATE"],
        kept["CONDITION"],
        kept["ACTION"],
        "ROLE",
    )


KIND = Kind(WORDS, "ALERTS", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
