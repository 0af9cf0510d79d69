"""One defect in a right pipeline: found before anything runs, with file, line and column."""

from __future__ import annotations

from typing import Any

import pytest

Project = Any

RIGHT = """\
trigger:
  branches:
    include: [main]
variables:
- name: greeting
  value: hello
stages:
- stage: Build
  jobs:
  - job: Compile
    timeoutInMinutes: 5
    steps:
    - task: UsePythonVersion@0
      inputs:
        versionSpec: '3.11'
    - bash: echo $(greeting)
      name: greet
      condition: succeeded()
    - task: PublishTestResults@2
      inputs:
        testResultsFormat: JUnit
        failTaskOnFailedTests: true
- stage: Deploy
  dependsOn: Build
  condition: and(succeeded(), eq(variables['Build.Reason'], 'Manual'))
  variables:
    got: $[ stageDependencies.Build.Compile.outputs['greet.x'] ]
  jobs:
  - deployment: Roll
    environment: test
    strategy:
      runOnce:
        deploy:
          steps:
          - template: steps.yml
            parameters:
              name: x
"""
STEPS = "parameters:\n- name: name\nsteps:\n- script: echo ${{ parameters.name }}\n"

MUTANTS = [
    ("trigger:", "triger:", "1:1", "Unexpected value 'triger'"),
    ("include: [main]", "includes: [main]", "3:5", "Unexpected value 'includes' in a filter"),
    ("  value: hello", "  val: hello", "6:3", "Unexpected value 'val' in a variable"),
    ("stages:", "Stages:", "7:1", "did you mean 'stages'"),
    ("- stage: Build", "- stge: Build", "8:3", "Unexpected value 'stge': a stage begins with"),
    ("- stage: Build", "- stage: 1 Build", "8:10", "'1 Build' is not a valid name"),
    ("- stage: Build", "- stage: deploy", "23:3", "The stage 'Deploy' exists twice"),
    ("  jobs:\n  - job: Compile", "  jbos:\n  - job: Compile", "9:3", "Unexpected value 'jbos' in a stage"),
    ("- job: Compile", "- jobb: Compile", "10:5", "Unexpected value 'jobb': a job begins with"),
    ("timeoutInMinutes: 5", "timeoutInMinutes: soon", "11:23", "A number is expected here, not 'soon'"),
    ("timeoutInMinutes: 5", "timeoutinMinutes: 5", "11:5", "did you mean 'timeoutInMinutes'"),
    ("UsePythonVersion@0", "UsePythonVersion", "13:13", "has no version"),
    ("UsePythonVersion@0", "UsePythonVersion@9", "13:13", "This agent knows UsePythonVersion@0"),
    ("versionSpec: '3.11'", "version: '3.11'", "15:9", "UsePythonVersion@0 has no input 'version'"),
    ("versionSpec: '3.11'", "versionSpec: ''", "13:13", "UsePythonVersion@0 needs the input 'versionSpec'"),
    ("versionSpec: '3.11'", "versionSpec: ['3.11']", "15:22", "A text is expected here, not a list"),
    ("- bash: echo", "- bsh: echo", "16:7", "Unexpected value 'bsh': a step begins with"),
    ("      name: greet", "      nmae: greet", "17:7", "Unexpected value 'nmae' in a bash step"),
    ("condition: succeeded()", "condition: suceeded()", "18:18", "Unrecognized function: 'suceeded'"),
    ("condition: succeeded()", "condition: succeeded(", "18:18", "Unexpected end of expression"),
    ("condition: succeeded()", "condition: eq(dependencies.A.result, 1)", "18:18", "Unrecognized value: 'dependencies'"),
    ("JUnit", "JUnits", "21:9", "is one of JUnit, NUnit"),
    ("failTaskOnFailedTests: true", "failTaskOnFailedTests: maybe", "22:9", "is true or false, not 'maybe'"),
    ("dependsOn: Build", "dependsOn: Built", "24:14", "The stage 'Deploy' depends on 'Built', which does not exist"),
    ("dependsOn: Build", "dependsOn: {a: b}", "24:14", "A text is expected here, not a mapping"),
    ("dependsOn: Build", "dependsOn: Deploy", "23:3", "These stages wait for each other: Deploy -> Deploy"),
    ("eq(variables['Build.Reason'], 'Manual')", "eq(variables['Build.Reason'])", "25:14", "eq() does not take 1 arguments"),
    ("'Manual'))", '"Manual"))', "25:14", "Unexpected symbol"),
    ("$[ stageDependencies", "$[ stageDependency", "27:10", "Unrecognized value: 'stageDependency'"),
    ("deployment: Roll", "deployment: Deploy", "29:5", "may not be called 'deploy'"),
    ("    environment: test\n", "    environments: test\n", "30:5", "Unexpected value 'environments' in a deployment job"),
    ("      runOnce:", "      runTwice:", "32:7", "Unexpected value 'runTwice' in a deployment strategy"),
    ("template: steps.yml", "template: step.yml", "35:23", "The file step.yml does not exist"),
    ("template: steps.yml", "template: steps.yml@other", "35:23", "The repository alias 'other' is not defined"),
    ("              name: x", "              nam: x", "37:15", "Unexpected parameter 'nam'"),
    ("            parameters:\n              name: x\n", "", "35:23", "A value for the 'name' parameter must be provided"),
    ("    - bash: echo $(greeting)", "    - bash: echo $(greeting)\n      bash: twice", "17:7", "'bash' is already defined"),
    ("    - bash: echo $(greeting)", "    -bash: echo $(greeting)", "", "This is not YAML"),
]


def _right(project: Project) -> Project:
    project.file("steps.yml", STEPS)
    return project.root(RIGHT)


def test_without_a_defect_there_is_no_error(project: Project) -> None:
    assert [stage["stage"] for stage in _right(project).expand()["stages"]] == ["Build", "Deploy"]


@pytest.mark.parametrize(("old", "new", "place", "sentence"), MUTANTS, ids=[f"{new.strip()[:40]}" for _, new, _, _ in MUTANTS])
def test_a_defect_is_found_at_its_place(project: Project, old: str, new: str, place: str, sentence: str) -> None:
    assert RIGHT.count(old) == 1
    _right(project)
    errors = project.root(RIGHT.replace(old, new)).errors()
    assert any(f"azure-pipelines.yml:{place}" in error and sentence in error for error in errors), errors


def test_a_defect_in_a_template_is_reported_there(project: Project) -> None:
    _right(project)
    project.file("steps.yml", STEPS.replace("- script: echo", "- scirpt: echo"))
    assert project.errors() == [
        "steps.yml:4:3: Unexpected value 'scirpt': a step begins with one of task, script, bash, pwsh, powershell, "
        "checkout, publish, download, downloadBuild, getPackage, reviewApp or template."
    ]


# A key that the task behind a short form has as an input, or another form of the same thing has, and this one does not.
# https://learn.microsoft.com/azure/devops/pipelines/yaml-schema
FOREIGN = [
    ("trigger: {enabled: false}\nsteps: [{script: a}]", "enabled", "a trigger"),
    ("pr: {enabled: false}\nsteps: [{script: a}]", "enabled", "a pr trigger"),
    ("steps: [{download: current, artifact: a, path: b}]", "path", "a download step"),
    ("steps: [{publish: a, path: b}]", "path", "a publish step"),
    ("steps: [{pwsh: a, warningPreference: stop}]", "warningPreference", "a pwsh step"),
    ("steps: [{powershell: a, progressPreference: stop}]", "progressPreference", "a powershell step"),
    ("steps: [{bash: a, arguments: b}]", "arguments", "a bash step"),
]


@pytest.mark.parametrize(("text", "key", "where"), FOREIGN, ids=[f"{where} {key}" for _, key, where in FOREIGN])
def test_a_key_of_another_form_is_refused(project: Project, text: str, key: str, where: str) -> None:
    (error,) = project.root(text).errors()
    assert f"Unexpected value '{key}' in {where}" in error


def test_all_mistakes_are_reported_at_once(project: Project) -> None:
    _right(project)
    text = RIGHT.replace("dependsOn: Build", "dependsOn: Built").replace("UsePythonVersion@0", "UsePythonVersion")
    assert len(project.root(text).errors()) == 2
    text = RIGHT.replace("triger:", "trigger:").replace("timeoutInMinutes: 5", "timeout: 5").replace("- bash:", "- bsh:")
    assert len(project.root(text).errors()) == 2


def test_a_circle_is_shown(project: Project) -> None:
    errors = project.root("""
        jobs:
        - {job: A, dependsOn: C, steps: [{script: a}]}
        - {job: B, dependsOn: A, steps: [{script: a}]}
        - {job: C, dependsOn: [B], steps: [{script: a}]}
        """).errors()
    assert errors == ["azure-pipelines.yml:2:3: These jobs wait for each other: A -> C -> B -> A."]
