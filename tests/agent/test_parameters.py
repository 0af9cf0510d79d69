"""Declared parameters: types, defaults, allowed values, and every mistake at once."""

from __future__ import annotations

from typing import Any

import pytest

Project = Any


def declare(project: Project, declaration: str, script: str = "${{ parameters.x }}") -> Project:
    return project.root(f"parameters:\n- {{name: x, {declaration}}}\nsteps:\n- script: {script}\n")


@pytest.mark.parametrize(
    ("declaration", "given", "shown"),
    [
        ("type: boolean", "TRUE", "True"),
        ("type: boolean, default: 'false'", None, "False"),
        ("type: number", "1,000.50", "1000.5"),
        ("type: number, values: [1, 2]", "2.0", "2"),
        ("default: no", None, "no"),
        ("type: string, values: [a, b]", "b", "b"),
    ],
)
def test_values_become_their_type(project: Project, declaration: str, given: str | None, shown: str) -> None:
    parameters = {} if given is None else {"X": given}
    assert declare(project, declaration, "<${{ parameters.X }}>").scripts(parameters=parameters) == [f"<{shown}>"]


@pytest.mark.parametrize(
    ("declaration", "given", "sentence"),
    [
        ("type: boolean", "apples", "The parameter 'x' is a boolean; 'apples' is not one."),
        ("type: number", "one", "The parameter 'x' is a number; 'one' is not one."),
        ("type: number", "", "The parameter 'x' is a number; '' is not one."),
        ("values: [a, b]", "A", "The parameter 'x' cannot be 'A'; it is one of: a, b."),
        ("type: stepList", "a: b", "The parameter 'x' is a stepList; a list must be given."),
        ("type: string", None, "A value for the 'x' parameter must be provided."),
    ],
)
def test_wrong_values_are_refused_by_name(project: Project, declaration: str, given: str | None, sentence: str) -> None:
    errors = declare(project, declaration).errors(parameters={} if given is None else {"x": given})
    assert [error for error in errors if error.endswith(sentence)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- {name: x, type: text}", "azure-pipelines.yml:2:19: The parameter 'x' has the unknown type 'text'."),
        ("- {name: x, defualt: 1}", "azure-pipelines.yml:2:13: Unexpected value 'defualt' in a parameter declaration."),
        ("- {type: string}", "azure-pipelines.yml:2:3: A parameter needs a 'name'."),
        ("- name: x\n- name: X", "azure-pipelines.yml:3:9: The parameter 'X' is declared twice."),
        (
            "- {name: x, default: '${{ 1 }}'}",
            "azure-pipelines.yml:2:22: A template expression is not allowed in a parameter declaration",
        ),
    ],
)
def test_wrong_declarations_are_refused(project: Project, text: str, error: str) -> None:
    errors = project.root(f"parameters:\n{text}\nsteps:\n- script: a\n").errors(
        parameters={"x": "1"} if "type: text" not in text else {}
    )
    assert any(found.startswith(error) for found in errors)


def test_every_mistake_of_a_call_is_reported(project: Project) -> None:
    project.file("t.yml", "parameters:\n- name: a\n- {name: b, type: number}\nsteps:\n- script: x\n")
    errors = project.root("steps:\n- template: t.yml\n  parameters:\n    b: two\n    c: 3\n").errors()
    assert errors == [
        "azure-pipelines.yml:2:13: A value for the 'a' parameter must be provided.",
        "azure-pipelines.yml:4:8: The parameter 'b' is a number; 'two' is not one.",
        "azure-pipelines.yml:5:5: Unexpected parameter 'c'; the template does not declare it.",
    ]


def test_an_undeclared_reference_is_an_error_only_when_it_is_evaluated(project: Project) -> None:
    assert project.root("steps:\n- script: ${{ or(true, parameters.nosuch) }}\n").scripts() == ["True"]
    errors = project.root("steps:\n- script: ${{ parameters.nosuch }}\n").errors()
    assert errors[0].startswith("azure-pipelines.yml:2:11: Unexpected parameter reference 'nosuch'")


def test_old_style_parameters_are_text_and_take_undeclared_names(project: Project) -> None:
    project.file("t.yml", "parameters:\n  a: true\nsteps:\n- script: ${{ eq(parameters.a, 'true') }} ${{ parameters.b }}\n")
    assert project.root("steps:\n- template: t.yml\n  parameters: {b: 1}\n").scripts() == ["True 1"]


def test_an_object_keeps_yaml_types(project: Project) -> None:
    scripts = declare(project, "type: object, default: {n: 3, t: '3', b: true}", "${{ convertToJson(parameters.x) }}").scripts()
    assert scripts == ['{\n  "n": 3,\n  "t": "3",\n  "b": true\n}']


def test_queue_time_objects_are_yaml(project: Project) -> None:
    pipeline = declare(project, "type: object", "${{ join('+', parameters.x) }}")
    assert pipeline.scripts(parameters={"x": "[a, b]"}) == ["a+b"]


def test_typed_steps_arrive_as_tasks(project: Project) -> None:
    project.file(
        "t.yml",
        """
        parameters: [{name: steps, type: stepList}]
        steps:
        - ${{ each step in parameters.steps }}:
          - script: ${{ step.task }} ${{ step.inputs.script }} ${{ step.inputs.workingDirectory }}
        """,
    )
    pipeline = project.root("""
        steps:
        - template: t.yml
          parameters:
            steps:
            - script: a
              workingDirectory: w
            - bash: b
            - pwsh: c
            - checkout: none
            - task: Own@1
        """)
    checkout = "6d15af64-176c-496d-b583-fd2ae21d4df4@1"
    assert [script.strip() for script in pipeline.scripts()] == ["CmdLine@2 a w", "Bash@3 b", "PowerShell@2 c", checkout, "Own@1"]


def test_steps_in_a_parameter_may_be_templates_of_the_caller(project: Project) -> None:
    project.file("sub/inner.yml", "steps:\n- script: inner\n")
    project.file("sub/call.yml", "steps:\n- template: ../outer.yml\n  parameters:\n    steps:\n    - template: inner.yml\n")
    project.file("outer.yml", "parameters: [{name: steps, type: stepList}]\nsteps:\n- ${{ parameters.steps }}\n")
    (step,) = project.root("steps:\n- template: sub/call.yml\n").steps()
    assert step["inputs"]["script"] == "inner"
