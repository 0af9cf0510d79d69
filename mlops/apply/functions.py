"""https://docs.snowflake.com/en/sql-reference/sql/create-function"""

from __future__ import annotations

from mlops.apply.python_code import arguments, import_clauses
from mlops.apply.target import Outcome, Target
from mlops.archive import function_archive
from mlops.definitions import PythonFunction
from mlops.names import literal
from mlops.plan import Desired


def apply_function(target: Target, desired: Desired, definition: PythonFunction) -> Outcome:
    name = target.settings.feature_store / definition.name
    place = target.stage(function_archive(target.definitions.root, definition.files))
    target.run(
        f"CREATE OR REPLACE FUNCTION {name.sql}({arguments(definition.arguments)}) RETURNS {definition.returns} "
        f"LANGUAGE PYTHON IMMUTABLE {import_clauses(definition.runtime, definition.packages, place)} "
        f"HANDLER = {literal(definition.handler)} COMMENT = {literal(target.record(desired))}"
    )
    return Outcome()
