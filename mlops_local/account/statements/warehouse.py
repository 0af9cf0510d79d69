"""Warehouses: names and settings. Nothing is started or billed here; statements run on this machine.

https://docs.snowflake.com/en/sql-reference/sql/create-warehouse
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import compilation_error
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Column, Result, StatementType, rows, status
from mlops_local.account.session import Session
from mlops_local.account.statements import account_object
from mlops_local.account.statements.kind import Creation, Kind, read_filter, show
from mlops_local.account.statements.options import read_options
from mlops_local.account.types import BOOLEAN, INTEGER, TIMESTAMP_LTZ

_OPTIONS: dict[str, type] = {
    "WAREHOUSE_SIZE": str,
    "WAREHOUSE_TYPE": str,
    "AUTO_SUSPEND": int,
    "AUTO_RESUME": bool,
    "INITIALLY_SUSPENDED": bool,
    "MIN_CLUSTER_COUNT": int,
    "MAX_CLUSTER_COUNT": int,
    "SCALING_POLICY": str,
    "COMMENT": str,
    "STATEMENT_TIMEOUT_IN_SECONDS": int,
}


_SIZES = ("XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE", "XXXLARGE", "X4LARGE", "X5LARGE", "X6LARGE")
_SPELLINGS = {"2XLARGE": "XXLARGE", "3XLARGE": "XXXLARGE", "4XLARGE": "X4LARGE", "5XLARGE": "X5LARGE", "6XLARGE": "X6LARGE"}


def _read_settings(reader: Reader) -> dict[str, Any]:
    options = read_options(reader, _OPTIONS)
    size = str(options.get("WAREHOUSE_SIZE", "XSMALL")).upper().replace("-", "")
    if _SPELLINGS.get(size, size) not in _SIZES:
        raise compilation_error(1008, "22023", f"invalid value [{options['WAREHOUSE_SIZE']}] for parameter 'WAREHOUSE_SIZE'")
    return options


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    """The session works in the new warehouse from then on, as in Snowflake."""
    name = reader.path()[0]
    reader.accept("WITH")
    options = _read_settings(reader)
    reader.end()
    comment = options.pop("COMMENT", "")
    answer = account_object.create(
        session,
        "WAREHOUSE",
        name,
        creation,
        lambda: account_object.add(session, "WAREHOUSE", name, comment=comment, properties=options),
    )
    session.warehouse = name
    return answer


def alter(session: Session, reader: Reader, if_exists: bool) -> Result:
    name = reader.path()[0] if reader.token.upper not in {"SET", "RESUME", "SUSPEND"} else session.warehouse or ""
    with session.ddl():
        entry = (
            session.catalogue.find("WAREHOUSE", "", "", name) if if_exists else session.catalogue.get("WAREHOUSE", "", "", name)
        )
        verb = reader.accept_any("RESUME", "SUSPEND")
        if verb == "RESUME":
            reader.accept("IF", "SUSPENDED")
        elif verb is None:
            reader.expect("SET")
        options: dict[str, Any] = _read_settings(reader) if verb is None else {"INITIALLY_SUSPENDED": verb == "SUSPEND"}
        reader.end()
        if entry is not None:
            session.catalogue.update(entry, comment=options.pop("COMMENT", None), **options)
    return status(SUCCEEDED)


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
)


def show_all(session: Session, reader: Reader) -> Result:
    shown = read_filter(session, reader)
    return show(
        _COLUMNS,
        shown,
        session.catalogue.list("WAREHOUSE"),
        lambda entry: (
            entry.name,
            "SUSPENDED" if entry.properties.get("INITIALLY_SUSPENDED") else "STARTED",
            "STANDARD",
            entry.properties.get("WAREHOUSE_SIZE", "X-Small"),
            1,
            1,
            0,
            0,
            0,
            "N",
            "Y" if entry.name == session.warehouse else "N",
            entry.properties.get("AUTO_SUSPEND", 600),
            entry.properties.get("AUTO_RESUME", True),
            "",
            "",
            "",
            "",
            entry.created_on,
            entry.created_on,
            entry.created_on,
            entry.owner,
            entry.comment,
        ),
    )


def describe(session: Session, reader: Reader) -> Result:
    """https://docs.snowflake.com/en/sql-reference/sql/desc-warehouse"""
    entry = session.catalogue.get("WAREHOUSE", "", "", reader.path()[-1])
    reader.end()
    columns = (Column("created_on", TIMESTAMP_LTZ), Column("name"), Column("kind"))
    return rows(columns, [(entry.created_on, entry.name, "WAREHOUSE")], type_=StatementType.DESCRIBE)


KIND = Kind("WAREHOUSE", "WAREHOUSES", create=create, alter=alter, drop=drop, show=show_all, describe=describe)
