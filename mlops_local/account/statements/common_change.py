"""What ALTER does to every kind of object alike: tags, and a comment that changes by itself.

https://docs.snowflake.com/en/user-guide/object-tagging/work
"""

from __future__ import annotations

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Session
from mlops_local.account.statements.named import ROUTINES, read_named
from mlops_local.account.statements.schema_object import read_comment
from mlops_local.account.statements.tagging import read_names, read_values, set_tags, unset_tags
from mlops_local.account.syntax.reader import Reader

# A task changes only while its graph is suspended, its comment too.
_BY_ITSELF = "TASK"


def stands(reader: Reader, kind: str) -> bool:
    """Whether such a change stands behind the name that comes next; the reader stays where it is."""
    place = reader.place
    try:
        reader.path()
        if kind in ROUTINES:
            reader.parenthesised()
        return reader.accept("SET", "TAG") or reader.accept("UNSET", "TAG") or (kind != _BY_ITSELF and _comment_stands(reader))
    except AccountError:
        return False
    finally:
        reader.back_to(place)


def _comment_stands(reader: Reader) -> bool:
    """Nothing but the comment: among other properties it is the kind's to set."""
    if reader.accept("UNSET", "COMMENT"):
        return reader.at_end
    if not reader.accept("SET", "COMMENT"):
        return False
    reader.accept("=")
    reader.string()
    return reader.at_end


def change(session: Session, kind: str, reader: Reader, *, if_exists: bool) -> Result:
    with session.ddl():
        entry = read_named(session, kind, reader, if_exists=if_exists)
        if entry is not None:
            _change(session, entry, reader)
    return status(SUCCEEDED)


def _change(session: Session, entry: Entry, reader: Reader) -> None:
    if reader.accept("SET", "TAG"):
        values = read_values(reader)
        reader.end()
        set_tags(session, entry, values)
    elif reader.accept("UNSET", "TAG"):
        names = read_names(reader)
        reader.end()
        unset_tags(session, entry, names)
    elif reader.accept("UNSET", "COMMENT"):
        session.catalogue.update(entry, comment="")
    else:
        reader.expect("SET")
        session.catalogue.update(entry, comment=read_comment(reader))
