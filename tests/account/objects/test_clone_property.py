"""A clone of any schema equals its source, and neither side sees what happens to the other afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_local.account.account import Account
from mlops_local.account.session.session import Session

_numbers = itertools.count(1)
TYPES = ["INT", "NUMBER(8,2)", "VARCHAR(20)", "BOOLEAN", "DATE", "VARIANT"]
VALUES = {
    "INT": ["1", "-7", "NULL"],
    "NUMBER(8,2)": ["1.25", "NULL"],
    "VARCHAR(20)": ["'x'", "'it''s'", "''", "NULL"],
    "BOOLEAN": ["TRUE", "NULL"],
    "DATE": ["'2026-01-31'", "NULL"],
    "VARIANT": ["PARSE_JSON('{\"a\": [1]}')", "NULL"],
}


@dataclass(frozen=True)
class Made:
    """A table: its column types and rows; a view over it follows when ``viewed``, a stream when ``streamed``."""

    types: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    viewed: bool
    streamed: bool


@st.composite
def tables(draw: st.DrawFn) -> Made:
    types = tuple(draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3)))
    row = st.tuples(*(st.sampled_from(VALUES[type_]) for type_ in types))
    return Made(types, tuple(draw(st.lists(row, max_size=4))), draw(st.booleans()), draw(st.booleans()))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Account.open(None) as account:
        opened = account.open_session("ADMIN", role="ACCOUNTADMIN")
        opened.run("CREATE DATABASE D")
        yield opened
        opened.close()


def make(session: Session, schema: str, made: list[Made]) -> None:
    session.run(f"CREATE SCHEMA {schema}")
    for i, one in enumerate(made):
        columns = ", ".join(f"C{j} {type_}" for j, type_ in enumerate(one.types))
        session.run(f"CREATE TABLE T{i} ({columns})")
        if one.streamed:
            session.run(f"CREATE STREAM S{i} ON TABLE T{i}")
        for row in one.rows:
            session.run(f"INSERT INTO T{i} SELECT {', '.join(row)}")
        if one.viewed:
            session.run(f"CREATE VIEW V{i} AS SELECT COUNT(*) AS N, MAX(C0::VARCHAR) AS M FROM T{i}")


def content(session: Session, schema: str, made: list[Made]) -> Any:
    """The statements that make the schema, and the rows of its tables and views."""
    relations = [f"T{i}" for i in range(len(made))] + [f"V{i}" for i, one in enumerate(made) if one.viewed]
    rows = [sorted(map(str, session.run(f"SELECT * FROM {schema}.{name}").table.to_pylist())) for name in relations]
    text = session.run(f"SELECT GET_DDL('SCHEMA', '{schema}') AS X").table.column(0)[0].as_py()
    return text.replace(schema, "?"), rows


def change(session: Session, schema: str, made: list[Made], what: int) -> None:
    for i, one in enumerate(made):
        nulls = ", ".join("NULL" for _ in one.types)
        session.run(
            [
                f"INSERT INTO {schema}.T{i} SELECT {nulls}",
                f"DELETE FROM {schema}.T{i}",
                f"ALTER TABLE {schema}.T{i} ADD COLUMN ADDED INT",
                f"ALTER TABLE {schema}.T{i} RENAME COLUMN C0 TO RENAMED",
                f"DROP TABLE {schema}.T{i}",
                f"CREATE OR REPLACE TABLE {schema}.T{i} (Z INT)",
            ][what]
        )


@settings(max_examples=10, deadline=None)
@given(made=st.lists(tables(), min_size=1, max_size=3), what=st.integers(0, 5), on_clone=st.booleans())
def test_a_clone_equals_its_source_and_goes_its_own_way(session: Session, made: list[Made], what: int, on_clone: bool) -> None:
    source, copy = (f"S_{next(_numbers)}X" for _ in range(2))
    make(session, source, made)
    session.run(f"CREATE SCHEMA {copy} CLONE {source}")
    before = content(session, source, made)
    assert content(session, copy, made) == before
    for i, one in enumerate(made):
        if one.streamed:
            assert session.run(f"SELECT * FROM {copy}.S{i}").row_count == 0
    changed, other = (copy, source) if on_clone else (source, copy)
    change(session, changed, made, what)
    assert content(session, other, made) == before
    session.run(f"DROP SCHEMA {changed}")
    assert content(session, other, made) == before
