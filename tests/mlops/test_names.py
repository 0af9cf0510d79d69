from __future__ import annotations

import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from mlops.names import Schema, identifier, literal, quote, resolve

ANY = st.text(min_size=1, alphabet=st.characters(exclude_categories=("Cs", "Cc")))


@given(ANY)
def test_a_quoted_name_is_read_back_as_that_name(name: str) -> None:
    column = sqlglot.parse_one(f"SELECT {quote(name)}", read="snowflake").find(exp.Identifier)
    assert column is not None
    assert column.this == name


@given(ANY)
def test_a_literal_is_read_back_as_that_text(text: str) -> None:
    value = sqlglot.parse_one(f"SELECT {literal(text)}", read="snowflake").find(exp.Literal)
    assert value is not None
    assert value.this == text


@given(ANY)
def test_an_identifier_stands_for_its_name(name: str) -> None:
    assert resolve(identifier(name)) == name or '"' in name


def test_names_are_quoted_part_by_part() -> None:
    assert (Schema("D", "s") / 'x"y').sql == '"D"."s"."x""y"'
    assert str(Schema("D", "S") / "T") == "D.S.T"
