"""``ALTER kind name {SET | UNSET} TAG ..``, the same for every kind of object.

https://docs.snowflake.com/en/user-guide/object-tagging/work
"""

from __future__ import annotations

from mlops_local.account.errors import AccountError
from mlops_local.account.reader import Reader
from mlops_local.account.result import SUCCEEDED, Result, status
from mlops_local.account.session import Session
from mlops_local.account.statements.named import ROUTINES, read_named
from mlops_local.account.statements.tagging import read_names, read_values, set_tags, unset_tags


def stands(reader: Reader, kind: str) -> bool:
    """Whether a change of tags stands behind the name that comes next; the reader stays where it is."""
    place = reader.place
    try:
        reader.path()
        if kind in ROUTINES:
            reader.parenthesised()
        return reader.accept("SET", "TAG") or reader.accept("UNSET", "TAG")
    except AccountError:
        return False
    finally:
        reader.back_to(place)


def change(session: Session, kind: str, reader: Reader, *, if_exists: bool) -> Result:
    with session.ddl():
        entry = read_named(session, kind, reader, if_exists=if_exists)
        setting = reader.accept("SET", "TAG")
        if setting:
            values = read_values(reader)
        else:
            reader.expect("UNSET", "TAG")
            names = read_names(reader)
        reader.end()
        if entry is not None and setting:
            set_tags(session, entry, values)
        elif entry is not None:
            unset_tags(session, entry, names)
    return status(SUCCEEDED)
