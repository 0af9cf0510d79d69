"""Calls a procedure's handler with a Snowpark session back to the account.

The session is an ordinary client's: the connector's PLATFORM is left alone, so PUT and GET take their normal way.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from mlops_local.account.sandbox.runtime.convert import WrongTypeError, columns_to_python, from_python
from mlops_local.account.sandbox.runtime.functions import Signature


@contextmanager
def open_session(connection: dict[str, Any]) -> Iterator[Any]:
    """Both tokens given: the connector sends a heartbeat instead of a login request."""
    # Imported here and by name: workers of functions must not pay for Snowpark.
    connector = importlib.import_module("snowflake.connector")
    snowpark = importlib.import_module("snowflake.snowpark")
    # Snowpark's own sessions bind values by question marks.
    link = connector.connect(paramstyle="qmark", **{name: value for name, value in connection.items() if value is not None})
    try:
        # The builder's configs make it the active session, which get_active_session() and getOrCreate() then find.
        yield snowpark.Session.builder.configs({"connection": link}).create()
    finally:
        link.close()


def call_procedure(
    handler: Callable[..., Any], signature: Signature, columns: Sequence[pa.Array], connection: dict[str, Any]
) -> tuple[pa.Array | None, str | None]:
    """The value, or for a table result the id of the query that holds it."""
    arguments = [column[0] for column in columns_to_python(columns, signature.arguments, signature.zone)]
    with open_session(connection) as session:
        result = handler(session, *arguments)
        if signature.results:
            return from_python([result], signature.results[0], signature.zone), None
        return None, _table_query(session, result)


def _table_query(session: Any, result: Any) -> str:
    """Snowpark's own way for procedures: run it, fetch nothing, name the query."""
    if result.__class__.__module__.startswith("pandas."):
        result = session.create_dataframe(result)
    if not hasattr(result, "_execute_and_get_query_id"):
        raise WrongTypeError(f"the procedure returned {type(result).__name__}, RETURNS TABLE takes a Snowpark DataFrame")
    return str(result._execute_and_get_query_id())
