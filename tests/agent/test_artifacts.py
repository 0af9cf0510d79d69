"""Artifacts of pipelines and of builds."""

from __future__ import annotations

from typing import Any

import pytest

Project = Any


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
          - {task: DownloadPipelineArtifact@2, inputs: {artifact: things, path: there, patterns: a.txt}}
          - {task: DownloadPipelineArtifact@2, inputs: {artifact: logs, path: here}}
          - {task: DownloadPipelineArtifact@2, inputs: {artifact: drop}}
          - {task: DownloadPipelineArtifact@2, inputs: {path: all, patterns: "things/*\\n!**/*.bin"}}
          - {bash: 'cd $(Pipeline.Workspace); find . -type f | sort', name: show}
          - {download: current, artifact: nope, displayName: nope, continueOnError: true}
        """).run()
    assert ran.verdict == "SucceededWithIssues"
    assert ran.log("show") == [
        "./b.bin", "./s/all/things/a.txt", "./s/here/a.txt", "./s/there/a.txt", "./things/a.txt", "./things/c/c.txt",
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
