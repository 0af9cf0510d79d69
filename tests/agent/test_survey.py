"""Mistakes where no branch is taken, and pipelines that only look strange."""

from __future__ import annotations

from typing import Any

import pytest

Project = Any

HEAD = (
    "parameters: [{name: on, type: boolean, default: false}, {name: kind, default: a}, {name: list, type: object, default: [{script: a}]}]\n"
    "steps:\n- script: echo\n"
)
DEAD = HEAD + "- ${{ if parameters.on }}:\n"
LAZY = "parameters: [{name: who}, {name: count, type: number, default: 1}]\nsteps:\n- script: echo ${{ parameters.who }}\n"

FOUND = [
    ("  - script: echo\n    dispalyName: x\n"
    "", "6:5: Unexpected value 'dispalyName' in a script step; did you mean 'displayName'?"),
    ("  - task: Cache@2\n    inputs: {keys: a, path: b}\n", "6:14: Cache@2 has no input 'keys'; did you mean 'key'?"),
    ("  - task: Cache@2\n    inputs: {key: a}\n", "5:11: Cache@2 needs the input 'path'."),
    ("  - script: echo\n    condition: suceeded()\n", "6:16: Unrecognized function: 'suceeded'."),
    ("  - script: echo\n    enabled: maybe\n", "6:14: true or false is expected here, not 'maybe'."),
    ("  - script: echo\n    script: echo\n", "6:5: 'script' is already defined in this mapping."),
    ("  - scirpt: echo\n", "5:5: Unexpected value 'scirpt': a step begins with one of"),
    ("  - template: lazy.yml\n    parameters: {whom: x, who: y}\n"
    "", "6:18: Unexpected parameter 'whom'; the template does not declare it."),
    ("  - template: lazy.yml\n", "5:15: A value for the 'who' parameter must be provided."),
    ("  - template: lazy.yml\n    parameters: {who: x, count: many}\n"
    "", "6:33: The parameter 'count' is a number; 'many' is not one."),
    ("  - template: wrong.yml\n", "wrong.yml:3:14: Unrecognized value: 'nobody'."),
    ("  - template: broken.yml\n", "broken.yml:2:1: This is not YAML"),
    ("  - template: ${{ iif(parameters.on, 'wrong.yml', 'lazy.yml') }}\n"
    "    parameters: {who: x}\n", "wrong.yml:3:14: Unrecognized value"),
    ("  - script: echo\n    env: {$(name): x}\n", "6:11: $(name) is not replaced here, because no variable has a value yet."),
]  # fmt: skip


@pytest.mark.parametrize(("branch", "error"), FOUND, ids=[str(number) for number in range(len(FOUND))])
def test_a_mistake_in_a_branch_that_is_not_taken(project: Project, branch: str, error: str) -> None:
    project.file("lazy.yml", LAZY)
    project.file("wrong.yml", "steps:\n- script: a\n  condition: nobody\n")
    project.file("broken.yml", "steps: [a\n")
    found = project.root(DEAD + branch).errors()
    expected = error if error.partition(":")[0].endswith(".yml") else f"azure-pipelines.yml:{error}"
    assert [each[: len(expected)] for each in found] == [expected], found


RIGHT = [
    # Keywords, quoting and forms that Azure takes.
    "variables: {a: 1, 'b.c': yes}\nsteps:\n- {script: echo, continueOnError: yes, enabled: 'on'}\n",
    "steps:\n-\n- script: echo\n  name:\n",
    "jobs:\n- job:\n  steps:\n  - script: echo\n- job: B\n  dependsOn:\n  steps: [{script: echo}]\n",
    "stages:\n- stage: A\n  jobs:\n- stage: B\n  dependsOn: [a]\n  jobs: [{job: J, steps: [{script: echo}]}]\n",
    "stages:\n- {stage: A, trigger: manual, isSkippable: false, lockBehavior: sequential, templateContext: {x: [1]}, jobs: []}\n",
    "lockBehavior: runLatest\nsteps:\n- script: echo\n",
    "jobs:\n- job: A\n  templateContext: {deep: {er: 1}}\n"
    "  strategy: {matrix: {one: {v: 3.10}}, maxParallel: 2}\n  steps: [{script: echo, templateContext: x}]\n",
    "resources: {repositories: [{repository: 1ES-Templates, type: git, name: P/R}]}\nsteps: [{script: echo}]\n",
    "trigger: {branches: {include: ['*'], exclude: [x]}, tags: [v*]}\npr: none\n"
    "schedules: [{cron: 0 0 1 jan *, branches: [main]}]\nsteps: [{script: echo}]\n",
    # What is only known later.
    "steps:\n- script: echo\n  condition: and(succeeded(), eq(variables['a.b'], 'x'))\n"
    "  timeoutInMinutes: $(limit)\n  env: {A: $(b)}\n",
    "jobs:\n- job: J\n  timeoutInMinutes: $[ variables.limit ]\n"
    "  condition: in(dependencies.K.result, 'Succeeded', 'Failed')\n  dependsOn: K\n  steps: [{script: echo}]\n- job: K\n",
    "steps:\n- task: Cache@2\n  inputs: {KEY: $(k), Path: '${{ variables.p }}x'}\n",
    # Directives in every place.
    HEAD + "- ${{ if parameters.on }}:\n  - error: This cannot be.\n  - 'Neither can this.': error\n",
    HEAD + "- ${{ if parameters.on }}:\n  - assert: 1\n- ${{ else }}:\n",
    HEAD + "- ${{ if parameters.on }}:\n    script: a\n  ${{ else }}:\n    bash: b\n    failOnStderr: true\n",
    HEAD + "- ${{ each step in parameters.list }}:\n  - ${{ each pair in step }}:\n"
    "      ${{ pair.key }}: ${{ pair.value }}\n    target: host\n",
    HEAD + "- ${{ if parameters.on }}:\n  - template: absent.yml\n"
    "  - template: also@nowhere\n  - template: ${{ parameters.kind }}.yml\n",
    HEAD + "- ${{ if parameters.on }}:\n  - template: lazy.yml\n    parameters:\n"
    "      ${{ each p in parameters }}:\n        ${{ p.key }}: ${{ p.value }}\n",
    HEAD + "- ${{ if parameters.on }}:\n  - template: lazy.yml\n    parameters:\n"
    "      ${{ if parameters.on }}: {who: a}\n      ${{ else }}: {who: b}\n",
    HEAD + "- task: Cache@2\n  inputs:\n    ${{ insert }}: {key: a}\n    path: b\n",
    HEAD + "- script: echo\n  ${{ if parameters.on }}: {condition: always()}\n  ${{ else }}: {condition: failed()}\n",
    HEAD + "- task: NoSuch@${{ parameters.kind }}\n".replace("${{ parameters.kind }}", "7") + "  inputs: {any: thing}\n",
    "parameters: [{name: version, default: '3.10'}, {name: share, type: object, default: {rate: 1.50}}, {name: secretName, default: my-key}]\n"
    "steps: [{script: echo}]\n",
    "parameters: [{name: token, default: $(System.AccessToken)}, {name: password, default: ''}]\nsteps: [{script: echo}]\n",
    "variables:\n- ${{ if eq(variables.a, 'b') }}:\n  - group: g\n"
    "- name: c\n  value: $[ counter('x', 1) ]\nsteps: [{script: echo}]\n",
    "${{ if eq(1, 1) }}:\n  steps:\n  - script: echo\n",
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT, ids=[str(number) for number in range(len(RIGHT))])
def test_a_right_pipeline_passes(project: Project, text: str) -> None:
    project.file("lazy.yml", LAZY)
    assert project.root(text).load().pipeline.stages


def test_everything_is_told_at_once(project: Project) -> None:
    project.file("lazy.yml", LAZY.replace("- script", "- scrpt"))
    errors = project.root(
        DEAD
        + "  - template: lazy.yml\n    parameters: {who: '${{ nobody }}'}\n- bash: echo ${{ parameters.none }}\n  conditon: always()\n"
    ).errors()
    assert [error.split(": ")[0] for error in errors] == [
        "azure-pipelines.yml:7:9",
        "azure-pipelines.yml:8:3",
        "lazy.yml:3:3",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("variables: {a: 1}\nextends: {template: vars.yml}\n", "vars.yml:1:1: 'variables' is already defined"),
        ("extends: {template: vars.yml}\n", ""),
        ("variables: [{template: only.yml}]\nsteps: [{script: echo}]\n", ""),
        ("steps: [{template: only.yml}]\n"
        "", "only.yml:1:1: Unexpected value 'variables': a template that is used as a step holds 'steps'."),
        ("parameters: [{name: o, type: object, default: {pythonVersion: 3.10}}]\nsteps: [{script: echo}]\n",
         "azure-pipelines.yml:1:63: Without quotes 3.10 is the number 3.1; write '3.10'."),
        ("stages: [{stage: A, condition: 'eq(stageDependencies.B.J.result, 1)', jobs: []}]\n",
         "azure-pipelines.yml:1:32: Unrecognized value: 'stageDependencies'. Known here: dependencies, pipeline, variables."),
        ("steps: [{script: echo, condition: succeeded('A')}]\n"
        "", "azure-pipelines.yml:1:35: succeeded() does not take 1 arguments."),
        ("variables: [{group: $(name)}]\nsteps: [{script: echo}]\n", "azure-pipelines.yml:1:21: $(name) is not replaced here"),
        ("variables: {a: \"$[ variabels.b ]\"}\nsteps: [{script: echo}]\n"
        "", "azure-pipelines.yml:1:16: Unrecognized value: 'variabels'."),
        ("trigger: none\n", "azure-pipelines.yml:1:1: A pipeline has 'stages', 'jobs' or 'steps', or 'extends' a template"),
    ],
)  # fmt: skip
def test_rules_of_places(project: Project, text: str, error: str) -> None:
    project.file("vars.yml", "variables: {b: 1}\nsteps: [{script: echo}]\n")
    project.file("only.yml", "variables: {b: 1}\n")
    if error:
        found = project.root(text).errors()
        assert [each[: len(error)] for each in found] == [error], found
    else:
        assert project.root(text).load()
