"""Jobs and steps as they run: order, conditions, results, outputs, and that each job starts from nothing."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.run import FolderTaken, alone_in

Project = Any


def test_every_job_starts_from_nothing(project: Project) -> None:
    project.file("source.txt", "from the repository\n")
    ran = project.root("""
        jobs:
        - job: A
          steps:
          - script: |
              cat source.txt
              touch left-behind "$HOME/left-behind" "$TMPDIR/left-behind" "$PIPELINE_WORKSPACE/left-behind"
              echo changed > source.txt
              export LEAKED=1
        - job: B
          dependsOn: A
          steps:
          - bash: |
              cat source.txt
              find "$AGENT_HOMEDIRECTORY" -name left-behind
              echo "[$LEAKED] [$PYTEST_CURRENT_TEST] [$SNOWFLAKE_PASSWORD]"
            name: look
        """).run()
    assert ran.verdict == "Succeeded"
    assert ran.log("look") == ["from the repository", "[] [] []"]
    assert not any((project.cache / "agents").glob("[0-9]*/"))


def test_the_work_tree_is_what_jobs_get(project: Project) -> None:
    project.file("kept.txt", "old\n")
    project.file("removed.txt", "x\n")
    project.file(".gitignore", "ignored.txt\nout/\n")
    project.root("""
        steps:
        - script: ls; cat kept.txt; git status --short; git log --format=%s; git rev-parse HEAD | grep -c $BUILD_SOURCEVERSION
          name: look
        """)
    for command in ("init -q", "add .", "-c user.name=n -c user.email=e@localhost commit -qm first"):
        _git(project, command)
    project.file("kept.txt", "new\n")
    project.file("untracked.txt", "x\n")
    project.file("ignored.txt", "x\n")
    (project.folder / "removed.txt").unlink()
    files = ["azure-pipelines.yml", "kept.txt", "untracked.txt"]
    changes = [" M kept.txt", " D removed.txt", "?? untracked.txt"]
    assert project.run().log("look") == [*files, "new", *changes, "first", "1"]


def _git(project: Project, command: str) -> None:
    subprocess.run(["git", "-C", str(project.folder), *command.split()], check=True, capture_output=True)


def test_deployments_check_out_nothing_and_get_artifacts(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: Build
          steps:
          - script: mkdir -p "$(Build.ArtifactStagingDirectory)/deep" && echo made > "$(Build.ArtifactStagingDirectory)/deep/file"
          - publish: $(Build.ArtifactStagingDirectory)
            artifact: drop
        - deployment: Roll
          dependsOn: Build
          environment: test
          strategy:
            runOnce:
              deploy:
                steps:
                - script: ls; cat $(Pipeline.Workspace)/drop/deep/file; exit 1
                  name: look
              on:
                failure: {steps: [{script: echo rolled back, name: back}]}
                success: {steps: [{script: echo fine, displayName: fine}]}
        """).run()
    assert ran.log("look")[0] == "made"
    assert ran.log("back") == ["rolled back"]
    assert ran.jobs() == {"Build": "Succeeded", "Roll_deploy": "Failed", "Roll_success": "Skipped", "Roll_failure": "Succeeded"}
    assert ran.verdict == "Failed"
    assert (ran.result.out / "artifacts" / "drop" / "deep" / "file").read_text() == "made\n"


def test_jobs_run_at_the_same_time_and_not_more_than_allowed(project: Project) -> None:
    job = "- {{job: J{0}, steps: [{{script: 'date +%s%N; sleep 0.4; date +%s%N', name: s{0}}}]}}\n"
    ran = project.root("jobs:\n" + "".join(job.format(number) for number in range(3))).run(at_once=2)
    moments = []
    for number in range(3):
        start, end = map(int, ran.log(f"s{number}"))
        moments += [(start, 1), (end, -1)]
    running, most = 0, 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    assert most == 2


@pytest.mark.parametrize(
    ("step", "result"),
    [
        ("{script: 'false; true'}", "Succeeded"),
        ("{script: 'false'}", "Failed"),
        ("{script: 'exit 1', continueOnError: true}", "SucceededWithIssues"),
        ("{script: 'exit 1', enabled: false}", "Succeeded"),
        ("{script: 'exit 1', condition: failed()}", "Succeeded"),
        ("{script: 'echo oops >&2', failOnStderr: true}", "Failed"),
        ("{script: 'echo oops >&2'}", "Succeeded"),
        ("{bash: 'echo \"##vso[task.complete result=Failed;]\"; exit 0'}", "Failed"),
        ("{bash: 'echo \"##vso[task.complete result=SucceededWithIssues;]done\"'}", "SucceededWithIssues"),
        ("{bash: 'echo \"##vso[task.logissue type=error]only said\"'}", "Succeeded"),
        ("{script: 'echo a', condition: \"lt(1, 'abc')\"}", "Failed"),
        ("{script: 'pwd', workingDirectory: absent}", "Failed"),
        ("{task: PythonScript@0, inputs: {scriptSource: inline, script: 'raise SystemExit(3)'}}", "Failed"),
        ("{task: Bash@3, inputs: {filePath: absent.sh}}", "Failed"),
        ("{script: sleep 30, timeoutInMinutes: 0.005}", "Failed"),
    ],
)
def test_results_of_steps(project: Project, step: str, result: str) -> None:
    assert project.root(f"steps:\n- checkout: none\n- {step}\n").run().verdict == result


def test_a_failed_step_is_tried_again(project: Project) -> None:
    ran = project.root("""
        steps:
        - script: echo x >> tries; wc -l < tries; test $(wc -l < tries) -eq 3
          retryCountOnTaskFailure: 5
          name: tries
        """).run()
    assert [line for line in ran.log("tries") if line.strip().isdigit()] == ["1", "2", "3"]
    assert ran.verdict == "Succeeded"


def test_a_job_that_runs_out_of_time_is_cancelled_and_cleans_up(project: Project) -> None:
    started = time.monotonic()
    ran = project.root("""
        jobs:
        - job: Slow
          timeoutInMinutes: 0.01
          steps:
          - script: sleep 60
            displayName: sleeps
          - script: echo not reached
            displayName: after
          - script: echo cleaned
            condition: always()
            name: clean
        - job: Next
          dependsOn: Slow
          steps: [{script: echo a}]
        """).run()
    assert time.monotonic() - started < 20
    assert ran.jobs() == {"Slow": "Canceled", "Next": "Skipped"}
    assert ran.steps()["sleeps"] == "Canceled"
    assert ran.steps()["after"] == "Skipped"
    assert ran.log("clean") == ["cleaned"]


def test_what_steps_leave_running_is_ended_with_the_job(project: Project) -> None:
    mark = project.cache / "mark"
    ran = project.root(f"steps:\n- script: (while sleep 0.05; do date +%s%N > {mark}; done) & sleep 0.2\n").run()
    left = mark.read_text()
    threading.Event().wait(0.2)
    assert (mark.read_text(), ran.verdict) == (left, "Succeeded")


def test_outputs_reach_other_jobs_and_stages_in_every_form(project: Project) -> None:
    ran = project.root("""
        stages:
        - stage: A
          jobs:
          - job: J
            steps:
            - bash: echo "##vso[task.setvariable variable=x;isOutput=true]one"
              name: s
            - bash: echo "$(s.x) $S_X"
              name: same
          - job: M
            strategy:
              matrix:
                left: {side: l}
                right: {side: r}
            steps:
            - bash: echo "##vso[task.setvariable variable=x;isOutput=true]$(side)"
              name: s
          - job: K
            dependsOn: [J, M]
            variables:
              fromJ: $[ dependencies.J.outputs['s.x'] ]
              fromM: $[ dependencies.M.outputs['right.s.x'] ]
            steps: [{bash: echo "$(fromJ) $(fromM)", name: other}]
        - stage: B
          condition: eq(dependencies.A.outputs['J.s.x'], 'one')
          variables:
            far: $[ stageDependencies.A.J.outputs['s.x'] ]
          jobs:
          - job: L
            condition: and(succeeded(), eq(stageDependencies.A.M.outputs['left.s.x'], 'l'))
            steps: [{bash: "echo $(far) $FAR", name: stage}]
        """).run()
    assert ran.verdict == "Succeeded"
    assert [ran.log(name) for name in ("same", "other", "stage")] == [["one one"], ["one r"], ["one one"]]
    assert ran.jobs()["M_left"] == "Succeeded"


def test_a_job_runs_when_its_condition_says_so(project: Project) -> None:
    ran = project.root("""
        jobs:
        - {job: Bad, steps: [{script: exit 1}]}
        - {job: Tolerated, continueOnError: true, steps: [{script: exit 1}]}
        - {job: AfterBad, dependsOn: Bad, steps: [{script: a}]}
        - {job: AfterSkipped, dependsOn: AfterBad, steps: [{script: a}]}
        - {job: AfterTolerated, dependsOn: Tolerated, steps: [{script: echo a}]}
        - {job: Always, dependsOn: [Bad, AfterSkipped], condition: always(), steps: [{script: echo a}]}
        - {job: Failed, dependsOn: AfterSkipped, condition: failed(), steps: [{script: echo a}]}
        - {job: Named, dependsOn: [Bad, Tolerated], condition: "succeeded('Tolerated')", steps: [{script: echo a}]}
        """).run()
    assert ran.jobs() == {
        "Bad": "Failed", "Tolerated": "SucceededWithIssues", "AfterBad": "Skipped", "AfterSkipped": "Skipped",
        "AfterTolerated": "Succeeded", "Always": "Succeeded", "Failed": "Succeeded", "Named": "Succeeded",
    }  # fmt: skip


def test_groups_join_at_their_place_and_scopes_win_in_order(project: Project) -> None:
    project.group("settings", "a: from group\nb: from group\nc: {value: hush hush, secret: true}\n")
    ran = project.root("""
        variables:
        - {name: a, value: before}
        - group: settings
        - {name: b, value: after}
        - {name: d, value: <$(c)>}
        jobs:
        - job: J
          variables: {b2: '[${{ variables.a }}]', q: queue is weaker}
          steps:
          - bash: echo "$(a), $(b), $(b2), $A, [$C] [$D] $(q) $(r)"
            name: show
          - bash: echo "$C ${#C}"
            env: {C: $(c)}
            name: mapped
        """).run(variables={"q": "queue", "r": "queued"})
    assert ran.log("show") == ["from group, after, [before], from group, [] [] queue is weaker queued"]
    assert ran.log("mapped") == ["*** 9"]


def test_a_missing_group_is_refused_before_anything_runs(project: Project) -> None:
    project.root("variables:\n- group: nowhere\nsteps:\n- script: touch ran\n")
    with pytest.raises(WrongPipeline, match=r"azure-pipelines\.yml:2:3: The variable group 'nowhere' does not exist"):
        project.run()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "jobs:\n- job: J\n  pool: {vmImage: windows-latest}\n  steps: [{script: a}]\n",
            "one of windows-latest, and this machine is",
        ),
        ("jobs:\n- job: J\n  pool: server\n  steps: [{script: a}]\n", "runs on the server of Azure DevOps"),
        ("jobs:\n- job: J\n  container: ubuntu:22.04\n  steps: [{script: a}]\n", "wants a container"),
        ("jobs:\n- job: J\n  services: {db: postgres}\n  steps: [{script: a}]\n", "wants service containers"),
        ("steps:\n- pwsh: a\n", "needs the program pwsh"),
        ("steps:\n- script: a\n  target: box\n", "wants the container 'box'"),
    ],
)
def test_what_this_machine_cannot_do_is_refused_with_a_reason(project: Project, text: str, sentence: str) -> None:
    with pytest.raises(WrongPipeline, match=sentence):
        project.root(text).run()


def test_the_record_holds_names_results_and_seconds(project: Project) -> None:
    ran = project.root("""
        stages:
        - stage: A
          displayName: First
          jobs:
          - job: J
            steps:
            - bash: |
                echo "##vso[build.addbuildtag]nice"
                printf '# Title' > s.md
                echo "##vso[task.uploadsummary]$PWD/s.md"
                echo "##vso[task.uploadfile]$PWD/s.md"
                echo "##vso[nosuch.command]x"
              displayName: Say $(Build.Reason)
        """).run()
    written = json.loads((ran.result.out / "run.json").read_text())
    assert (written["result"], written["reason"], written["tags"]) == ("Succeeded", "Manual", ["nice"])
    (stage,) = written["stages"]
    assert (stage["name"], stage["displayName"], stage["result"]) == ("A", "First", "Succeeded")
    step = stage["jobs"][0]["steps"][1]
    assert (step["displayName"], step["task"], step["log"]) == ("Say Manual", "Bash@3", "logs/A/J/02-Say-Manual.log")
    assert 0 < step["seconds"] <= stage["jobs"][0]["seconds"] <= stage["seconds"] <= written["seconds"]
    assert (ran.result.out / "summary.md").read_text() == "# Title\n"
    assert (ran.result.out / "attachments/A/J/files/s.md").exists()
    assert ran.issues() == ["There is no command nosuch.command; it was ignored."]


def test_restricted_targets_and_readonly_variables(project: Project) -> None:
    ran = project.root("""
        variables:
        - {name: fixed, value: 1, readonly: true}
        steps:
        - bash: |
            echo "##vso[task.uploadsummary]x.md"
            echo "##vso[task.setvariable variable=free]2"
          target: {commands: restricted}
        - bash: echo "##vso[task.setvariable variable=fixed]2"
          displayName: breaks the rule
          continueOnError: true
        - bash: echo "$(fixed) $(free)"
          name: show
        """).run()
    assert ran.log("show") == ["1 2"]
    assert ran.steps()["breaks the rule"] == "SucceededWithIssues"
    assert "not allowed in this step" in ran.issues()[0]


def test_settable_variables_may_have_wildcards_and_secrets_that_were_not_set_are_masked(project: Project) -> None:
    ran = project.root("""
        steps:
        - checkout: none
        - bash: |
            echo "##vso[task.setvariable variable=Good]1"
            echo "##vso[task.setvariable variable=BAD;isSecret=true]hidden word"
            echo "##vso[task.prependpath]/nowhere"
            echo "a hidden word"
          target: {settableVariables: [go*]}
          name: sets
        - bash: echo '$(good) $(bad)' "$PATH" | grep -v nowhere
          name: show
        """).run()
    assert ran.log("sets")[-1] == "a ***"
    assert ran.log("show")[0].startswith("1 $(bad) ")
    assert [issue.split("'")[1] for issue in ran.issues()] == ["BAD", "PATH"]


def test_an_output_is_its_steps_own(project: Project) -> None:
    ran = project.root("""
        steps:
        - checkout: none
        - bash: |
            echo "##vso[task.setvariable variable=x;isOutput=true]one"
            echo "##vso[task.setvariable variable=x;isOutput=true]two"
          name: s
        - bash: echo "##vso[task.setvariable variable=s.x]three"
          displayName: other
          continueOnError: true
        - bash: echo "$(s.x)"
          name: show
        """).run()
    assert ran.log("show") == ["two"]
    assert ran.steps()["other"] == "SucceededWithIssues"


def test_a_counter_counts_from_run_to_run(project: Project) -> None:
    project.root("variables: {n: \"$[counter('own', 7)]\"}\nsteps:\n- bash: echo $(n)\n  name: show\n")
    assert [project.run().log("show") for _ in range(2)] == [["7"], ["8"]]


def test_parallel_slices_know_their_position(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: J
          strategy: {parallel: 2}
          steps:
          - bash: echo "$(System.JobPositionInPhase) of $(System.TotalJobsInPhase)"
            displayName: $(System.JobPositionInPhase)
        """).run()
    assert [ran.log(name) for name in ("1", "2")] == [["1 of 2"], ["2 of 2"]]


def test_two_runs_do_not_write_into_one_folder(project: Project) -> None:
    project.root("steps:\n- checkout: none\n")
    with alone_in((project.folder / "out").resolve(), project.cache), pytest.raises(FolderTaken, match="Another run writes into"):
        project.run()
    assert project.run().verdict == "Succeeded"
