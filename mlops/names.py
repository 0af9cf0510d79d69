"""Names and literals of Snowflake SQL: the only place that puts quotes around anything.

https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The Feature Store keeps an entity as a tag with this prefix, and a feature view as NAME$VERSION.
ENTITY_TAG = "SNOWML_FEATURE_STORE_ENTITY_"

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_STORED_AS_IS = re.compile(r"[A-Z_][A-Z0-9_$]*")


def resolve(identifier: str) -> str:
    """The name an identifier stands for: plain ones fold to upper case, quoted ones stand for themselves."""
    if _PLAIN.fullmatch(identifier):
        return identifier.upper()
    if len(identifier) > 2 and identifier[0] == identifier[-1] == '"':
        return identifier[1:-1].replace('""', '"')
    return identifier


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def identifier(name: str) -> str:
    """For clients that take identifiers, not names, and compare what SHOW returns with them: quotes only where needed."""
    return name if _STORED_AS_IS.fullmatch(name) else quote(name)


def literal(value: str) -> str:
    """For statements that take no bound values (DDL: comments, schedules, handlers)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True)
class Schema:
    database: str
    name: str

    @property
    def sql(self) -> str:
        return f"{quote(self.database)}.{quote(self.name)}"

    def __truediv__(self, name: str) -> Name:
        return Name(self.database, self.name, name)


@dataclass(frozen=True)
class Name:
    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        return ".".join(quote(part) for part in (self.database, self.schema, self.name))

    def __str__(self) -> str:
        return f"{self.database}.{self.schema}.{self.name}"
