"""https://docs.snowflake.com/en/sql-reference/sql/create-task"""

from __future__ import annotations

from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.definitions import Task
from mlops.names import literal, quote


def apply_task(step: Step, definition: Task) -> Outcome:
    target = step.target
    name = target.at_home(definition.name).sql
    values = ", ".join(literal(value) for value in definition.arguments)
    step.finish(
        f"CREATE OR REPLACE TASK {name} WAREHOUSE = {quote(target.settings.warehouse)} "
        f"SCHEDULE = {literal(definition.schedule)} COMMENT = {literal(step.comment)} {_when(target, definition)}"
        f"AS CALL {target.at_home(definition.procedure).sql}({values})",
        # A task is made suspended. Killed before this line, it is found suspended by the next plan, and resumed.
        f"ALTER TASK {name} RESUME",
    )
    return Outcome("resumed")


def _when(target: Target, definition: Task) -> str:
    if definition.when is None:
        return ""
    return f"WHEN SYSTEM$STREAM_HAS_DATA({literal(target.at_home(definition.when).sql)}) "
