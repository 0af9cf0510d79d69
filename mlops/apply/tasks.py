"""https://docs.snowflake.com/en/sql-reference/sql/create-task"""

from __future__ import annotations

from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.definitions import Task
from mlops.names import literal, quote


def apply_task(step: Step, definition: Task) -> Outcome:
    target = step.target
    name = target.at_home(definition.name).sql
    condition = condition_of(target, definition)
    step.finish(
        f"CREATE OR REPLACE TASK {name} WAREHOUSE = {quote(target.settings.warehouse)} "
        f"SCHEDULE = {literal(definition.schedule)} COMMENT = {literal(step.comment)} "
        f"{f'WHEN {condition} ' if condition else ''}AS {call_of(target, definition)}",
        # A task is made suspended. Killed before this line, it is found suspended by the next plan, and resumed.
        f"ALTER TASK {name} RESUME",
    )
    return Outcome("resumed")


def call_of(target: Target, definition: Task) -> str:
    values = ", ".join(literal(value) for value in definition.arguments)
    return f"CALL {target.at_home(definition.procedure).sql}({values})"


def condition_of(target: Target, definition: Task) -> str | None:
    if definition.when is None:
        return None
    return f"SYSTEM$STREAM_HAS_DATA({literal(target.at_home(definition.when).sql)})"
