"""What is left for the run, rule by rule: `$[ expressions ]`, conditions, `$(macros)`, and the traps of running steps.

https://learn.microsoft.com/azure/devops/pipelines/process/variables#understand-variable-syntax
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.rules import Rule, check, params

Project = Any

JOB = "jobs:\n- job: J\n  steps:\n  - script: a\n  "


def value(says: str, expression: str, error: str) -> Rule:
    return Rule(says, f'variables: {{v: "$[ {expression} ]"}}\nsteps: []\n', errors=[error])


PLACES = [
    Rule(
        "a runtime expression knows the run",
        "variables:\n  a: $[ variables['x'] ]\n  b: $[ pipeline.startTime ]\n  c: $[ resources.x ]\n  d: $[ counter(variables.a, 1) ]\nsteps: []\n",
        shows={"variables.0.value": "$[ variables['x'] ]"},
    ),
    Rule(
        "a job's runtime expression knows the jobs before it",
        "jobs:\n- job: A\n- job: B\n  dependsOn: A\n  variables: {v: \"$[ dependencies.A.outputs['s.v'] ]\"}\n",
        shows={"stages.0.jobs.1.variables.0.value": "$[ dependencies.A.outputs['s.v'] ]"},
    ),
    value("parameters are gone when the run begins", "parameters.x", "1:16: Unrecognized value: 'parameters'"),
    value("split is for templates", "split('a', ',')", "1:16: Unrecognized function: 'split'"),
    value("a runtime expression is readable", "eq(1", "1:16: Unexpected end of expression"),
    Rule("counter is for runs", "steps:\n- script: ${{ counter('a', 1) }}\n", errors=["2:11: Unrecognized function: 'counter'"]),
    *(
        Rule(
            f"{where} may be a runtime expression, of known names",
            JOB + text.format("$[ nosuch() ]"),
            errors=["Unrecognized function: 'nosuch'"],
        )
        for where, text in {
            "timeoutInMinutes": 'timeoutInMinutes: "{}"',
            "continueOnError": 'continueOnError: "{}"',
            "container": 'container: "{}"',
            "matrix": 'strategy: {{matrix: "{}"}}',
            "maxParallel": 'strategy: {{parallel: 2, maxParallel: "{}"}}',
            "parallel": 'strategy: {{parallel: "{}"}}',
        }.items()
    ),
]

CONDITIONS = [
    Rule("a step's condition knows variables", "steps:\n- script: a\n  condition: eq(variables.a, 1)\n", scripts=["a"]),
    Rule(
        "a step's condition knows no dependencies",
        "steps:\n- script: a\n  condition: eq(dependencies.A.result, 1)\n",
        errors=["3:14: Unrecognized value: 'dependencies'"],
    ),
    Rule(
        "status functions of a step take no names",
        "steps:\n- script: a\n  condition: succeeded('A')\n",
        errors=["3:14: succeeded() does not take 1 arguments"],
    ),
    Rule(
        "a job's condition knows jobs and jobs of other stages",
        JOB
        + "condition: and(succeeded('A', 'B'), eq(dependencies.A.result, stageDependencies.S.A.result), pipeline.startTime)\n",
        scripts=["a"],
    ),
    Rule(
        "a stage's condition knows stages",
        "stages:\n- stage: S\n  condition: and(not(failed()), eq(dependencies.A.outputs['J.s.v'], 1))\n  jobs: []\n",
        shows={"stages.0.stage": "S"},
    ),
    Rule(
        "a stage's condition knows no jobs of other stages",
        "stages:\n- stage: S\n  condition: eq(stageDependencies.A.J.result, 1)\n  jobs: []\n",
        errors=["3:14: Unrecognized value: 'stageDependencies'"],
    ),
    Rule("always takes nothing", JOB + "condition: always(1)\n", errors=["always() does not take 1 arguments"]),
    Rule("a condition is readable", JOB + "condition: succeeded() && true\n", errors=["Unexpected symbol: '&&'"]),
]


@pytest.mark.parametrize("rule", params([*PLACES, *CONDITIONS]))
def test_a_rule_of_what_is_left_for_the_run(rule: Rule, project: Project) -> None:
    check(rule, project)


def test_macros_scopes_and_environment(project: Project) -> None:
    """One run for all, because a run costs time."""
    ran = project.root("""
        variables:
        - {name: scope, value: root}
        - {name: only.root, value: r}
        - {name: deep, value: <$(scope)$(later)>}
        - {name: later, value: z}
        - {name: circle, value: $(circle)}
        - {name: twice, value: a}
        - {name: TWICE, value: b}
        - {name: two words, value: w}
        - {name: my-name, value: m}
        - {name: empty, value: "$[ variables.nosuch ]"}
        - {name: same, value: "$[ eq(variables.scope, 'ROOT') ]"}
        - {name: text, value: "a $[ variables.scope ]"}
        - {name: endpoint.x, value: hidden}
        stages:
        - stage: S
          variables: {scope: stage}
          jobs:
          - job: J
            variables: {scope: job, fresh: "$(only.root)"}
            steps:
            - bash: |
                echo '$(scope) $(SCOPE) $(fresh) $(deep) $(twice)'
                echo '$(nosuch) $(circle) $(text) $(queued)' $(echo from the shell)
                echo "$SCOPE $ONLY_ROOT $TWO_WORDS [$EMPTY] $SAME $GIVEN"
                env | grep --count '^MY-NAME=m'
                env | grep --count --ignore-case hidden || true
              env: {GIVEN: "$(scope)/$(nosuch)"}
              displayName: shown $(scope)
            - bash: |
                echo "##vso[task.setvariable variable=later]new"
                echo "now $(later)"
              name: sets
            - bash: echo "then $(deep)"
              name: reads
          - job: K
            dependsOn: J
            steps: [{bash: "echo $(scope) $(later)", name: other}]
        """).run(variables={"scope": "queue", "queued": "q"})
    assert ran.log("shown job") == [
        "job job r <jobz> b",
        "$(nosuch) $(circle) a $[ variables.scope ] q from the shell",
        "job r w [] True job/$(nosuch)",
        "1",
        "0",
    ]
    assert ran.log("sets") == ["now z"]
    assert ran.log("reads") == ["then <jobnew>"]
    assert ran.log("other") == ["stage z"]


def test_a_script_goes_on_after_a_failing_command(project: Project) -> None:
    ran = project.root(
        "steps:\n- bash: |\n    false\n    echo on\n  name: a\n- script: |\n    false\n    echo on\n  name: b\n"
    ).run()
    assert (ran.verdict, ran.log("a"), ran.log("b")) == ("Succeeded", ["on"], ["on"])


def test_names_of_inputs_are_read_in_any_case_and_keywords_are_not(project: Project) -> None:
    ran = project.root("steps:\n- task: bash@3\n  inputs: {TARGETTYPE: inline, Script: echo found}\n  name: a\n").run()
    assert ran.log("a") == ["found"]
    assert "did you mean 'displayName'" in project.root("steps:\n- script: a\n  displayname: b\n").errors()[0]
