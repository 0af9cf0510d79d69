"""https://docs.snowflake.com/en/sql-reference/sql/create-stream"""

from __future__ import annotations

from mlops.apply.target import Outcome, Target
from mlops.definitions import Stream
from mlops.names import literal
from mlops.plan import Desired


def apply_stream(target: Target, desired: Desired, definition: Stream) -> Outcome:
    schema, _, table = definition.table.partition(".")
    source = type(target.settings.home)(target.settings.database, schema) / table
    target.run(
        f"CREATE OR REPLACE STREAM {target.at_home(definition.name).sql} ON TABLE {source.sql} "
        f"COMMENT = {literal(target.record(desired))}"
    )
    return Outcome()
