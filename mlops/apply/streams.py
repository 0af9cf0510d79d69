"""https://docs.snowflake.com/en/sql-reference/sql/create-stream"""

from __future__ import annotations

from mlops.apply.step import Step
from mlops.apply.target import Outcome
from mlops.definitions import Stream
from mlops.names import literal


def apply_stream(step: Step, definition: Stream) -> Outcome:
    target = step.target
    name = target.at_home(definition.name).sql
    if step.change.action == "change":
        step.finish(f"ALTER STREAM {name} SET COMMENT = {literal(step.comment)}")
        return Outcome()
    schema, _, table = definition.table.partition(".")
    source = type(target.settings.home)(target.settings.database, schema) / table
    step.finish(f"CREATE OR REPLACE STREAM {name} ON TABLE {source.sql} COMMENT = {literal(step.comment)}")
    return Outcome()
