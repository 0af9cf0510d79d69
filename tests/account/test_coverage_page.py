"""The page that says what the account does is true: every line of it is looked up in the code or run."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

import mlops_local.account as package
from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session
from mlops_local.account.sql import extensions
from mlops_local.account.sql.functions.registry import FUNCTIONS
from mlops_local.account.statements.dispatch import OBJECT_VERBS
from mlops_local.account.statements.kind import Kind
from mlops_local.account.statements.kinds import KINDS
from mlops_local.account.statements.verbs import VERBS
from mlops_local.account.wire.app import Wire

PAGE = (Path(package.__file__).parent / "README.md").read_text()
SQL_PAGE = (Path(package.__file__).parent / "sql" / "README.md").read_text()
STATUSES = {"full", "partial", "refused"}
OBJECT_COLUMNS = ("CREATE", "ALTER", "DROP", "UNDROP", "SHOW", "DESCRIBE")
# Answered where FROM is read rather than through the table of table functions.
BUILT_IN_TABLE_FUNCTIONS = {"FLATTEN", "SPLIT_TO_TABLE"}
# The name under which a statement reads rows of its own; users cannot give them.
INTERNAL = {"SYSTEM$RELATION"}


def section(title: str, page: str = PAGE) -> str:
    return re.split(rf"^## {title}$", page, flags=re.MULTILINE)[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The rows of the first table of a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def heading(kind: Kind) -> str:
    return kind.words or kind.plural


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with Account.open(None) as opened:
        yield opened


@pytest.fixture(scope="module")
def prepared(account: Account) -> Iterator[Session]:
    made = account.open_session("ADMIN", role="ACCOUNTADMIN")
    for text in (
        "CREATE DATABASE D",
        "CREATE WAREHOUSE W",
        "CREATE ROLE R",
        "CREATE TABLE T (A INT, B VARCHAR)",
        "CREATE TABLE U (A INT)",
        "CREATE VIEW V AS SELECT A FROM T",
        "CREATE STAGE ST",
        "CREATE TAG TG",
        "CREATE DYNAMIC TABLE DT TARGET_LAG = '1 hour' WAREHOUSE = W AS SELECT A FROM T",
        "CREATE TASK TK WAREHOUSE = W AS SELECT 1",
        "CREATE PROCEDURE P(A INT) RETURNS INT LANGUAGE SQL AS 'BEGIN RETURN a; END'",
    ):
        made.run(text)
    yield made
    made.close()


@pytest.fixture
def session(prepared: Session) -> Session:
    prepared.run("USE SCHEMA D.PUBLIC")
    return prepared


# Objects


def test_every_kind_is_on_the_page_and_no_other() -> None:
    assert [row[0] for row in table("Kinds of objects")] == sorted(heading(kind) for kind in KINDS)


def test_a_kind_refuses_what_the_page_says_it_refuses_and_nothing_else() -> None:
    kinds = {heading(kind): kind for kind in KINDS}
    for name, *cells in table("Kinds of objects"):
        assert set(cells) <= STATUSES, name
        for verb, status in zip(OBJECT_COLUMNS, cells, strict=True):
            offered = getattr(kinds[name], verb.lower()) is not None
            assert offered == (status != "refused"), f"{verb} {name}"


REFUSED_OBJECTS = [
    (verb, kind)
    for kind in KINDS
    for verb in OBJECT_COLUMNS
    if getattr(kind, verb.lower()) is None and (kind.words if verb != "SHOW" else kind.plural)
]


@pytest.mark.parametrize(("verb", "kind"), REFUSED_OBJECTS, ids=lambda value: value if isinstance(value, str) else heading(value))
def test_a_refused_statement_names_the_kind(session: Session, verb: str, kind: Kind) -> None:
    words = kind.plural if verb == "SHOW" else kind.words
    with pytest.raises(AccountError, match=f"Unsupported feature '{verb} {words}'"):
        session.run(f"{verb} {words} X")


def test_every_partial_kind_has_a_note() -> None:
    notes = section("Kinds of objects").split("Notes, by kind:")[1]
    named = {name.strip() for bold in re.findall(r"\*\*([A-Z, ]+)\*\*", notes) for name in bold.split(",")}
    partial = {name for name, *cells in table("Kinds of objects") if "partial" in {*cells[:4], cells[5]}}
    assert partial <= named


# Verbs


def test_every_verb_is_on_the_page_and_no_other() -> None:
    listed = {verb for row in table("Verbs") for verb in code(row[0])}
    assert listed == set(VERBS) | set(OBJECT_VERBS)


def test_every_verb_has_a_status_and_a_partial_one_a_note() -> None:
    for row in table("Verbs"):
        assert row[1] in STATUSES
        assert row[1] == "full" or row[2]


@pytest.mark.parametrize("text", [code(row[0])[0] for row in table("Accepted, and without effect here")])
def test_is_accepted(session: Session, text: str) -> None:
    session.run(text)


@pytest.mark.parametrize(("word", "text"), [(row[0], code(row[1])[0]) for row in table("Refused")])
def test_is_refused_by_name(session: Session, word: str, text: str) -> None:
    with pytest.raises(AccountError) as refusal:
        session.run(text)
    assert word.lower() in refusal.value.message.lower()
    assert "SQL compilation error" in refusal.value.message


# Functions


def test_every_function_is_on_one_of_the_pages() -> None:
    assert set(FUNCTIONS) <= set(code(section("Functions", SQL_PAGE)))


def listed(beginning: str) -> set[str]:
    """The names of one item of the list of functions, whose lines may be broken."""
    items = re.split(r"^- ", section("Functions"), flags=re.MULTILINE)
    return set(code(next(item for item in items if item.startswith(beginning))))


def test_functions_of_other_rooms_are_on_the_page_and_no_others() -> None:
    importlib.import_module("mlops_local.serve")
    assert listed("table functions") == (set(extensions.TABLE_FUNCTIONS) - INTERNAL) | BUILT_IN_TABLE_FUNCTIONS
    assert listed("system functions") == set(extensions.SYSTEM_FUNCTIONS)
    assert listed("views of INFORMATION_SCHEMA") == set(extensions.INFORMATION_SCHEMA)
    assert listed("views of SNOWFLAKE") == set(extensions.ACCOUNT_USAGE)
    assert listed("read by FROM") == set(extensions.OBJECT_SOURCES)


# HTTP and clients


def test_every_path_is_on_the_page_and_no_other(account: Account) -> None:
    wire = Wire(account)
    try:
        assert {path for row in table("HTTP") for path in code(row[0])} == {
            route.path for route in wire.app().routes if isinstance(route, Route)
        }
    finally:
        wire.close()


@pytest.mark.parametrize(("client", "version"), table("Clients"))
def test_the_clients_are_those_of_the_page(client: str, version: str) -> None:
    assert importlib.metadata.version(client) == version
