"""`${{ if }}`, `${{ each }}`, `${{ insert }}`, expressions in keys and values, and the order of variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Project = Any
Scripts = Callable[[str], list[str]]


def test_a_branch_is_taken_once(steps_of: Scripts) -> None:
    assert steps_of("""
        steps:
        - ${{ if false }}:
          - script: a
        - ${{ elseif true }}:
          - script: b
        - ${{ elseif true }}:
          - script: c
        - ${{ else }}:
          - script: d
        - script: e
        """) == ["b", "e"]


def test_two_equal_keys_in_one_mapping_are_two_questions(project: Project) -> None:
    (step,) = project.root("""
        steps:
        - script: x
          env:
            ${{ if true }}:
              A: 1
            ${{ if true }}:
              B: 2
            ${{ else }}:
              C: 3
        """).steps()
    assert step["env"] == {"A": 1, "B": 2}


def test_each_over_a_list_a_mapping_and_nothing(steps_of: Scripts) -> None:
    assert steps_of("""
        parameters:
        - {name: list, type: object, default: [x, {y: z}]}
        - {name: map, type: object, default: {k1: v1, k2: v2}}
        - {name: none, type: object, default: }
        steps:
        - ${{ each item in parameters.list }}:
          - script: ${{ convertToJson(item) }}
        - ${{ each pair in parameters.map }} :
          - script: ${{ pair.key }}=${{ pair.value }}
        - ${{ each item in parameters.none }}:
          - script: never
        """) == [
        '"x"', '{\n  "y": "z"\n}', "k1=v1", "k2=v2",
    ]  # fmt: skip


def test_each_with_a_mapping_is_one_item(project: Project) -> None:
    (step,) = project.root("""
        parameters:
        - {name: keys, type: object, default: {script: echo, displayName: shown}}
        steps:
        - ${{ each pair in parameters.keys }}:
            ${{ pair.key }}: ${{ pair.value }}
        """).steps()
    assert step == {"script": "echo", "displayName": "shown"}


def test_a_value_that_is_one_expression_keeps_its_type_and_text_around_it_does_not(project: Project) -> None:
    expanded = project.root("""
        parameters:
        - {name: flag, type: boolean, default: false}
        - {name: pool, type: object, default: {vmImage: ubuntu-22.04}}
        - {name: version, type: number, default: 3.50}
        pool: ${{ parameters.pool }}
        steps:
        - script: ${{ parameters.flag }} and ${{ parameters.version }}
          continueOnError: ${{ parameters.flag }}
        """).expand()
    assert expanded["pool"] == {"vmImage": "ubuntu-22.04"}
    (step,) = expanded["stages"][0]["jobs"][0]["steps"]
    assert step == {"script": "False and 3.5", "continueOnError": False}


def test_a_list_in_a_list_is_spliced_and_null_is_dropped(steps_of: Scripts) -> None:
    assert steps_of("""
        parameters:
        - {name: more, type: stepList, default: [{bash: one}]}
        - {name: nothing, type: object, default: {}}
        steps:
        - ${{ if parameters.more }}:
          - script: first
        - ${{ parameters.nothing.absent }}
        - ${{ if true }}:
        - script: last
        """) == ["first", "last"]


def test_variables_are_known_in_order_and_by_scope(project: Project) -> None:
    expanded = project.root("""
        variables:
        - name: later
          value: <${{ variables.first }}>
        - name: first
          value: root
        - name: after
          value: <${{ variables.first }}>
        stages:
        - stage: A
          jobs:
          - job: J
            steps:
            - script: ${{ variables.first }} ${{ variables.own }}
            variables:
              own: job
        - stage: B
          variables:
            first: stage
          jobs:
          - job: J
            steps:
            - script: ${{ variables.first }} [${{ variables.own }}]
        """).expand()
    assert [variable["value"] for variable in expanded["variables"]] == ["<>", "root", "<root>"]
    assert [stage["jobs"][0]["steps"][0]["script"] for stage in expanded["stages"]] == ["root job", "stage []"]


def test_braces_inside_quotes_do_not_close_an_expression(steps_of: Scripts) -> None:
    assert steps_of("steps:\n- script: a ${{ format('}}{0}', 'b') }} ${{ 'x''}}y' }}\n") == ["a }b x'}}y"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("steps:\n- ${{ else }}:\n  - script: a\n", "azure-pipelines.yml:2:3: 'else' must directly follow"),
        (
            "steps:\n- ${{ if true }}:\n  - script: a\n- script: b\n- ${{ else }}:\n  - script: c\n",
            "azure-pipelines.yml:5:3: 'else'",
        ),
        (
            "steps:\n- ${{ if false }}:\n- ${{ else }}:\n  - script: a\n- ${{ else }}:\n  - script: b\n",
            "azure-pipelines.yml:5:3: 'else'",
        ),
        ("steps:\n- ${{ each x in 'text' }}:\n  - script: a\n", "azure-pipelines.yml:2:3: 'each' needs a list or a mapping"),
        ("steps:\n- script: ${{ eq(1) \n", "azure-pipelines.yml:2:11: The expression is not closed"),
        ("steps:\n- ${{ if false }}:\n  - script: ${{ a b }}\n", "azure-pipelines.yml:3:13: Unexpected symbol: 'b'"),
        ("steps:\n- script: ${{ nosuch.x }}\n", "azure-pipelines.yml:2:11: Unrecognized value: 'nosuch'"),
        ("steps:\n- script: a\n  ${{ if true }}:\n    script: b\n", "azure-pipelines.yml:4:5: 'script' is already defined"),
        ("steps:\n- script: a\n  ${{ if true }}:\n  - b\n", "azure-pipelines.yml:4:3: '${{ if true }}' stands in a mapping"),
        (
            "trigger:\n- ${{ 'main' }}\nsteps:\n- script: a\n",
            "azure-pipelines.yml:2:3: A template expression is not allowed in 'trigger'",
        ),
        ("variables:\n  a: [1]\nsteps:\n- script: a\n", "azure-pipelines.yml:2:6: The variable 'a' must be a text"),
    ],
)
def test_mistakes_name_their_place(project: Project, text: str, error: str) -> None:
    assert any(found.startswith(error) for found in project.root(text).errors())


def test_unknown_names_in_a_branch_that_is_not_taken_are_no_mistake(steps_of: Scripts) -> None:
    assert steps_of("steps:\n- ${{ if false }}:\n  - script: ${{ nosuch() }}\n  - ${{ else }}:\n- script: a\n") == ["a"]


def test_a_loop_variable_cannot_be_used_twice(project: Project) -> None:
    errors = project.root("""
        parameters:
        - {name: list, type: object, default: [1]}
        steps:
        - ${{ each x in parameters.list }}:
          - ${{ each X in parameters.list }}:
            - script: a
        """).errors()
    assert errors == ["azure-pipelines.yml:5:5: The name 'X' is already in use; choose another name."]
