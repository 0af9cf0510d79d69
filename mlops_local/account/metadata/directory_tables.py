"""DIRECTORY(@stage): the files of a stage as rows. https://docs.snowflake.com/en/user-guide/data-load-dirtables-query"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as quote_url

from mlops_local.account.errors import syntax_error
from mlops_local.account.files.directories import check_enabled, kept
from mlops_local.account.files.locations import locate
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.syntax.types import INTEGER, TIMESTAMP_LTZ, Column

_COLUMNS = (
    Column("RELATIVE_PATH"),
    Column("SIZE", INTEGER),
    Column("LAST_MODIFIED", TIMESTAMP_LTZ),
    Column("MD5"),
    Column("ETAG"),
    Column("FILE_URL"),
)


@table_function("DIRECTORY")
def directory(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """``DIRECTORY(@stage)``: files appear with the refresh that has found them."""
    if len(positional) != 1 or named:
        raise syntax_error("DIRECTORY takes one stage.")
    session = context.session
    place = locate(session, str(positional[0]))
    if place.location.kind != "STAGE" or place.prefix:
        raise syntax_error(f"DIRECTORY takes a named stage without a path, not {positional[0]}.")
    check_enabled(place.owner)
    address = "/".join(quote_url(part) for part in (place.owner.database, place.owner.schema, place.owner.name))
    base = f"{session.account.base_url}/api/files/{address}/"
    return relation(
        context,
        _COLUMNS,
        [
            (path, size, modified, md5, md5, base + quote_url(path))
            for path, size, md5, modified in kept(session.connection, place.owner)
        ],
    )
