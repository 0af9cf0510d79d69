"""The page of what is translated says exactly what the tables of functions have."""

from __future__ import annotations

import re
from pathlib import Path

import mlops_local.account.sql as sql
from mlops_local.account.sql.extensions import INFORMATION_SCHEMA
from mlops_local.account.sql.functions.registry import FUNCTIONS

PAGE = (Path(sql.__file__).parent / "README.md").read_text()


def test_every_function_is_on_the_page_and_no_other() -> None:
    section = PAGE.split("## Functions")[1].split("## Where")[0]
    listed = re.findall(r"`([A-Z0-9_]+)`", section)
    assert sorted(listed) == sorted(FUNCTIONS)


def test_the_views_of_information_schema_are_on_the_page() -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith("| `INFORMATION_SCHEMA`"))
    assert set(re.findall(r"\b[A-Z]{5,}\b", line)) >= {"TABLES", "COLUMNS", "VIEWS", "SCHEMATA", "DATABASES"}
    assert {"TABLES", "COLUMNS", "VIEWS", "SCHEMATA", "DATABASES"} <= set(INFORMATION_SCHEMA)
