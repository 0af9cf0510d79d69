"""Tasks: what each does with its real inputs."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline

Project = Any

CACHED = """
    steps:
    - task: Cache@2
      inputs:
        key: '"words" | lock.txt'
        path: $(Pipeline.Workspace)/kept
        restoreKeys: '"words"'
        cacheHitVar: HIT
    - bash: |
        echo "$HIT $(cat ../kept/file 2>/dev/null)"
        mkdir -p ../kept; echo "$MARK" > ../kept/file
        exit $CODE
      name: show
      env: {MARK: $(mark), CODE: $(code)}
    """


def test_a_cache_is_saved_after_success_and_never_changes(project: Project) -> None:
    project.file("lock.txt", "1\n")
    project.root(CACHED)

    def run(mark: str, code: str = "0") -> str:
        return str(project.run(variables={"mark": mark, "code": code}).log("show")[0])

    assert run("failed", "1") == "false "
    assert run("first") == "false "
    assert run("second") == "true first"
    project.file("lock.txt", "2\n")
    assert run("third") == "inexact first"
    assert run("fourth") == "true third"
    project.file("lock.txt", "1\n")
    assert run("fifth") == "true first"


@pytest.mark.parametrize("place", ["$(Pipeline.Workspace)/made", "../made"])
def test_a_cache_key_may_name_files_beside_the_sources(project: Project, place: str) -> None:
    """https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Plugins/PipelineCache/FingerprintCreator.cs"""
    project.root(f"""
        steps:
        - script: mkdir ../made && echo "$(mark)" > ../made/lock.txt
        - {{task: Cache@2, inputs: {{key: '"{place}" | {place}/*.txt', path: $(Pipeline.Workspace)/kept, cacheHitVar: HIT}}}}
        - bash: echo "$HIT"; mkdir -p ../kept
          name: show
        """)
    hits = [project.run(variables={"mark": mark}).log("show") for mark in ("first", "second", "first")]
    assert hits == [["false"], ["false"], ["true"]]


def test_pull_requests_read_the_caches_of_branches_and_write_their_own(project: Project) -> None:
    project.file("lock.txt", "pull request\n")
    project.root(CACHED.replace("words", "other words"))
    given_ = {"mark": "from the request", "code": "0"}
    assert project.run(variables=given_, reason="PullRequest").log("show") == ["false "]
    assert project.run(variables=given_, reason="PullRequest").log("show") == ["true from the request"]
    assert project.run(variables={**given_, "mark": "from main"}).log("show") == ["false "]


def test_a_cache_key_must_name_files_that_exist(project: Project) -> None:
    ran = project.root("steps:\n- {task: Cache@2, inputs: {key: 'a | no/such.lock', path: x}}\n").run()
    assert ran.issues() == ["The cache key names the file 'no/such.lock', and there is none; put plain text in double quotes."]


def test_results_of_tests_are_counted_and_kept(project: Project) -> None:
    suite = (
        "<testsuite><testcase name='a'/><testcase name='b'><{0}/></testcase><testcase name='c'><skipped/></testcase></testsuite>"
    )
    project.file("deep/TEST-one.xml", suite.format("failure"))
    ran = project.root("""
        steps:
        - task: PublishTestResults@2
          displayName: lenient
        - task: PublishTestResults@2
          displayName: strict
          inputs: {testResultsFormat: junit, failTaskOnFailedTests: true}
        - task: PublishTestResults@2
          condition: always()
          displayName: absent
          inputs: {testResultsFiles: 'none-*.xml'}
        - task: PublishTestResults@2
          condition: always()
          displayName: demanded
          inputs: {testResultsFiles: 'none-*.xml', failTaskOnMissingResultsFile: true}
        """).run()
    steps = ran.steps()
    assert [steps[name] for name in ("lenient", "strict", "absent", "demanded")] == ["Succeeded", "Failed", "Succeeded", "Failed"]
    assert ran.result.facts["tests"] == {"total": 6, "passed": 2, "failed": 2, "skipped": 2}
    assert (ran.result.out / "test-results/__default/Job/TEST-one.xml").exists()


@pytest.mark.parametrize(("strict", "result"), [("false", "Succeeded"), ("true", "Failed")])
def test_a_file_that_is_none_of_results_is_warned_of_or_fails_the_task(project: Project, strict: str, result: str) -> None:
    project.file("TEST-bad.xml", "<testsuite>")
    project.file("TEST-good.xml", "<testsuite><testcase name='a'/></testsuite>")
    ran = project.root(f"""
        steps:
        - task: PublishTestResults@2
          inputs: {{failTaskOnFailureToPublishResults: {strict}}}
        """).run()
    assert (ran.verdict, ran.issues()[0].partition(":")[0]) == (result, "TEST-bad.xml is not a JUnit file")


def test_results_of_every_folder_leg_and_place_are_kept(project: Project) -> None:
    suite = "<testsuite><testcase name='a'/></testsuite>"
    for name in ("a/TEST-x.xml", "b/TEST-x.xml"):
        project.file(name, suite)
    ran = project.root(f"""
        jobs:
        - job: J
          strategy: {{matrix: {{one: {{}}, two: {{}}}}}}
          steps:
          - task: PublishTestResults@2
          - bash: printf %s "{suite}" > $(Agent.TempDirectory)/TEST-y.xml
          - task: PublishTestResults@2
            inputs: {{testResultsFiles: $(Agent.TempDirectory)/TEST-*.xml}}
        """).run()
    assert ran.result.facts["tests"]["total"] == 6
    kept = ran.result.out / "test-results/__default"
    assert sorted(file.relative_to(kept).as_posix() for file in kept.rglob("*.xml")) == [
        f"J_{leg}/TEST-{name}.xml" for leg in ("one", "two") for name in ("x-2", "x", "y")
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("task: PublishTestResults@2, inputs: {testRunner: NUnit}", "is here JUnit; this agent does not act on 'NUnit'."),
        ("task: PublishTestResults@2, inputs: {testRunner: pytest}", "is one of JUnit, NUnit, VSTest, XUnit, CTest, not 'pytest'."),
        ("task: UsePythonVersion@0, inputs: {architecture: x86}", "is here x64 or arm64; this agent does not act on 'x86'."),
        ("task: UsePythonVersion@0, inputs: {allowUnstable: true}", "has no effect on this agent: it takes released versions only"),
        ("task: PublishPipelineArtifact@1, inputs: {publishLocation: filepath, fileSharePath: x}", "is here pipeline; this agent"),
        ("task: DownloadPipelineArtifact@2, inputs: {source: specific}", "DownloadPipelineArtifact@2 needs the input 'project'."),
        ("download: upstream", "The input 'source' of DownloadPipelineArtifact@2 is here current or none; this agent does not act on 'ups"),
        ("task: DownloadBuildArtifacts@0, inputs: {artifactName: a, pipeline: x}", "has no effect on this agent: this agent has the"),
        ("task: PublishBuildArtifacts@1, inputs: {StoreAsTar: true}", "it neither packs nor unpacks archives of artifacts"),
        ("task: Delay@1, inputs: {delayForMinutes: 1}", "Delay@1 runs on the server of Azure DevOps, of which this machine has none"),
        ("task: Bash@2", "This agent knows Bash@3, not Bash@2."),
    ],
)  # fmt: skip
def test_what_a_task_does_not_do_here_is_refused_by_name(project: Project, step: str, said: str) -> None:
    project.root(f"steps:\n- {{{step}}}\n")
    with pytest.raises(WrongPipeline) as caught:
        project.run()
    assert said in str(caught.value)


def test_what_a_variable_hides_from_the_checks_is_refused_by_the_step(project: Project) -> None:
    ran = project.root("""
        variables: {runner: NUnit}
        steps:
        - {task: PublishTestResults@2, inputs: {testRunner: $(runner)}}
        """).run()
    assert ran.issues() == ["The input 'testRunner' of PublishTestResults@2 is here JUnit; this agent does not act on 'NUnit'."]


def test_coverage_is_summed_up(project: Project) -> None:
    project.file("coverage.xml", '<coverage lines-covered="8" lines-valid="10"/>')
    project.file("more/jacoco.xml", '<report><counter type="LINE" missed="4" covered="6"/></report>')
    ran = project.root("""
        steps:
        - {task: PublishCodeCoverageResults@2, inputs: {summaryFileLocation: $(System.DefaultWorkingDirectory)/*.xml}}
        - {task: PublishCodeCoverageResults@2, inputs: {summaryFileLocation: more/*.xml}}
        - {task: PublishCodeCoverageResults@2, displayName: none, inputs: {summaryFileLocation: x, failIfCoverageEmpty: true}}
        """).run()
    assert ran.result.facts["coverage"] == {"covered": 14, "lines": 20, "percent": 70.0}
    assert ran.steps()["none"] == "Failed"


def test_scripts_from_files(project: Project) -> None:
    project.file("tools/say.sh", 'echo "$1 $2 $(pwd)"\n')
    project.file("tools/say.py", "import os, sys\nprint(sys.argv[1:], os.getcwd())\n")
    ran = project.root("""
        steps:
        - {task: Bash@3, name: sh, inputs: {filePath: tools/say.sh, arguments: "one 'two three'", workingDirectory: tools}}
        - {task: PythonScript@0, name: py, inputs: {scriptPath: tools/say.py, arguments: a b, pythonInterpreter: python3}}
        """).run()
    assert ran.log("sh")[0].startswith("one two three ")
    assert ran.log("sh")[0].endswith("/s/tools")
    assert ran.log("py")[0].startswith("['a', 'b'] ")
