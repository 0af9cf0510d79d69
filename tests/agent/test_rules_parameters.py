"""Parameters, rule by rule: declarations, every type, what reaches a template of a typed list.

https://learn.microsoft.com/azure/devops/pipelines/process/template-parameters
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_local.agent.declarations import TYPES
from tests.agent.rules import Rule, check, params

Project = Any
SHOW = "steps:\n- script: <${{ convertToJson(parameters.x) }}>\n"


def declared(says: str, declaration: str, *, given: str | None = None, shows: str = "", error: str = "") -> Rule:
    """One parameter of a pipeline, and what `convertToJson` shows of it."""
    parameters = {} if given is None else {"x": given}
    root = f"parameters:\n- {{name: x, {declaration}}}\n{SHOW}"
    if error:
        return Rule(says, root, parameters=parameters, errors=[error])
    return Rule(says, root, parameters=parameters, scripts=[f"<{shows}>"])


TYPE_RULES = [
    declared("a parameter without a type is a string", "default: 3.10", shows='"3.10"'),
    declared("a string keeps what YAML would make a boolean", "type: string, default: true", shows='"true"'),
    declared("an empty default of a string is an empty text", "default: ", shows='""'),
    declared(
        "a string takes no list", "type: string, default: [a]", error="2:36: The parameter 'x' is a string; a list is given."
    ),
    declared("a number takes whatever looks like one", "type: number", given=" -1,000.50 ", shows="-1000.5"),
    declared("a number takes no other text", "type: number", given="1e3", error="is a number; '1e3' is not one."),
    declared("a boolean takes true in any case, quoted too", "type: boolean, default: 'TRUE'", shows="true"),
    declared("a boolean takes no other word", "type: boolean, default: yes", error="2:37: The parameter 'x' is a boolean; 'yes'"),
    declared("a stringList holds texts", "type: stringList, default: [a, 1, true]", shows='[\n  "a",\n  "1",\n  "true"\n]'),
    declared("a stringList is given as a list", "type: stringList", given="[a, b]", shows='[\n  "a",\n  "b"\n]'),
    declared("a stringList takes no mappings", "type: stringList, default: [{a: b}]", error="one of its items is a mapping"),
    declared(
        "an object keeps what YAML makes of plain scalars",
        "type: object, default: {a: true, b: 'true', c: 1.50, d: , e: ~, f: on, g: 0o7, h: x, i: -2}",
        shows='{\n  "a": true,\n  "b": "true",\n  "c": 1.5,\n  "d": null,\n  "e": null,\n  "f": "on",\n  "g": "0o7",\n'
        '  "h": "x",\n  "i": -2\n}',
    ),
    declared("an object may be a scalar", "type: object, default: 5", shows="5"),
    declared(
        "a legacyObject holds texts",
        "type: legacyObject, default: {a: [true, 1]}",
        shows='{\n  "a": [\n    "true",\n    "1"\n  ]\n}',
    ),
    declared("a pool is a text or a mapping", "type: pool, default: {vmImage: u}", shows='{\n  "vmImage": "u"\n}'),
    declared("a pool is no list", "type: pool, default: [a]", error="is of type pool; a list is given."),
    declared("an environment is a text or a mapping", "type: environment, default: dev", shows='"dev"'),
    declared("a container is a mapping", "type: container, default: {image: i}", shows='{\n  "image": "i"\n}'),
    declared("a container is no text", "type: container, default: i", error="is a container; a mapping must be given."),
    declared(
        "a containerList holds mappings", "type: containerList, default: [i]", error="2:44: The parameter 'x' is a container;"
    ),
    declared("names of things are texts", "type: secureFile, default: 1", shows='"1"'),
    declared("a service connection is a text", "type: serviceConnection, default: {a: b}", error="a mapping is given."),
    declared("a file path is a text", "type: filePath, default: b", given="[a]", shows='"[a]"'),
    declared("a step is one mapping", "type: step, default: [{script: a}]", error="is a step; a mapping must be given."),
    declared("an absent step is null", "type: step, default: ", shows="null"),
    declared("an absent stepList is empty", "type: stepList, default: ", shows="[]"),
    declared(
        "a step begins with a known word", "type: step, default: {scrpt: a}", error="a step begins with one of: task, script"
    ),
    declared("a jobList holds jobs", "type: jobList, default: [{stage: a}]", error="a job begins with one of: job, deployment."),
    declared(
        "a deploymentList holds deployments", "type: deploymentList, default: [{job: a}]", error="begins with one of: deployment."
    ),
    declared("a job is one mapping", "type: job, default: {job: a}", shows='{\n  "job": "a"\n}'),
    declared("a stage is one mapping", "type: stage, default: {stage: a}", shows='{\n  "stage": "a"\n}'),
    declared("a deployment is one mapping", "type: deployment, default: [a]", error="is a deployment; a mapping must be given."),
    declared("a stageList holds stages", "type: stageList, default: [{job: a}]", error="a stage begins with one of: stage."),
    declared("values allow a string exactly", "values: [a, b]", given="A", error="cannot be 'A'; it is one of: a, b."),
    declared("values allow a number by its value", "type: number, values: [1, 2.5]", given="2.50", shows="2.5"),
    declared("values bind each item of a stringList", "type: stringList, values: [a]", given="[a, b]", error="cannot be 'b'"),
    declared("values bind the default", "default: c, values: [a, b]", error="2:22: The parameter 'x' cannot be 'c'"),
    declared(
        "a wrong default is wrong also where it is not used", "type: number, default: y", given="1", error="'y' is not one."
    ),
    declared("values are a list", "default: a, values: a", error="2:33: The 'values' of the parameter 'x' are a list of texts."),
    declared("values have no meaning for an object", "type: object, default: a, values: [a]", error="which has no 'values'."),
    declared("a type is known", "type: text, default: a", error="2:19: The parameter 'x' has the unknown type 'text'."),
    declared("a type is written as it is", "type: Boolean, default: true", error="has the unknown type 'Boolean'."),
    declared(
        "a default is literal",
        "default: '${{ 1 }}'",
        error="2:22: A template expression is not allowed in a parameter declaration",
    ),
    declared("an unknown key is an error", "defualt: a, default: a", error="2:13: Unexpected value 'defualt' in a parameter"),
    declared("a key stands once", "default: a, default: b", error="2:25: 'default' is already defined in this mapping."),
    declared(
        "a parameter without a default must be given", "type: string", error="A value for the 'x' parameter must be provided."
    ),
    declared("names are found in any case", "default: a", given="b", shows='"b"'),
    Rule(
        "every mistake is reported", "parameters: [{name: a}, {name: b}]\nsteps: []\n", errors=["the 'a' param", "the 'b' param"]
    ),
    declared("a list that is no list is one mistake", "type: stringList", given="[a", error="--set x:2:1: This is not YAML"),
    declared("a mistake of the command line is told there", "type: boolean", given="yes", error="--set x:1:1: The parameter 'x'"),
    Rule(
        "an unknown parameter is an error",
        "parameters: []\nsteps: []\n",
        parameters={"y": "1"},
        errors=["Unexpected parameter 'y'; the pipeline does not declare it."],
    ),
    Rule(
        "a stringList is for pipelines, not for templates",
        "steps:\n- template: t.yml\n",
        {"t.yml": "parameters: [{name: x, type: stringList, default: []}]\nsteps: []\n"},
        errors=["t.yml:1:30: The parameter 'x' is a stringList, which a template cannot have; use object."],
    ),
    Rule(
        "an undeclared parameter is an error where it is evaluated",
        "parameters: []\nsteps:\n- script: ${{ or(true, parameters.a) }}\n- script: ${{ parameters.a }}\n",
        errors=["4:11: Unexpected parameter reference 'a'"],
    ),
]

TEMPLATE_RULES = [
    Rule(
        "parameters of a template are bound in any case",
        "steps:\n- template: t.yml\n  parameters: {Who: you}\n",
        {"t.yml": "parameters: [{name: who}]\nsteps:\n- script: ${{ parameters.WHO }}\n"},
        scripts=["you"],
    ),
    Rule(
        "an old-style parameter has a default and is text",
        "steps:\n- template: t.yml\n  parameters: {b: [true]}\n",
        {"t.yml": "parameters: {a: true, b: ''}\nsteps:\n- script: ${{ parameters.a }} ${{ eq(parameters.b[0], 'true') }}\n"},
        scripts=["true True"],
    ),
    Rule(
        "an old-style template takes undeclared parameters and knows the others as null",
        "steps:\n- template: t.yml\n  parameters: {c: 1}\n",
        {"t.yml": "parameters: {a: ''}\nsteps:\n- script: <${{ parameters.c }}${{ parameters.d }}>\n"},
        scripts=["<1>"],
    ),
    Rule(
        "an old-style template takes steps as they are written",
        "steps:\n- template: t.yml\n  parameters: {all: [{script: a}]}\n",
        {"t.yml": "parameters: {all: []}\nsteps:\n- ${{ parameters.all }}\n"},
        scripts=["a"],
    ),
    Rule(
        "a template that declares nothing takes what it is given",
        "steps:\n- template: t.yml\n  parameters: {one: {script: a}}\n",
        {"t.yml": "steps:\n- ${{ parameters.one }}\n"},
        scripts=["a"],
    ),
    Rule(
        "an object is passed on with its types",
        "parameters: [{name: o, type: object, default: {n: 1, t: '1'}}]\nsteps:\n- template: t.yml\n  parameters: {x: '${{ parameters.o }}'}\n",
        {
            "t.yml": "parameters: [{name: x, type: object}]\nsteps:\n- script: ${{ eq(parameters.x.n, '1.0') }} ${{ eq(parameters.x.t, '1.0') }}\n"
        },
        scripts=["True False"],
    ),
    Rule(
        "parameters of a template take directives and inserted mappings",
        """
        parameters: [{name: more, type: object, default: {b: 2}}]
        steps:
        - template: t.yml
          parameters:
            ${{ if true }}:
              a: 1
            ${{ insert }}: ${{ parameters.more }}
        """,
        {"t.yml": "parameters: [{name: a}, {name: b, type: number}]\nsteps:\n- script: ${{ parameters.a }}${{ parameters.b }}\n"},
        scripts=["12"],
    ),
    Rule(
        "parameters of a template are a mapping",
        "steps:\n- template: t.yml\n  parameters: [a]\n",
        {"t.yml": "parameters: [{name: a}]\nsteps: []\n"},
        errors=["3:15: The 'parameters' of a template are a mapping"],
    ),
]


@pytest.mark.parametrize("rule", params([*TYPE_RULES, *TEMPLATE_RULES]))
def test_a_rule_of_parameters(rule: Rule, project: Project) -> None:
    check(rule, project)


def test_every_type_has_a_rule_here() -> None:
    tried = " ".join(rule.root for rule in TYPE_RULES)
    assert {kind for kind in TYPES if f"type: {kind}," not in tried} == set()


SHORT_STEPS = [
    ("script: a\n  workingDirectory: w", "CmdLine@2", {"script": "a", "workingDirectory": "w"}),
    ("bash: a\n  failOnStderr: true", "Bash@3", {"targetType": "inline", "script": "a", "failOnStderr": "true"}),
    ("pwsh: a", "PowerShell@2", {"targetType": "inline", "pwsh": "true", "script": "a"}),
    (
        "powershell: a\n  errorActionPreference: stop",
        "PowerShell@2",
        {"targetType": "inline", "script": "a", "errorActionPreference": "stop"},
    ),
    ("checkout: self\n  clean: true", "6d15af64-176c-496d-b583-fd2ae21d4df4@1", {"repository": "self", "clean": "true"}),
    ("publish: p\n  artifact: a", "PublishPipelineArtifact@1", {"targetPath": "p", "artifact": "a"}),
    (
        "download: current\n  artifact: a",
        "DownloadPipelineArtifact@2",
        {"source": "current", "artifact": "a", "path": "$(Pipeline.Workspace)/a"},
    ),
    ("downloadBuild: current\n  artifact: a", "DownloadBuildArtifacts@0", {"buildType": "current", "artifactName": "a"}),
    ("downloadBuild: all", "DownloadBuildArtifacts@0", {"buildType": "all", "downloadType": "specific"}),
    ("getPackage: p", "DownloadPackage@1", {"definition": "p"}),
    ("reviewApp: r", "ReviewApp@0", {"resourceName": "r"}),
    ("task: Own@1\n  inputs: {a: b}", "Own@1", {"a": "b"}),
]


@pytest.mark.parametrize(("step", "task", "inputs"), SHORT_STEPS, ids=[step.partition("\n")[0] for step, _, _ in SHORT_STEPS])
def test_a_short_step_reaches_a_template_as_its_task(project: Project, step: str, task: str, inputs: dict[str, str]) -> None:
    project.file(
        "t.yml",
        """
        parameters: [{name: step, type: step}]
        steps:
        - script: ${{ parameters.step.task }} ${{ parameters.step.displayName }} ${{ convertToJson(parameters.step.inputs) }}
        """,
    )
    indented = step.replace("\n  ", "\n      ")
    shown = project.root(
        f"steps:\n- template: t.yml\n  parameters:\n    step:\n      {indented}\n      displayName: d\n"
    ).scripts()
    name, display_name, given = shown[0].split(" ", 2)
    assert (name, display_name) == (task, "d")
    assert json.loads(given) == inputs


JOBS = """
stages:
- template: t.yml
  parameters:
    all:
    - stage: S
      dependsOn: R
      pool: p
      variables: {a: 1}
      templateContext: {n: 1, list: [true]}
      jobs:
      - job: J
        container: c
        templateContext: {deep: {n: 1.50}}
        steps: [{script: a, templateContext: {b: true}}]
      - deployment: D
        environment: e.r
        strategy: {runOnce: {deploy: {steps: [{bash: b}]}, on: {failure: {steps: [{bash: c}]}}}}
"""


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("dependsOn[0]", "R"),
        ("pool.name", "p"),
        ("variables[0].name", "a"),
        ("variables[0].value", "1"),
        ("templateContext.n", "1"),
        ("eq(s.templateContext.list[0], 'true')", "True"),
        ("jobs[0].container.alias", "c"),
        ("jobs[0].templateContext.deep.n", "1.50"),
        ("jobs[0].steps[0].task", "CmdLine@2"),
        ("jobs[0].steps[0].templateContext.b", "true"),
        ("jobs[1].environment.name", "e"),
        ("jobs[1].environment.resourceName", "r"),
        ("jobs[1].strategy.runOnce.deploy.steps[0].task", "Bash@3"),
        ("jobs[1].strategy.runOnce.on.failure.steps[0].inputs.script", "c"),
    ],
)
def test_short_forms_in_a_stage_list_are_written_out(project: Project, path: str, shown: str) -> None:
    expression = path if path.startswith("eq(") else f"s.{path}"
    project.file(
        "t.yml",
        "parameters: [{name: all, type: stageList}]\nstages:\n- ${{ each s in parameters.all }}:\n  - stage: X\n    jobs:\n"
        f"    - job: K\n      steps:\n      - script: ${{{{ {expression} }}}}\n",
    )
    assert project.root(JOBS).expand()["stages"][0]["jobs"][0]["steps"][0]["script"] == shown


def test_a_written_out_stage_can_be_used_as_a_stage(project: Project) -> None:
    project.file(
        "t.yml", "parameters: [{name: all, type: stageList}]\nstages:\n- stage: R\n  jobs: []\n- ${{ parameters.all }}\n"
    )
    stage = project.root(JOBS).expand()["stages"][1]
    assert (stage["pool"], stage["dependsOn"]) == ({"name": "p"}, ["R"])
    assert stage["jobs"][1]["environment"] == {"name": "e", "resourceName": "r"}


def test_an_object_is_not_written_out(project: Project) -> None:
    project.file("t.yml", "parameters: [{name: s, type: object}]\nsteps:\n- ${{ parameters.s }}\n")
    assert project.root("steps:\n- template: t.yml\n  parameters: {s: [{script: a}]}\n").steps() == [{"script": "a"}]
