"""The translation as a machine: what it leaves alone, the order of its rules, and that describing and running agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql import identifiers, joins, queries, query, sources, variables
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.functions.registry import FUNCTIONS
from mlops_local.account.sql.generator import generate
from mlops_local.account.sql.parser import parse
from mlops_local.account.sql.rules import RULES, translate_tree
from mlops_local.account.syntax.names import logical, physical
from tests.account.sql.fixture_files import Pair, read_pairs


def _after(later: object, earlier: object) -> bool:
    places = {rule: place for place, rule in enumerate(RULES)}
    return places[later] > places[earlier]  # type: ignore[index]


def test_order_variables_before_names_that_they_spell() -> None:
    assert _after(identifiers.dynamic_identifiers, variables.variables)


def test_order_texts_of_items_before_their_names_change() -> None:
    assert _after(identifiers.physical_names, identifiers.result_names)


def test_order_keys_of_objects_are_texts_before_names_are_folded() -> None:
    assert _after(identifiers.physical_names, identifiers.object_keys)


def test_order_names_are_folded_before_objects_are_looked_up() -> None:
    assert _after(sources.tables, identifiers.physical_names)


def test_order_types_are_known_once_the_sources_are() -> None:
    assert _after(queries.queries, sources.tables)


def test_order_the_match_condition_is_translated_before_it_moves() -> None:
    assert _after(joins.asof_joins, queries.queries)


def test_the_tree_that_is_given_stays_as_it_is(session: Session) -> None:
    session.run("CREATE TABLE T (A INT)")
    tree = parse("SELECT A, COUNT(*) FROM T ASOF JOIN T AS U MATCH_CONDITION (T.A >= U.A) GROUP BY A")
    before = repr(tree)
    with session.transaction():
        translate_tree(tree, Context.of(session))
    assert repr(tree) == before


def _queries() -> Iterator[Pair]:
    for pair in read_pairs():
        if not pair.expected[0].startswith("error") and "LAST_QUERY_ID" not in pair.sql:
            yield pair


@pytest.mark.parametrize("pair", list(_queries()), ids=str)
def test_describing_gives_the_same_columns_as_running(pair: Pair, session: Session) -> None:
    for statement in pair.setup:
        session.run(statement)
    described = session.execute(Request(pair.sql, describe_only=True))
    assert described.columns == session.run(pair.sql).columns
    assert described.row_count == 0


def test_describing_does_not_execute(session: Session) -> None:
    columns = session.execute(Request("SELECT 1 / 0 AS A", describe_only=True)).columns
    assert columns[0].type.sql == "NUMBER(38,6)"


def test_describing_is_no_statement_of_the_session(session: Session) -> None:
    before = list(session.last_query_ids)
    session.execute(Request("SELECT 1", describe_only=True))
    assert session.last_query_ids == before


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_a_physical_name_tells_its_logical_one(name: str) -> None:
    assert logical(physical(name)) == name


@given(st.lists(st.text(alphabet="aAbB~1_", min_size=1, max_size=6), min_size=2, max_size=2, unique=True))
def test_names_that_differ_stay_different_where_case_does_not_count(names: list[str]) -> None:
    assert physical(names[0]).upper() != physical(names[1]).upper()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_a_text_constant_comes_back(text: str) -> None:
    written = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    tree = parse(f"SELECT {written} AS A")
    literal = tree.expressions[0].this
    assert isinstance(literal, exp.Literal)
    assert literal.this == text
    assert generate(literal.copy()) == "'" + text.replace("'", "''") + "'"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numerator=st.integers(-(10**12), 10**12), denominator=st.integers(-(10**6), 10**6).filter(bool))
def test_division_is_exact_to_six_digits_rounded_away_from_zero(session: Session, numerator: int, denominator: int) -> None:
    quotient = session.run(f"SELECT {numerator} / {denominator} AS Q").table.column(0)[0].as_py()
    twice = (2 * abs(numerator) * 10**6 + abs(denominator)) // (2 * abs(denominator))
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    assert int(quotient.scaleb(6)) == sign * twice


def test_every_function_is_entered_in_upper_case() -> None:
    assert all(name == name.upper() for name in FUNCTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        "SELECT read_text('/etc/passwd')",
        "SELECT getenv('HOME')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM account.objects",
        "SELECT * FROM main.t1",
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "SELECT * FROM T1 AT (OFFSET => -1)",
        "SELECT x -> x + 1",
        "SELECT 1 WHERE glob('*')",
    ],
)
def test_nothing_of_duckdb_shines_through(text: str, session: Session) -> None:
    with pytest.raises(AccountError):
        session.run(text)


def test_scalar_sql_translates_one_expression(session: Session) -> None:
    with session.transaction():
        text = query.scalar_sql(session, "IFF(1 > 0, CURRENT_DATABASE(), 'x')")
        assert session.connection.fetch(f"SELECT {text}") == [("D",)]


def test_the_information_schema_is_that_of_a_database(account: Account) -> None:
    bare = account.open_session("ADMIN", role="ACCOUNTADMIN")
    with pytest.raises(AccountError, match="does not have a current database") as caught:
        bare.run("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES")
    assert caught.value.number == 90105
    bare.close()
