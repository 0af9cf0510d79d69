"""https://docs.snowflake.com/en/sql-reference/sql/create-procedure"""

from __future__ import annotations

from mlops.apply.python_code import arguments, import_clauses
from mlops.apply.target import Outcome, Target
from mlops.definitions import Procedure
from mlops.names import literal
from mlops.plan import Desired


def apply_procedure(target: Target, desired: Desired, definition: Procedure) -> Outcome:
    place = target.stage(target.code)
    # Caller's rights: the Feature Store and the Registry switch warehouses and run SHOW, which owner's rights refuse.
    # https://docs.snowflake.com/en/developer-guide/stored-procedure/stored-procedures-rights
    target.run(
        f"CREATE OR REPLACE PROCEDURE {target.at_home(definition.name).sql}({arguments(definition.arguments)}) "
        f"RETURNS {definition.returns} LANGUAGE PYTHON "
        f"{import_clauses(definition.runtime, definition.packages, place)} HANDLER = {literal(definition.handler)} "
        f"COMMENT = {literal(target.record(desired))} EXECUTE AS CALLER"
    )
    return Outcome()
