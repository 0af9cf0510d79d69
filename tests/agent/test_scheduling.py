"""Which jobs and stages run, in which order and with which result; deployments with their hooks; time limits."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline

Project = Any

# A has failed, S was skipped, G is good and follows A nevertheless.
GRAPH = """
jobs:
- {job: A, steps: [{checkout: none}, {script: exit 1}]}
- {job: S, condition: false, steps: [{script: a}]}
- {job: G, dependsOn: A, condition: always(), steps: [{checkout: none}]}
"""
# What a job depends on, its condition, and whether it runs.
CONDITIONS = [
    ("", "", True),
    ("S", "", False),
    ("G", "", False),  # what G waited for counts too
    ("G", "succeeded('G')", True),
    ("G", "succeeded('g')", True),
    ("G", "succeeded('A')", False),
    ("G", "failed()", True),
    ("G", "failed('G')", False),
    ("G", "failed('A')", True),
    ("G", "succeeded('nobody')", False),
    ("G", "failed('nobody')", False),
    ("S", "succeededOrFailed()", False),
    ("S", "not(canceled())", True),
    ("S", "always()", True),
    ("", "succeededOrFailed()", True),
    ("A", "succeededOrFailed()", True),
    ("A, S", "succeededOrFailed('S')", False),
    ("A", "canceled()", False),
    ("A", "eq(dependencies.A.result, 'Failed')", True),
]


def _condition(text: str) -> str:
    return f'condition: "{text}",' if text else ""


def test_status_functions_of_jobs(project: Project) -> None:
    jobs = [
        f"- {{job: T{number}, dependsOn: [{on}], {_condition(condition)} steps: [{{checkout: none}}]}}\n"
        for number, (on, condition, _) in enumerate(CONDITIONS)
    ]
    results = project.root(GRAPH + "".join(jobs)).run(at_once=4).jobs()
    actual = [(on, condition, results[f"T{number}"] == "Succeeded") for number, (on, condition, _) in enumerate(CONDITIONS)]
    assert actual == CONDITIONS


def test_stages_use_the_same_functions(project: Project) -> None:
    stage = "- {{stage: {0}, {1} jobs: [{{job: J, steps: [{{checkout: none}}, {{script: {2}}}]}}]}}\n"
    ran = project.root(
        "stages:\n"
        + stage.format("A", "", "exit 1")
        + stage.format("Next", "", "'true'")
        + stage.format("Repair", "dependsOn: [A, Next], condition: \"failed('A')\",", "'true'")
        + stage.format("After", "dependsOn: Repair,", "'true'")
        + stage.format("Named", "dependsOn: Repair, condition: \"succeeded('Repair')\",", "'true'")
        + stage.format("Alone", "dependsOn: [],", "'true'")
    ).run()
    assert ran.stages() == {
        "A": "Failed", "Next": "Skipped", "Repair": "Succeeded", "After": "Skipped", "Named": "Succeeded", "Alone": "Succeeded",
    }  # fmt: skip


def test_runtime_values_decide_about_tolerance_and_time(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: First
          steps:
          - checkout: none
          - bash: echo "##vso[task.setvariable variable=tolerated;isOutput=true]true"
            name: s
        - job: Tolerated
          dependsOn: First
          continueOnError: $[ dependencies.First.outputs['s.tolerated'] ]
          steps: [{checkout: none}, {script: exit 1}]
        - job: Late
          variables: {limit: 0.003}
          timeoutInMinutes: $[ variables.limit ]
          steps: [{checkout: none}, {script: sleep 20}]
        """).run()
    assert ran.jobs() == {"First": "Succeeded", "Tolerated": "SucceededWithIssues", "Late": "Canceled"}


def test_steps_that_clean_up_after_a_cancelled_job_have_a_limit_of_their_own(project: Project) -> None:
    started = time.monotonic()
    ran = project.root("""
        jobs:
        - job: J
          timeoutInMinutes: 0.003
          cancelTimeoutInMinutes: 0.02
          steps:
          - checkout: none
          - {script: sleep 60, displayName: works}
          - {script: echo cleaned, condition: canceled(), displayName: cleans}
          - {script: sleep 60, condition: always(), displayName: hangs}
          - {script: echo no, condition: always(), displayName: too late}
        """).run()
    assert time.monotonic() - started < 15
    steps = {name: ran.steps()[name] for name in ("works", "cleans", "hangs", "too late")}
    assert steps == {"works": "Canceled", "cleans": "Succeeded", "hangs": "Canceled", "too late": "Skipped"}
    assert ran.verdict == "Canceled"


HOOKS = """
    jobs:
    - job: Build
      steps:
      - checkout: none
      - script: echo made > $(Build.ArtifactStagingDirectory)/file
      - {{publish: $(Build.ArtifactStagingDirectory), artifact: drop}}
    - deployment: Roll
      dependsOn: Build
      environment: {{name: test, resourceName: space}}
      strategy:
        runOnce:
          preDeploy:
            steps:
            - bash: |
                ls $(Pipeline.Workspace); touch $(Pipeline.Workspace)/left
                echo "##vso[task.setvariable variable=inside]no"
                echo "##vso[task.setvariable variable=x;isOutput=true]from preDeploy"
              name: s
          deploy: {{steps: [{{bash: 'cd $(Pipeline.Workspace); cat drop/file; ls left; echo "[$INSIDE]"; {deploy}', name: s}}]}}
          routeTraffic: {{steps: [{{bash: 'ls $(Pipeline.Workspace); echo $(Environment.Name) $(Environment.ResourceName)'}}]}}
          postRouteTraffic: {{steps: [{{script: echo $(Strategy.Name)}}]}}
          on:
            failure: {{steps: [{{script: echo back, condition: succeeded()}}]}}
            success: {{steps: [{{script: echo fine}}]}}
    - job: Reads
      dependsOn: Roll
      condition: always()
      variables:
        a: $[ dependencies.Roll.outputs['preDeploy.s.x'] ]
        b: $[ dependencies.Roll.outputs['Roll.s.x'] ]
      steps: [{{checkout: none}}, {{bash: "echo $(a), $(b)", name: reads}}]
    """


@pytest.mark.parametrize(
    ("deploy", "results"),
    [
        ("true", ["Succeeded", "Succeeded", "Succeeded", "Succeeded", "Succeeded", "Skipped"]),
        ("false", ["Succeeded", "Failed", "Skipped", "Skipped", "Skipped", "Succeeded"]),
    ],
)
def test_each_hook_of_a_deployment_is_a_job_of_its_own(project: Project, deploy: str, results: list[str]) -> None:
    ran = project.root(HOOKS.format(deploy=deploy)).run()
    hooks = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "success", "failure")
    assert [ran.jobs()[f"Roll_{hook}"] for hook in hooks] == results
    record = {job.name: [step.display_name for step in job.steps] for job in ran.result.stages[0].jobs}
    assert record["Roll_preDeploy"] == ["Bash"]
    assert record["Roll_deploy"] == ["Download artifacts", "Bash"]
    (stage,) = ran.result.stages
    deployed = next(job for job in stage.jobs if job.name == "Roll_deploy").steps[1]
    lines = (ran.result.out / deployed.log).read_text().splitlines()
    assert lines[0] == "made"
    assert lines[2] == "[]"
    assert ran.log("reads") == ["from preDeploy, from preDeploy"]


def test_outputs_of_deployments_and_legs_reach_later_stages_in_both_forms(project: Project) -> None:
    ran = project.root("""
        stages:
        - stage: A
          jobs:
          - deployment: D
            environment: test
            strategy:
              runOnce:
                deploy: {steps: [{bash: 'echo "##vso[task.setvariable variable=x;isOutput=true]one"', name: s}]}
          - job: M
            strategy: {matrix: {left: {side: l}}}
            steps: [{checkout: none}, {bash: 'echo "##vso[task.setvariable variable=x;isOutput=true]$(side)"', name: s}]
        - stage: B
          condition: and(eq(dependencies.A.outputs['D.D.s.x'], 'one'), eq(dependencies.A.outputs['D.deploy.s.x'], 'one'))
          jobs:
          - job: J
            condition: and(succeeded(), eq(stageDependencies.A.D.outputs['D.s.x'], 'one'))
            variables:
              a: $[ stageDependencies.A.D.outputs['Deploy.s.x'] ]
              b: $[ stageDependencies.A.M.outputs['left.s.x'] ]
            steps: [{checkout: none}, {bash: "echo $(a) $(b)", name: show}]
        - stage: C
          dependsOn: A
          condition: eq(dependencies.A.outputs['M.left.s.x'], 'l')
          jobs: [{job: J, steps: [{checkout: none}]}]
        """).run()
    assert ran.stages() == {"A": "Succeeded", "B": "Succeeded", "C": "Succeeded"}
    assert ran.log("show") == ["one l"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("environment: test\n  strategy: {canary: {increments: [10], deploy: {steps: []}}}", "'canary' needs target machines"),
        ("environment: test\n  strategy: {rolling: {deploy: {steps: []}}}", "'rolling' needs target machines"),
        (
            "environment: {name: e, resourceType: VirtualMachine}\n  strategy: {runOnce: {deploy: {steps: [{script: a}]}}}",
            "leave out resourceType",
        ),
        (
            "environment: e\n  strategy: {runOnce: {deploy: {steps: []}, routeTraffic: {pool: server, steps: []}}}",
            "runs on the server",
        ),
    ],
)
def test_deployments_that_this_machine_cannot_do_are_refused(project: Project, text: str, sentence: str) -> None:
    with pytest.raises(WrongPipeline, match=sentence):
        project.root(f"jobs:\n- deployment: D\n  {text}\n").run()


def test_legs_run_as_many_at_once_as_they_may(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: J
          strategy:
            maxParallel: 1
            matrix: "$[ '{\\"one\\": {\\"n\\": 1}, \\"two\\": {\\"n\\": 2}}' ]"
          steps: [{checkout: none}, {bash: 'date +%s%N; sleep 0.2; date +%s%N', displayName: at $(n)}]
        """).run(at_once=2)
    (start, end), (other_start, other_end) = sorted([int(line) for line in ran.log(f"at {n}")] for n in (1, 2))
    assert start < end < other_start < other_end
    assert list(ran.jobs()) == ["J_one", "J_two"]


def test_a_matrix_without_legs_runs_nothing(project: Project) -> None:
    ran = project.root("jobs:\n- job: J\n  strategy: {matrix: \"$[ '{}' ]\"}\n  steps: [{script: a}]\n").run()
    assert ran.stages() == {"__default": "Skipped"}


@pytest.mark.parametrize(
    ("job", "step", "sentence"),
    [
        ("timeoutInMinutes: $(nope),", "", "'timeoutInMinutes' is a number, not '$(nope)'."),
        ('cancelTimeoutInMinutes: "$[ variables.nope ]",', "", "'cancelTimeoutInMinutes' is a number, not ''."),
        ('strategy: {parallel: "$[ variables.nope ]"},', "", "'parallel' is a number, not ''."),
        ('strategy: {maxParallel: "$[ variables.nope ]", matrix: {a: {}}},', "", "'maxParallel' is a number, not ''."),
        ("strategy: {matrix: \"$[ '[1]' ]\"},", "", "A matrix is a mapping of legs to their variables."),
        ('strategy: {matrix: "$[ \'{\\"a\\": 1}\' ]"},', "", "A matrix is a mapping of legs to their variables."),
        ("", "timeoutInMinutes: $(nope)", "'timeoutInMinutes' is a number, not '$(nope)'."),
        ("", "retryCountOnTaskFailure: $(nope)", "'retryCountOnTaskFailure' is a number, not '$(nope)'."),
    ],
)
def test_a_limit_that_is_not_known_is_no_default(project: Project, job: str, step: str, sentence: str) -> None:
    ran = project.root(f"""
        jobs:
        - {{job: J, {job} steps: [{{checkout: none}}, {{script: 'true', {step}}}]}}
        """).run()
    (record,) = ran.result.stages[0].jobs
    issues = [issue["message"] for part in (record, *record.steps) for issue in part.issues]
    assert (ran.verdict, issues) == ("Failed", [sentence])
