from __future__ import annotations

from typing import Any

from snowflake.connector import SnowflakeConnection

from mlops.guard import check_sent


class GuardedConnection(SnowflakeConnection):  # type: ignore[misc]
    """Every statement passes the guard on its way out, whichever client has made it.

    Cursors of all kinds, Snowpark and snowflake-ml send through this one method, also what is described or sent asynchronously.
    """

    def cmd_query(self, sql: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        check_sent(sql)
        answer: dict[str, Any] = super().cmd_query(sql, *arguments, **options)
        return answer
