"""https://docs.snowflake.com/en/sql-reference/sql/create-procedure"""

from __future__ import annotations

from mlops.apply.python_code import arguments, import_clauses
from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.definitions import Procedure
from mlops.names import literal


def apply_procedure(step: Step, definition: Procedure) -> Outcome:
    target = step.target
    place = target.stage(target.code)
    # Caller's rights: the Feature Store and the Registry switch warehouses and run SHOW, which owner's rights refuse.
    # https://docs.snowflake.com/en/developer-guide/stored-procedure/stored-procedures-rights
    step.finish(
        f"CREATE OR REPLACE PROCEDURE {target.at_home(definition.name).sql}({arguments(definition.arguments)}) "
        f"RETURNS {definition.returns} LANGUAGE PYTHON "
        f"{import_clauses(definition.runtime, definition.packages, place)} HANDLER = {literal(definition.handler)} "
        f"COMMENT = {literal(step.comment)} EXECUTE AS CALLER"
    )
    return Outcome()
