"""The TAG clause of CREATE and the SET TAG, UNSET TAG of ALTER, for every kind of object that takes tags.

https://docs.snowflake.com/en/user-guide/object-tagging/introduction
"""

from __future__ import annotations

from collections.abc import Mapping

from mlops_local.account.access.privileges import OWNERSHIP
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.reader import Reader

TagValues = tuple[tuple[tuple[str, ...], str], ...]

_LONGEST = 256
_INSERT = "INSERT INTO account.tag_references (tag, object, value, column_name) VALUES (?, ?, ?, ?)"


def read_tag_clause(reader: Reader) -> TagValues:
    """``[WITH] TAG ( path = 'value', .. )``."""
    reader.accept("WITH")
    reader.expect("TAG", "(")
    values = read_values(reader)
    reader.expect(")")
    return values


def read_values(reader: Reader) -> TagValues:
    """``path = 'value', ..`` as it stands in SET TAG."""
    values = [_value(reader)]
    while reader.accept(","):
        values.append(_value(reader))
    return tuple(values)


def _value(reader: Reader) -> tuple[tuple[str, ...], str]:
    path = reader.path()
    reader.expect("=")
    return path, reader.string()


def read_names(reader: Reader) -> tuple[tuple[str, ...], ...]:
    """``path, ..`` as it stands in UNSET TAG."""
    names = [reader.path()]
    while reader.accept(","):
        names.append(reader.path())
    return tuple(names)


def set_tags(session: Session, entry: Entry, values: TagValues, *, column: str = "") -> None:
    """On the object or one of its columns, in the caller's transaction. A value that the tag does not allow is refused."""
    for path, value in values:
        tag = _usable(session, path, entry)
        _check(tag, value)
        _forget(session, tag, entry, column)
        session.connection.execute(_INSERT, [tag.id, entry.id, value, column])


def copy_tags(session: Session, source: Entry, copy: Entry, ids: Mapping[int, int] | None = None) -> None:
    """The tags of one object, and of its columns, on another too; ``ids`` leads from tags to others that take their place."""
    found = session.connection.fetch("SELECT tag, value, column_name FROM account.tag_references WHERE object = ?", [source.id])
    for tag, value, column in found:
        session.connection.execute(_INSERT, [(ids or {}).get(tag, tag), copy.id, value, column])


def unset_tags(session: Session, entry: Entry, names: tuple[tuple[str, ...], ...], *, column: str = "") -> None:
    for path in names:
        _forget(session, _usable(session, path, entry), entry, column)


def _usable(session: Session, path: tuple[str, ...], entry: Entry) -> Entry:
    """The tag, for who may apply it: APPLY on the tag and ownership of the object, or APPLY TAG on the account.

    https://docs.snowflake.com/en/user-guide/object-tagging/work#access-control-privileges
    """
    tag = session.get("TAG", path)
    session.access.demand("APPLY", tag)
    if not session.access.holds_on_account("APPLY TAG"):
        session.access.demand(OWNERSHIP, entry)
    return tag


def change_column_tags(session: Session, entry: Entry, column: str, reader: Reader) -> bool:
    """``SET TAG ..`` or ``UNSET TAG ..`` behind the name of a column, when one stands here."""
    if reader.accept("SET", "TAG"):
        set_tags(session, entry, read_values(reader), column=column)
    elif reader.accept("UNSET", "TAG"):
        unset_tags(session, entry, read_names(reader), column=column)
    else:
        return False
    return True


def rename_tagged_column(session: Session, entry: Entry, old: str, new: str) -> None:
    session.connection.execute(
        "UPDATE account.tag_references SET column_name = ? WHERE object = ? AND column_name = ?", [new, entry.id, old]
    )


def forget_tagged_column(session: Session, entry: Entry, column: str) -> None:
    session.connection.execute("DELETE FROM account.tag_references WHERE object = ? AND column_name = ?", [entry.id, column])


def _forget(session: Session, tag: Entry, entry: Entry, column: str) -> None:
    session.connection.execute(
        "DELETE FROM account.tag_references WHERE tag = ? AND object = ? AND column_name = ?", [tag.id, entry.id, column]
    )


def _check(tag: Entry, value: str) -> None:
    allowed = tag.properties.get("allowed_values") or []
    if allowed and value not in allowed:
        raise compilation_error(391801, "0A000", f"object tag value '{value}' is not permitted for tag '{tag.name}'.")
    if len(value) > _LONGEST and not value.startswith("{"):
        raise compilation_error(391802, "0A000", f"the value of tag '{tag.name}' is longer than {_LONGEST} characters.")
