"""Production is changed by an explicit word, whatever the settings happen to point at."""

from __future__ import annotations

import re

from snowflake.snowpark import Session

from mlops.errors import AccountError
from mlops.names import literal
from mlops.rows import fetch
from mlops.settings import Settings

# What an administrator writes into the comment of a database whose name does not tell.
MARK = "[mlops environment=production]"
_NAME = re.compile(r"(?<![A-Z])(?:PROD|PRD|PRODUCTION)(?![A-Z])", re.IGNORECASE)


def require_word(session: Session, settings: Settings, *, given: bool) -> None:
    if given or settings.production:
        return
    if is_production(session, settings.database):
        raise AccountError(
            f"The database {settings.database} is production, and nothing is changed there by accident: say --production, "
            "or set MLOPS_PRODUCTION=true where the deployment has been approved."
        )


def is_production(session: Session, database: str) -> bool:
    rows = fetch(session, f"SHOW DATABASES LIKE {literal(database)}")
    marked = any(MARK in (row["comment"] or "") for row in rows if row["name"] == database)
    return marked or _NAME.search(database) is not None
