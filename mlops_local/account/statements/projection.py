"""``(column [COMMENT '..'], ..)`` of a view or dynamic table, put over the columns of its query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error
from mlops_local.account.session.session import Session
from mlops_local.account.statements.tagging import TagValues, read_tag_clause, set_tags
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import Column


@dataclass(frozen=True)
class Heading:
    name: str
    comment: str | None = None
    tags: TagValues = ()


def read_headings(reader: Reader) -> list[Heading]:
    """The column list, or nothing when no parenthesis comes next."""
    if not reader.accept("("):
        return []
    headings = [_read_heading(reader)]
    while reader.accept(","):
        headings.append(_read_heading(reader))
    reader.expect(")")
    return headings


def _read_heading(reader: Reader) -> Heading:
    """``name [[WITH] TAG (..)] [COMMENT '..']``."""
    name = reader.identifier()
    tags = read_tag_clause(reader) if reader.token.upper in {"TAG", "WITH"} else ()
    return Heading(name, reader.string() if reader.accept("COMMENT") else None, tags)


def tag_columns(session: Session, entry: Entry, headings: Sequence[Heading]) -> None:
    for heading in headings:
        set_tags(session, entry, heading.tags, column=heading.name)


def head(columns: Sequence[Column], headings: Sequence[Heading]) -> list[Column]:
    """The columns of the query under the names and comments of the list, when there is one."""
    if headings and len(headings) != len(columns):
        raise compilation_error(2026, "42601", "Invalid column definition list")
    named = [
        replace(column, name=heading.name, comment=heading.comment) for column, heading in zip(columns, headings, strict=False)
    ] or list(columns)
    seen: set[str] = set()
    for column in named:
        if column.name in seen:
            raise compilation_error(2025, "42S21", f"duplicate column name '{column.name}'")
        seen.add(column.name)
    return named
