"""Warehouses: names and settings. Nothing is started or billed here; statements run on this machine.

https://docs.snowflake.com/en/sql-reference/sql/create-warehouse
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.history import warehouses
from mlops_local.account.session.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements import account_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.statements.tagging import read_tag_clause, set_tags
from mlops_local.account.syntax.names import Name
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import BOOLEAN, INTEGER, TIMESTAMP_LTZ

_OPTIONS: dict[str, type] = {
    "WAREHOUSE_SIZE": str,
    "WAREHOUSE_TYPE": str,
    "AUTO_SUSPEND": object,
    "AUTO_RESUME": bool,
    "INITIALLY_SUSPENDED": bool,
    "MIN_CLUSTER_COUNT": int,
    "MAX_CLUSTER_COUNT": int,
    "SCALING_POLICY": str,
    "COMMENT": str,
    "ENABLE_QUERY_ACCELERATION": bool,
    "QUERY_ACCELERATION_MAX_SCALE_FACTOR": int,
    "MAX_CONCURRENCY_LEVEL": int,
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": int,
    "STATEMENT_TIMEOUT_IN_SECONDS": int,
}
_TYPES = ("STANDARD", "SNOWPARK-OPTIMIZED")
_POLICIES = ("STANDARD", "ECONOMY")


def _read_settings(reader: Reader) -> dict[str, Any]:
    options = read_options(reader, _OPTIONS)
    if "WAREHOUSE_SIZE" in options:
        size = warehouses.size_of(options["WAREHOUSE_SIZE"])
        if size is None:
            raise _invalid(options["WAREHOUSE_SIZE"], "WAREHOUSE_SIZE")
        options["WAREHOUSE_SIZE"] = size
    for name, allowed in (("WAREHOUSE_TYPE", _TYPES), ("SCALING_POLICY", _POLICIES)):
        if name in options and options[name].upper() not in allowed:
            raise _invalid(options[name], name)
    if "AUTO_SUSPEND" in options:
        options["AUTO_SUSPEND"] = _seconds(options["AUTO_SUSPEND"])
    return options


def _seconds(value: Any) -> int:
    """NULL is 0: never."""
    if str(value).upper() == "NULL":
        return 0
    if not isinstance(value, int) or value < 0:
        raise _invalid(value, "AUTO_SUSPEND")
    return value


def _invalid(value: Any, name: str) -> AccountError:
    return compilation_error(1008, "22023", f"invalid value [{value}] for parameter '{name}'")


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """The session works in the new warehouse from then on, as in Snowflake."""
    name = reader.path()[0]
    reader.accept("WITH")
    options = _read_settings(reader)
    tags = read_tag_clause(reader) if reader.token.upper in {"TAG", "WITH"} else ()
    reader.end()
    comment = options.pop("COMMENT", "")
    if creation.or_alter and _redefine(session, name, comment, options):
        return status(f"Warehouse {name} successfully altered.")

    def make() -> None:
        entry = account_object.add(session, "WAREHOUSE", name, comment=comment, properties=options)
        set_tags(session, entry, tags)
        warehouses.note_size(session, name, options.get("WAREHOUSE_SIZE", warehouses.SMALLEST))

    answer = account_object.create(session, "WAREHOUSE", name, creation, make)
    session.warehouse = name
    return answer


def _redefine(session: Session, name: str, comment: str, options: dict[str, Any]) -> bool:
    """CREATE OR ALTER: settings that are not said go back to their defaults; False when there is no such warehouse."""
    with session.ddl():
        entry = session.catalogue.find("WAREHOUSE", "", "", name)
        if entry is not None:
            cleared = dict.fromkeys(key for key in entry.properties if key != "INITIALLY_SUSPENDED")
            _set(session, entry, {**cleared, **options, "COMMENT": comment})
    return entry is not None


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    unnamed = reader.token.upper in {"SET", "UNSET", "RESUME", "SUSPEND"} and reader.peek().upper not in {"SET", "UNSET"}
    name = (session.warehouse or "") if unnamed else reader.path()[0]
    with session.ddl():
        entry = account_object.find(session, "WAREHOUSE", name, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    verb = reader.accept_any("RESUME", "SUSPEND", "RENAME", "SET", "UNSET")
    if verb == "RENAME":
        reader.expect("TO")
        _rename(session, entry, reader)
    elif verb == "SET":
        _set(session, entry, _read_settings(reader))
    elif verb == "UNSET":
        _set(session, entry, dict.fromkeys(_read_names(reader)))
    elif verb is None:
        raise reader.refuse()
    else:
        if verb == "RESUME":
            reader.accept("IF", "SUSPENDED")
        session.catalogue.update(entry, privilege="OPERATE", INITIALLY_SUSPENDED=verb == "SUSPEND")
    reader.end()


def _rename(session: Session, entry: Entry, reader: Reader) -> None:
    renamed = session.catalogue.rename(entry, Name("", "", reader.path()[0]))
    warehouses.note_size(session, renamed.name, entry.properties.get("WAREHOUSE_SIZE", warehouses.SMALLEST))
    if session.warehouse == entry.name:
        session.warehouse = renamed.name


def _set(session: Session, entry: Entry, options: dict[str, Any]) -> None:
    if not options:
        raise compilation_error(1003, "42000", "SET of no property.")
    comment = options.pop("COMMENT") or "" if "COMMENT" in options else None
    session.catalogue.update(entry, comment=comment, **options)
    if "WAREHOUSE_SIZE" in options:
        warehouses.note_size(session, entry.name, options["WAREHOUSE_SIZE"] or warehouses.SMALLEST)


def _read_names(reader: Reader) -> list[str]:
    names: list[str] = []
    while not names or reader.accept(","):
        name = reader.accept_any(*_OPTIONS)
        if name is None:
            raise reader.refuse()
        names.append(name)
    return names


def drop(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0]
    reader.end()
    answer = account_object.drop(session, "WAREHOUSE", name, if_exists=if_exists)
    if session.warehouse == name:
        session.warehouse = None
    return answer


_COLUMNS = (
    Column("name"),
    Column("state"),
    Column("type"),
    Column("size"),
    Column("min_cluster_count", INTEGER),
    Column("max_cluster_count", INTEGER),
    Column("started_clusters", INTEGER),
    Column("running", INTEGER),
    Column("queued", INTEGER),
    Column("is_default"),
    Column("is_current"),
    Column("auto_suspend", INTEGER),
    Column("auto_resume", BOOLEAN),
    Column("available"),
    Column("provisioning"),
    Column("quiescing"),
    Column("other"),
    Column("created_on", TIMESTAMP_LTZ),
    Column("resumed_on", TIMESTAMP_LTZ),
    Column("updated_on", TIMESTAMP_LTZ),
    Column("owner"),
    Column("comment"),
    Column("enable_query_acceleration", BOOLEAN),
    Column("query_acceleration_max_scale_factor", INTEGER),
    Column("resource_monitor"),
    Column("scaling_policy"),
    Column("owner_role_type"),
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("WAREHOUSE"),
        lambda entry: _row(session, entry),
    )


def _row(session: Session, entry: Entry) -> list[Any]:
    """Nothing runs by itself: no cluster is started unless statements run, which SHOW does not count."""
    get = entry.properties.get
    return [
        entry.name,
        "SUSPENDED" if get("INITIALLY_SUSPENDED") else "STARTED",
        str(get("WAREHOUSE_TYPE", "STANDARD")).upper(),
        get("WAREHOUSE_SIZE", warehouses.SMALLEST),
        get("MIN_CLUSTER_COUNT", 1),
        get("MAX_CLUSTER_COUNT", 1),
        0,
        0,
        0,
        "N",
        "Y" if entry.name == session.warehouse else "N",
        get("AUTO_SUSPEND", 600),
        get("AUTO_RESUME", True),
        "",
        "",
        "",
        "",
        entry.created_on,
        entry.created_on,
        entry.created_on,
        entry.owner,
        entry.comment,
        get("ENABLE_QUERY_ACCELERATION", False),
        get("QUERY_ACCELERATION_MAX_SCALE_FACTOR", 8),
        "null",
        str(get("SCALING_POLICY", "STANDARD")).upper(),
        "ROLE",
    ]


def describe(session: Session, reader: Reader) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/desc-warehouse"""
    entry = session.catalogue.get("WAREHOUSE", "", "", reader.path()[-1])
    reader.end()
    columns = (Column("created_on", TIMESTAMP_LTZ), Column("name"), Column("kind"))
    return rows(columns, [(entry.created_on, entry.name, "WAREHOUSE")], type_=StatementType.DESCRIBE)


KIND = Kind("WAREHOUSE", "WAREHOUSES", create=create, alter=alter, drop=drop, show=show_all, describe=describe, or_alter=True)
