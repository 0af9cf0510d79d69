"""Macros, names in the environment, secrets by inheritance, and logging commands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.commands import parse_command, unescape
from mlops_local.agent.counters import Counters
from mlops_local.agent.variables import Variables, environment_name


def variables(**values: str) -> Variables:
    store = Variables(lambda _: None)
    for name, value in values.items():
        store.set(name, value)
    return store


def test_a_macro_is_one_pass_that_leaves_unknown_names() -> None:
    store = variables(a="1", b="$(a)$(nosuch)")
    assert store.expand("$(A) $(b) $(echo hi) $(a") == "1 1$(nosuch) $(echo hi) $(a"


def test_inserted_text_is_not_scanned_again() -> None:
    assert variables(a="$", b="(c)", c="x").expand("$(a)$(b)") == "$(c)"


def test_a_circle_of_variables_ends() -> None:
    store = variables(a="<$(b)>", b="$(a)")
    assert store.expand("$(a)") == "<$(a)>"


@pytest.mark.parametrize(("name", "shown"), [("any.variable", "ANY_VARIABLE"), ("two words", "TWO_WORDS"), ("my-pw", "MY-PW")])
def test_names_in_the_environment(name: str, shown: str) -> None:
    assert environment_name(name) == shown


def test_what_holds_a_secret_is_one() -> None:
    heard: list[str] = []
    store = Variables(heard.append)
    store.set("token", "t0ken", secret=True)
    store.set("url", "https://$(token)@host")
    store.set("open", "x")
    store.set("secret.thing", "x")
    assert set(store.environment()) == {"OPEN"}
    assert heard == ["t0ken"]
    store.set("TOKEN", "new")
    assert (heard, store.get("token")) == (["t0ken", "new"], "new")


@given(st.dictionaries(st.sampled_from("abcd"), st.text("ab$() x", max_size=12)), st.text("abcd$() x", max_size=20))
def test_expanding_ends_and_leaves_text_without_macros_alone(values: dict[str, str], text: str) -> None:
    store = variables(**values)
    expanded = store.expand(text)
    assert isinstance(expanded, str)
    if "$(" not in text:
        assert expanded == text


def test_a_command_is_found_anywhere_in_a_line() -> None:
    command = parse_command("noise ##vso[Task.SetVariable variable=a%3Bb;isOutput=TRUE;]one]two%0Athree%AZP25")
    assert command
    assert (command.name, command.properties, command.data) == (
        "task.setvariable",
        {"variable": "a;b", "isoutput": "TRUE"},
        "one]two\nthree%",
    )
    assert command.flag("isoutput")


@pytest.mark.parametrize("line", ["##vso[task]x", "##vso task.setvariable", "[task.complete]", "##vso[a.b"])
def test_what_is_no_command_is_text(line: str) -> None:
    assert parse_command(line) is None


@given(st.text())
def test_escaping_reads_back(text: str) -> None:
    escaped = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A").replace(";", "%3B").replace("]", "%5D")
    assert unescape(escaped) == text


def test_runs_at_the_same_moment_count_each_for_itself(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: Counters(tmp_path / "counters.json").next("x", 1), range(200)))
    assert sorted(taken) == list(range(1, 201))
