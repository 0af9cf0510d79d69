"""User-defined functions. https://docs.snowflake.com/en/sql-reference/sql/create-function"""

from __future__ import annotations

from dataclasses import replace

from mlops_local.account.errors import unsupported
from mlops_local.account.routines.calls import check_sql_function
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Session
from mlops_local.account.statements import model, routine
from mlops_local.account.statements.kind import Creation, Kind
from mlops_local.account.syntax.reader import Reader


def create(session: Session, reader: Reader, creation: Creation) -> Result:
    path = reader.path()
    declared = routine.read_routine(reader, path[-1])
    session.account.runtime.check(declared)
    if declared.language == "SQL":
        with session.transaction():
            check_sql_function(session, session.complete(path), declared)
    return routine.create_routine(session, "FUNCTION", path, declared, creation)


def create_aggregate(session: Session, reader: Reader, creation: Creation) -> Result:
    """https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-aggregate-functions"""
    path = reader.path()
    declared = routine.read_routine(reader, path[-1])
    if declared.language != "PYTHON" or declared.table is not None:
        raise unsupported(f"an aggregate function in {declared.language} that returns {declared.returns}")
    session.account.runtime.check(declared)
    return routine.create_routine(
        session, "FUNCTION", path, replace(declared, options={**declared.options, "AGGREGATE": True}), creation
    )


def show_all(session: Session, reader: Reader) -> Result:
    """``SHOW FUNCTIONS ..``, and ``SHOW FUNCTIONS [LIKE ..] IN MODEL m [VERSION v]``."""
    if reader.accept("IN", "MODEL"):
        return model.show_functions(session, reader)
    return routine.show_routines("FUNCTION")(session, reader)


KIND = Kind(
    "FUNCTION",
    "FUNCTIONS",
    create=create,
    alter=routine.alter_routine("FUNCTION"),
    drop=routine.drop_routine("FUNCTION"),
    describe=routine.describe_routine("FUNCTION"),
    show=show_all,
)

AGGREGATE_KIND = Kind("AGGREGATE FUNCTION", "", create=create_aggregate)

# SHOW FUNCTIONS lists the account's own functions too in Snowflake; SHOW USER FUNCTIONS, which clients use, only these.
USER_KIND = Kind("", "USER FUNCTIONS", show=routine.show_routines("FUNCTION"))
