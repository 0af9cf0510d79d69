"""Tasks: what each does with its real inputs."""

from __future__ import annotations

import base64
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.pip_shim import from_settings, settings_of, translated
from mlops_local.agent.tasks.use_python_version import matches

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


def test_each_job_has_a_python_of_its_own(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: A
          steps:
          - {task: UsePythonVersion@0, name: py, inputs: {versionSpec: '3.11'}}
          - script: |
              python -c "import sys; print(sys.version_info[:2], sys.prefix == '$(py.pythonLocation)')"
              pip install --quiet --no-index --find-links wheels tiny
              python -c "import tiny; print(tiny.__file__.startswith('$(py.pythonLocation)'))"
              pip uninstall -y -q tiny 2>/dev/null; python -c "import tiny" 2>/dev/null || echo gone
              pip --version | cut -d' ' -f1
              python -m pip install --upgrade pip
              which pip
            name: show
        - job: B
          steps:
          - script: pip install six || python3 -m pip install six || echo protected
            name: none
        """)
    _tiny_wheel(project)
    ran = ran.run()
    lines = ran.log("show")
    assert lines[:4] == ["(3, 11) True", "True", "gone", "pip"]
    assert lines[4].startswith("Requirement already satisfied: pip")
    assert lines[5].startswith(str(project.cache))
    assert ran.log("none")[-1] == "protected"


def _tiny_wheel(project: Project) -> Path:
    folder = Path(project.folder / "wheels")
    folder.mkdir()
    file = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        info = "tiny-1.0.dist-info"
        wheel.writestr("tiny.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return file


@contextmanager
def _feed(wheel: Path, asked: list[str]) -> Iterator[str]:
    """An index of one package that wants a password; `asked` collects what it was asked for rightly."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"build:s3cret-token").decode()
            page = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
            body = b"" if not allowed else wheel.read_bytes() if self.path.endswith(".whl") else page
            self.send_response(200 if allowed else 401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Type", "text/html" if body == page else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            asked.extend([self.path] * allowed)

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def test_pip_installs_from_a_feed_that_wants_a_password(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_")) and name != "UV_CACHE_DIR"]:
        monkeypatch.delenv(name)
    asked: list[str] = []
    with _feed(_tiny_wheel(project), asked) as address:
        project.feed("team", url=address, token="s3cret-token")
        ran = project.root("""
            steps:
            - {task: UsePythonVersion@0, inputs: {versionSpec: '3.11'}}
            - {task: PipAuthenticate@1, inputs: {artifactFeeds: team}}
            - bash: |
                pip install -v tiny; python -c "import tiny; print('there')"; env | grep s3cret
              name: show
            """).run()
    assert ran.log("show")[-2:] == ["there", "PIP_INDEX_URL=***"]
    assert [path for path in asked if path.startswith("/simple/tiny")]


def test_a_python_that_is_not_there_fails_with_a_sentence(project: Project) -> None:
    ran = project.root("""
        steps:
        - {task: UsePythonVersion@0, inputs: {versionSpec: '2.9', disableDownloadFromRegistry: true}}
        """).run()
    assert ran.issues()[0].startswith("Python 2.9 is not on this machine, which has ")


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        ("3.x", (3, 12, 1), True),
        ("3.11", (3, 11, 9), True),
        ("3.1", (3, 11, 9), False),
        ("3.11.7", (3, 11, 8), False),
        (">=3.10 <3.13", (3, 12, 9), True),
        (">=3.10 <3.13", (3, 13, 0), False),
        ("3.9 || 3.12", (3, 12, 0), True),
        ("~3.11", (3, 11, 3), True),
        ("^3.10", (3, 13, 0), True),
        ("", (3, 10, 0), True),
    ],
)
def test_version_ranges(wanted: str, version: tuple[int, ...], fits: bool) -> None:
    assert matches(wanted, version) is fits


@pytest.mark.parametrize(
    ("pip", "uv"),
    [
        (["install", "-r", "r.txt", "-q"], ["install", "--requirements", "r.txt", "--quiet"]),
        (["install", "--upgrade", "a==1", "-c=c.txt"], None),
        (["install", "--constraint=c.txt", "a"], ["install", "--constraints", "c.txt", "a"]),
        (["install", "--extra-index-url", "u", "--no-cache-dir", "a"], ["install", "--index", "u", "a"]),
        (["install", "-e", ".[x]", "--no-deps"], ["install", "--editable", ".[x]", "--no-deps"]),
        (["install", "--user", "a"], None),
        (["install", "--dry-run", "a"], None),
        (["uninstall", "-y", "a"], ["uninstall", "a"]),
        (["download", "a"], None),
        (["list"], None),
        ([], None),
    ],
)
def test_pip_is_translated_when_every_option_is_known(
    pip: list[str], uv: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    strategy = ["--index-strategy", "unsafe-best-match"]
    expected = uv and ([uv[0], *strategy, *uv[1:]] if uv[0] == "install" else uv)
    assert translated(pip) == expected


def test_settings_of_pip_are_heeded(tmp_path: Any) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://a/simple\ntimeout = 5\n[install]\nfind-links =\n  /\n  /nowhere\n")
    settings = settings_of({"PIP_INDEX_URL": "https://b/simple", "PIP_NO_INDEX": "0", "HOME": "/"}, [file])
    assert from_settings(settings) == [
        "--index-strategy", "unsafe-best-match", "--default-index", "https://b/simple", "--find-links", "/",
    ]  # fmt: skip
    assert from_settings({"global-option": "x"}) is None


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


def test_artifacts_are_published_once_and_found_by_pattern(project: Project) -> None:
    project.file("made/a.txt", "a")
    project.file("made/b.bin", "b")
    project.file("made/c/c.txt", "c")
    ran = project.root("""
        jobs:
        - job: A
          steps:
          - {task: PublishPipelineArtifact@1, inputs: {path: made, artifactName: things}}
          - {publish: made, artifact: things, displayName: again, continueOnError: true}
          - bash: echo "##vso[artifact.upload artifactname=logs;containerfolder=x]$PWD/made/a.txt"
          - {publish: absent, displayName: nothing, continueOnError: true}
          - {task: PublishPipelineArtifact@0, inputs: {targetPath: made/b.bin}}
        - job: B
          dependsOn: A
          steps:
          - {checkout: none}
          - {download: current, artifact: things, patterns: '**/*.txt'}
          - {download: current, artifact: things, path: there, patterns: a.txt}
          - {task: DownloadPipelineArtifact@2, inputs: {artifact: logs, path: here}}
          - {task: DownloadPipelineArtifact@2, inputs: {artifact: drop}}
          - {task: DownloadPipelineArtifact@2, inputs: {path: all, patterns: "things/*\\n!**/*.bin"}}
          - {bash: 'cd $(Pipeline.Workspace); find . -type f | sort', name: show}
          - {download: current, artifact: nope, displayName: nope, continueOnError: true}
        """).run()
    assert ran.verdict == "SucceededWithIssues"
    assert ran.log("show") == [
        "./b.bin", "./s/all/things/a.txt", "./s/here/a.txt", "./there/a.txt", "./things/a.txt", "./things/c/c.txt",
    ]  # fmt: skip
    assert "already published" in ran.issues()[0]
    assert "there are: drop, logs, things" in ran.issues()[-1]
    assert ran.result.facts["artifacts"] == ["drop", "logs", "things"]


def test_what_artifactignore_names_is_not_published(project: Project) -> None:
    for name in ("made/a.log", "made/keep.log", "made/deep/b.log", "made/c.txt"):
        project.file(name, name)
    project.file("made/.artifactignore", "*.log\n!keep.log\n")
    ran = project.root("steps:\n- {publish: made}\n").run()
    (artifact,) = (ran.result.out / "artifacts").iterdir()
    assert artifact.name == "default.Job"
    assert sorted(file.name for file in artifact.rglob("*") if file.is_file()) == ["c.txt", "keep.log"]


def test_build_artifacts_grow_and_come_down_in_their_folder(project: Project) -> None:
    project.file("made/a.txt", "a")
    project.file("made/b.bin", "b")
    ran = project.root("""
        jobs:
        - job: A
          steps:
          - {task: PublishBuildArtifacts@1, inputs: {PathtoPublish: made/a.txt}}
          - {task: PublishBuildArtifacts@1, inputs: {PathtoPublish: made, ArtifactName: drop}}
          - bash: echo "##vso[artifact.upload artifactname=logs;containerfolder=x]$PWD/made"
          - bash: mkdir empty; echo "##vso[artifact.upload artifactname=none]$PWD/empty"
          - {publish: made, artifact: fixed}
          - {task: PublishBuildArtifacts@1, continueOnError: true, inputs: {PathtoPublish: made, ArtifactName: fixed}}
        - job: B
          dependsOn: A
          steps:
          - {checkout: none}
          - task: DownloadBuildArtifacts@0
            name: down
            inputs: {artifactName: drop, itemPattern: drop/*.txt}
          - {task: DownloadBuildArtifacts@1, inputs: {artifactName: logs, downloadPath: logs}}
          - {task: DownloadBuildArtifacts@1, inputs: {downloadType: specific, downloadPath: all, itemPattern: '**/*.bin'}}
          - {bash: 'cd $(System.ArtifactsDirectory); find . ../s -type f | sort; echo $(down.BuildNumber)', name: show}
          - {task: DownloadBuildArtifacts@0, displayName: other, continueOnError: true, inputs: {artifactName: fixed}}
        """).run()
    assert sorted(ran.log("show")[:-1]) == [
        "../s/all/drop/b.bin", "../s/all/fixed/b.bin", "../s/all/x/b.bin", "../s/logs/x/a.txt", "../s/logs/x/b.bin", "./drop/a.txt",
    ]  # fmt: skip
    assert ran.log("show")[-1].isdigit()
    assert [issue.partition("; ")[0].rpartition("/")[2] for issue in ran.issues()] == [
        "empty is empty",
        "The artifact 'fixed' is already published in this run as a pipeline artifact",
        "'fixed' is a pipeline artifact",
    ]


@pytest.mark.parametrize("name", ["..", "a/b", "a:b", "a*"])
def test_names_of_artifacts_leave_no_folder(project: Project, name: str) -> None:
    ran = project.root(f"steps:\n- {{publish: ., artifact: '{name}'}}\n").run()
    assert f"'{name}' cannot be the name of an artifact" in ran.issues()[0]


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
