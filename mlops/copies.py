"""Models of one schema in another, with all their versions. No clone of a schema takes them along.

https://docs.snowflake.com/en/sql-reference/sql/create-model, https://docs.snowflake.com/en/sql-reference/sql/alter-model
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from snowflake.snowpark import Row, Session

from mlops.names import Name, Schema, identifier, literal
from mlops.rows import fetch

# The account's own aliases follow from the versions.
_SYSTEM = ("DEFAULT", "FIRST", "LAST")


@dataclass(frozen=True)
class Version:
    """`metadata` is JSON, in which the registry's clients keep the metrics."""

    name: str
    comment: str
    metadata: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Stored:
    """A model as the registry has it; versions in the order in which they were made."""

    name: Name
    comment: str
    default: str
    versions: tuple[Version, ...]

    def find(self, version: str) -> Version | None:
        return next((one for one in self.versions if one.name == version), None)


def read_models(session: Session, schema: Schema) -> list[Stored]:
    rows = fetch(session, f"SHOW MODELS IN SCHEMA {schema.sql}")
    return [_read(session, schema / row["name"], row) for row in rows]


def find_model(session: Session, name: Name) -> Stored | None:
    rows = fetch(session, f"SHOW MODELS IN SCHEMA {Schema(name.database, name.schema).sql}")
    return next((_read(session, name, row) for row in rows if row["name"] == name.name), None)


def copy_all(session: Session, source: Schema, target: Schema) -> None:
    """Within one account, where Snowflake copies the files of a version by itself."""
    for model in read_models(session, source):
        name = target / model.name.name
        there = find_model(session, name)
        known = {version.name for version in there.versions} if there else set()
        for version in model.versions:
            if version.name not in known:
                origin = f"MODEL {model.name.sql} VERSION {identifier(version.name)}"
                add_version(session, name, version, origin, first=not known)
                known.add(version.name)
        settle(session, model, name)
        fetch(session, f"ALTER MODEL {name.sql} SET DEFAULT_VERSION = {identifier(model.default)}")
        _copy_tags(session, model.name, name)


def add_version(session: Session, model: Name, version: Version, origin: str, *, first: bool) -> None:
    """`origin` is what stands behind FROM: a stage with the version's files, or a version of another model."""
    name = identifier(version.name)
    begin = f"CREATE MODEL {model.sql} WITH VERSION {name}" if first else f"ALTER MODEL {model.sql} ADD VERSION {name}"
    fetch(session, f"{begin} FROM {origin}")
    describe_version(session, model, version)


def describe_version(session: Session, model: Name, version: Version) -> None:
    name = identifier(version.name)
    fetch(session, f"ALTER MODEL {model.sql} MODIFY VERSION {name} SET COMMENT = {literal(version.comment)}")
    fetch(session, f"ALTER MODEL {model.sql} MODIFY VERSION {name} SET METADATA = {literal(version.metadata)}")


def settle(session: Session, model: Stored, name: Name) -> None:
    """Comment and aliases, where they are other ones."""
    there = find_model(session, name)
    if there is None:
        return
    if there.comment != model.comment:
        fetch(session, f"ALTER MODEL {name.sql} SET COMMENT = {literal(model.comment)}")
    for version in model.versions:
        own = there.find(version.name)
        for alias in [alias for alias in version.aliases if alias not in own.aliases] if own else ():
            fetch(session, f"ALTER MODEL {name.sql} VERSION {identifier(version.name)} SET ALIAS = {identifier(alias)}")


def _read(session: Session, name: Name, row: Row) -> Stored:
    shown = fetch(session, f"SHOW VERSIONS IN MODEL {name.sql}")
    order = json.loads(row["versions"])
    versions = sorted((_version(one) for one in shown), key=lambda one: order.index(one.name))
    return Stored(name, row["comment"] or "", row["default_version_name"], tuple(versions))


def _version(row: Row) -> Version:
    aliases = tuple(alias for alias in json.loads(row["aliases"] or "[]") if alias not in _SYSTEM)
    return Version(row["name"], row["comment"] or "", row["metadata"] or "{}", aliases)


def _copy_tags(session: Session, source: Name, target: Name) -> None:
    """A tag of the source's database is the one of that name in the target's, where a clone has it too."""
    references = f"{identifier(source.database)}.INFORMATION_SCHEMA.TAG_REFERENCES({literal(source.sql)}, 'MODULE')"
    rows = fetch(session, f"SELECT TAG_DATABASE, TAG_SCHEMA, TAG_NAME, TAG_VALUE, LEVEL FROM TABLE({references})")
    for database, schema, name, value, level in rows:
        if level in ("MODULE", "MODEL"):
            tag = Name(target.database if database == source.database else database, schema, name)
            fetch(session, f"ALTER MODEL {target.sql} SET TAG {tag.sql} = {literal(value)}")
