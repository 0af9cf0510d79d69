"""The parameter tables of templates/README.md, and the rules that every template keeps."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.yml"))
KINDS = {"stages": "stages", "jobs": "jobs", "steps": "steps", "variables": "variables"}


def load(name: str) -> dict[str, Any]:
    return dict(yaml.load((TEMPLATES / name).read_text(), yaml.BaseLoader))


def documented(name: str) -> list[tuple[str, ...]]:
    """Rows (parameter, type, default) of the section of that file."""
    section = re.search(rf"^## {re.escape(name)}$(.*?)(?=^## |\Z)", (TEMPLATES / "README.md").read_text(), re.M | re.S)
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| .+ \|$", section[1] if section else "", re.M)
    return [(row[0], row[1], row[2].strip("`")) for row in rows]


def as_text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_text(item) for item in value) + "]"
    return str(value) or "empty"


@pytest.mark.parametrize("name", FILES)
def test_the_readme_lists_exactly_the_parameters(name: str) -> None:
    declared = [
        (item["name"], item["type"], as_text(item["default"]) if "default" in item else "required")
        for item in load(name).get("parameters", [])
    ]
    assert documented(name) == declared


@pytest.mark.parametrize("name", FILES)
def test_a_template_holds_parameters_and_the_key_of_its_folder(name: str) -> None:
    folder = name.split("/", maxsplit=1)[0] if "/" in name else "stages"
    assert set(load(name)) - {"parameters"} == {KINDS[folder]}


@pytest.mark.parametrize("name", FILES)
def test_parameters_are_typed_and_camel_case(name: str) -> None:
    for item in load(name).get("parameters", []):
        assert "type" in item
        assert re.fullmatch(r"[a-z][A-Za-z]*", item["name"])


def test_the_entry_pipeline_stays_small_and_extends() -> None:
    text = (ROOT / "azure-pipelines.yml").read_text()
    assert len(text.splitlines()) <= 60
    assert yaml.load(text, yaml.BaseLoader)["extends"]["template"] == "templates/pipeline.yml"


def test_the_environment_of_the_machine_stands_in_one_file() -> None:
    holding = [name for name in FILES if "SNOWFLAKE_ACCOUNT" in (TEMPLATES / name).read_text()]
    assert holding == ["steps/run-mlops.yml"]


def test_no_step_goes_on_after_an_error() -> None:
    assert not [name for name in FILES if re.search(r"^[ -]*continueOnError:", (TEMPLATES / name).read_text(), re.M)]


def steps_of(name: str) -> list[dict[str, Any]]:
    content = load(name)
    found: list[dict[str, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if set(node) & {"script", "bash", "task", "checkout", "publish"}:
                found.append(node)
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(content)
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_step_is_named_and_its_script_short(name: str) -> None:
    for step in steps_of(name):
        assert step.get("displayName"), step
        assert len(str(step.get("script", step.get("bash", ""))).strip().splitlines()) <= 5


def test_the_tag_that_the_readme_shows_is_that_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert set(re.findall(r"refs/tags/\S+", (TEMPLATES / "README.md").read_text())) == {f"refs/tags/v{version}"}
