"""Declarations without a name of their own, and every mistake of a call at once."""

from __future__ import annotations

from typing import Any

import pytest

Project = Any


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- {type: string}", "azure-pipelines.yml:2:3: A parameter needs a 'name'."),
        ("- name: x\n- name: X", "azure-pipelines.yml:3:9: The parameter 'X' is declared twice."),
    ],
)
def test_wrong_declarations_are_refused(project: Project, text: str, error: str) -> None:
    errors = project.root(f"parameters:\n{text}\nsteps:\n- script: a\n").errors(parameters={"x": "1"})
    assert any(found.startswith(error) for found in errors)


def test_every_mistake_of_a_call_is_reported(project: Project) -> None:
    project.file("t.yml", "parameters:\n- name: a\n- {name: b, type: number}\nsteps:\n- script: x\n")
    errors = project.root("steps:\n- template: t.yml\n  parameters:\n    b: two\n    c: 3\n").errors()
    assert errors == [
        "azure-pipelines.yml:2:13: A value for the 'a' parameter must be provided.",
        "azure-pipelines.yml:4:8: The parameter 'b' is a number; 'two' is not one.",
        "azure-pipelines.yml:5:5: Unexpected parameter 'c'; the template does not declare it.",
    ]
