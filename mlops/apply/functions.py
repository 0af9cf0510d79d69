"""https://docs.snowflake.com/en/sql-reference/sql/create-function"""

from __future__ import annotations

from mlops.apply.python_code import arguments, import_clauses
from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.archive import function_archive
from mlops.definitions import PythonFunction
from mlops.names import literal


def apply_function(step: Step, definition: PythonFunction) -> Outcome:
    target = step.target
    name = target.settings.feature_store / definition.name
    place = target.stage(function_archive(target.definitions.root, definition.files))
    step.finish(
        f"CREATE OR REPLACE FUNCTION {name.sql}({arguments(definition.arguments)}) RETURNS {definition.returns} "
        f"LANGUAGE PYTHON IMMUTABLE {import_clauses(definition.runtime, definition.packages, place)} "
        f"HANDLER = {literal(definition.handler)} COMMENT = {literal(step.comment)}"
    )
    return Outcome()
