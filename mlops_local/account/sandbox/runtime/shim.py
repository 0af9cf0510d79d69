"""The module ``_snowflake`` that handlers import, as far as it exists inside a worker.

https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-batch
https://docs.snowflake.com/en/developer-guide/external-network-access/secret-api-reference
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

_SECRETS = (
    "get_generic_secret_string",
    "get_oauth_access_token",
    "get_secret_type",
    "get_username_password",
    "get_cloud_provider_token",
    "get_wif_token",
)


class SqlNull:
    """SQL NULL given to a VARIANT argument; JSON null is None.

    https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-designing
    """

    is_sql_null = True

    def __repr__(self) -> str:
        return "sqlNullWrapper"


SQL_NULL = SqlNull()


class Shim(ModuleType):
    """``_snowflake``. Functions marked with ``udf_init_once`` run once, before the first row."""

    def __init__(self) -> None:
        super().__init__("_snowflake")
        self.sqlNullWrapper = SqlNull
        self.initializers: list[Callable[[], object]] = []
        for name in _SECRETS:
            setattr(self, name, _refuse_secret)

    def vectorized(
        self, input: type | None = None, max_batch_size: int | None = None, flatten_object_input: bool = False
    ) -> Callable[[Any], Any]:
        def mark(handler: Any) -> Any:
            handler._sf_vectorized_input = input
            handler._sf_max_batch_size = max_batch_size
            handler._sf_flatten_object_input = flatten_object_input
            return handler

        return mark

    def udf_init_once(self, function: Callable[[], object]) -> Callable[[], object]:
        self.initializers.append(function)
        return function

    def initialize(self) -> None:
        waiting, self.initializers = self.initializers, []
        for function in waiting:
            function()

    def cancel_query(self, query_id: str) -> NoReturn:
        raise NotImplementedError(
            f"_snowflake.cancel_query({query_id!r}) is not available here: use SYSTEM$CANCEL_QUERY through the session."
        )


def _refuse_secret(*_: object) -> NoReturn:
    raise PermissionError("This account holds no secrets for handlers: SECRETS and external access are not supported here.")
