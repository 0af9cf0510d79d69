"""How templates of other people's repositories are used here, and which of them are refused for a good reason."""

from __future__ import annotations

# A plausible value of each type of parameter, as YAML in one line.
BY_TYPE = {
    "string": "value",
    "number": "1",
    "boolean": "true",
    "object": "{}",
    "legacyObject": "{}",
    "step": "{script: echo step}",
    "stepList": "[{script: echo step}]",
    "job": "{job: Given, steps: [{script: echo job}]}",
    "jobList": "[{job: Given, steps: [{script: echo job}]}]",
    "deployment": "{deployment: Given, environment: e, strategy: {runOnce: {deploy: {steps: []}}}}",
    "deploymentList": "[{deployment: Given, environment: e, strategy: {runOnce: {deploy: {steps: []}}}}]",
    "stage": "{stage: Given, jobs: []}",
    "stageList": "[{stage: Given, jobs: []}]",
    "container": "{container: c, image: i}",
    "containerList": "[{container: c, image: i}]",
    "environment": "development",
    "pool": "{vmImage: ubuntu-latest}",
    "filePath": "a/file",
    "secureFile": "file",
    "serviceConnection": "connection",
}

# Template file: uses of it, each a mapping of parameters. Needed where old-style parameters leave out what a template cannot do without.
USES: dict[str, list[str]] = {
    "job--python-tox.yml": [
        "{toxenvs: [py38, py310-lint, docs], os: linux}",
        "toxenvs: [py39]\nos: windows\narchitectures: [x64, x86]\nwheel_tags: true\nname_postfix: _more\n"
        "additional_variables: {A: b}\npre_test:\n- script: echo before",
    ],
    "job--go-test.yml": ["{go_versions: ['1.11.5', '1.12'], os: linux}"],
    "run-tox-env.yml": [
        "tox_version: ''\njobs:\n  docs: null\n  py39:\n    image: [linux, windows, macOs]\n    before:\n    - script: echo before\n"
        "coverage:\n  with_toxenv: coverage\n  for_envs: [py39]",
        "before:\n- script: echo all\njobs:\n  named:\n    name: other\n    py: '3.6'\n    image: [ubuntu-20.04]",
    ],
}

# File and part of the message: why the refusal is right.
REFUSED: dict[tuple[str, str], str] = {}
