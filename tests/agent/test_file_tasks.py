"""Tasks that copy, delete, pack and unpack files."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline

Project = Any


@pytest.fixture
def files(project: Project) -> Project:
    for name in ("a/one.txt", "a/b/two.txt", "a/b/three.md", "a/.hidden/four.txt"):
        project.file(name, name)
    (project.folder / "a/b/three.md").chmod(0o755)
    return project


def steps(project: Project, text: str, show: str) -> Any:
    """Run the steps, then print what there is: the lines of `show`."""
    return project.root(f"steps:\n{text}\n- bash: {show}\n  name: show\n").run()


def task(reference: str, **inputs: str) -> str:
    given = ", ".join(f'{name}: "{value}"' for name, value in inputs.items())
    return f"- {{task: {reference}, inputs: {{{given}}}}}\n"


def test_files_are_copied(files: Project) -> None:
    ran = steps(
        files,
        task("CopyFiles@2", sourcefolder="a", Contents="**\\n!**/three.md", TargetFolder="$(Build.ArtifactStagingDirectory)/out")
        + task("CopyFiles@2", SourceFolder="a", Contents="**/*.md", TargetFolder="flat", flattenFolders="true"),
        "cd $(Build.ArtifactStagingDirectory)/out; find . -type f | sort; ls $(Build.SourcesDirectory)/flat",
    )
    assert ran.log("show") == ["./.hidden/four.txt", "./b/two.txt", "./one.txt", "three.md"]


def test_a_target_is_cleaned_only_when_there_is_something_to_copy(files: Project) -> None:
    files.file("target/old.txt", "old")
    files.file("target/one.txt", "kept")
    copy = {"SourceFolder": "a", "TargetFolder": "target"}
    ran = steps(files, task("CopyFiles@2", **copy, Contents="*.no", CleanTargetFolder="true"), "ls target")
    assert ran.log("show") == ["old.txt", "one.txt"]
    ran = steps(files, task("CopyFiles@2", **copy, Contents="*.txt"), "cat target/one.txt")
    assert ran.log("show") == ["kept"]
    ran = steps(files, task("CopyFiles@2", **copy, Contents="*.txt", OverWrite="true"), "cat target/one.txt")
    assert ran.log("show") == ["a/one.txt"]
    ran = steps(files, task("CopyFiles@2", **copy, Contents="*.txt", CleanTargetFolder="true"), "ls target")
    assert ran.log("show") == ["one.txt"]


@pytest.mark.parametrize(
    ("contents", "more", "left"),
    [
        ("**/*.txt", {}, ["a/.hidden/four.txt", "a/b/three.md"]),
        ("two.txt", {}, ["a/.hidden/four.txt", "a/b/three.md", "a/one.txt"]),
        ("b", {}, ["a/.hidden/four.txt", "a/one.txt"]),
        ("*.{md,txt}", {"RemoveDotFiles": "true"}, []),
        ("**\\n!**/three.md", {}, ["a/.hidden/four.txt", "a/b/three.md"]),
        ("**", {"RemoveDotFiles": "true", "RemoveSourceFolder": "true"}, ["(gone)"]),
    ],
)
def test_files_are_deleted(files: Project, contents: str, more: dict[str, str], left: list[str]) -> None:
    ran = steps(
        files,
        task("DeleteFiles@1", SourceFolder="a", Contents=contents, **more),
        "test -d a && find a -type f | sort || echo '(gone)'",
    )
    assert ran.log("show") == left


def test_nothing_outside_of_the_job_is_deleted(files: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ran = files.root(f"steps:\n{task('DeleteFiles@1', SourceFolder=str(tmp_path), Contents='mine.txt')}").run()
    assert ran.issues() == [f"{tmp_path}/mine.txt lies outside of the folders of this job and was not deleted."]
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.parametrize(
    ("type_", "compression", "name"),
    [
        ("zip", "gz", "a.zip"),
        ("tar", "gz", "a.tar.gz"),
        ("tar", "bz2", "a.tbz"),
        ("tar", "xz", "a.tar.xz"),
        ("tar", "none", "a.tar"),
    ],
)
@pytest.mark.parametrize("root", ["true", "false"])
def test_what_is_packed_comes_out_again(files: Project, type_: str, compression: str, name: str, root: str) -> None:
    pack = {"rootFolderOrFile": "a", "archiveType": type_, "tarCompression": compression, "archiveFile": f"packed/{name}"}
    ran = steps(
        files,
        task("ArchiveFiles@2", **pack, includeRootFolder=root)
        + task("ExtractFiles@1", archiveFilePatterns=f"packed/*.{name.partition('.')[2]}", destinationFolder="out"),
        "cd out; find . -type f | sort; find . -perm -100 -type f",
    )
    below = "./a" if root == "true" else "."
    names = [f"{below}/.hidden/four.txt", f"{below}/b/three.md", f"{below}/b/two.txt", f"{below}/one.txt"]
    assert ran.log("show") == [*names, f"{below}/b/three.md"]


def test_an_archive_is_replaced_or_added_to(files: Project) -> None:
    one = {"rootFolderOrFile": "a/one.txt", "archiveFile": "x.zip"}
    ran = steps(
        files,
        task("ArchiveFiles@2", **one)
        + task("ArchiveFiles@2", **one)
        + task("ArchiveFiles@2", rootFolderOrFile="a/b", archiveFile="x.zip", replaceExistingArchive="false"),
        "unzip -Z1 x.zip",
    )
    assert sorted(ran.log("show")) == ["b/", "b/three.md", "b/two.txt", "one.txt"]


def test_what_is_there_is_overwritten_only_when_that_is_asked_for(files: Project) -> None:
    pack = task("ArchiveFiles@2", rootFolderOrFile="a/one.txt", archiveFile="x.zip")
    inputs = {"archiveFilePatterns": "x.zip", "destinationFolder": "a", "cleanDestinationFolder": "false"}
    ran = steps(files, pack + task("ExtractFiles@1", **inputs), "exit 0")
    assert ran.issues()[0].endswith("x.zip exists already; let 'overwriteExistingFiles' be true.")
    assert (
        steps(files, pack + task("ExtractFiles@1", **inputs, overwriteExistingFiles="true"), "cat a/one.txt").verdict
        == "Succeeded"
    )


@pytest.mark.parametrize("name", ["evil.tar", "evil.zip"])
def test_an_archive_cannot_write_outside_of_its_folder(project: Project, name: str) -> None:
    archive = project.folder / name
    if name.endswith("zip"):
        with zipfile.ZipFile(archive, "w") as target:
            target.writestr("../../escaped.txt", "x")
    else:
        with tarfile.open(archive, "w") as tar:
            tar.addfile(tarfile.TarInfo("../../escaped.txt"), io.BytesIO())
    ran = steps(
        project, task("ExtractFiles@1", archiveFilePatterns=name, destinationFolder="out/deep"), "find .. -name escaped.txt"
    )
    assert ran.verdict == ("Succeeded" if name.endswith("zip") else "Failed")
    assert not list(project.cache.rglob("../escaped.txt"))
    if name.endswith("zip"):
        assert ran.log("show") == ["../s/out/deep/escaped.txt"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (task("ExtractFiles@1", archiveFilePatterns="no.zip", destinationFolder="x"), "/no.zip does not exist."),
        (task("ExtractFiles@1", archiveFilePatterns="a/one.txt", destinationFolder="x"), "is neither a zip nor a tar archive"),
        (task("ArchiveFiles@2", rootFolderOrFile="none"), "there is nothing to archive."),
        (task("ArchiveFiles@2", rootFolderOrFile="a", archiveFile="a/b"), "cannot be written: it is a folder."),
        (task("CopyFiles@2", SourceFolder="none", TargetFolder="x"), "/none does not exist."),
    ],
)
def test_failures_say_why(files: Project, step: str, said: str) -> None:
    ran = files.root(f"steps:\n{step}").run()
    assert said in ran.issues()[0]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            task("ArchiveFiles@2", archiveType="7z"),
            "The input 'archiveType' of ArchiveFiles@2 is here zip or tar; this agent does not",
        ),
        (
            task("CopyFiles@2", TargetFolder="x", retryCount="3"),
            "The input 'retryCount' of CopyFiles@2 has no effect on this agent:",
        ),
        (task("CopyFiles@2", SourceFolder="a"), "CopyFiles@2 needs the input 'TargetFolder'."),
    ],
)
def test_what_is_not_done_is_refused_by_name(project: Project, step: str, said: str) -> None:
    with pytest.raises(WrongPipeline) as caught:
        project.root(f"steps:\n{step}").run()
    assert said in str(caught.value)


def test_feeds_are_given_to_pip_and_masked(project: Project) -> None:
    project.feed("team", url="https://pkgs.example.com/team/simple/", token="s3cret/token")
    project.feed("project/shared", url="https://pkgs.example.com/shared/simple/")
    project.connection(
        "mirror", type="externalPythonDownloadFeed", url="https://mirror.example.com/simple/", username="me", password="pw-12345"
    )
    inputs = {"artifactFeeds": "team, project/shared", "pythonDownloadServiceConnections": "mirror"}
    show = "echo $PIP_INDEX_URL; echo $PIP_EXTRA_INDEX_URL; echo $PIP_INDEX_URL | rev"
    ran = steps(project, task("PipAuthenticate@1", **inputs), show)
    assert ran.log("show") == [
        "***",
        "https://pkgs.example.com/shared/simple/ ***",
        "/elpmis/maet/moc.elpmaxe.sgkp@nekotF2%terc3s:dliub//:sptth",
    ]
    ran = steps(project, task("PipAuthenticate@1", **inputs, onlyAddExtraIndex="true"), "echo $PIP_EXTRA_INDEX_URL")
    assert ran.log("show") == ["*** https://pkgs.example.com/shared/simple/ ***"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "'url' is missing; this file has url, token."),
        ({"url": "x", "tokn": "y"}, "'tokn' is unknown; this file has url, token."),
        ({"url": "x", "token": "y", "mode": "0644"}, "has mode 0644, so that others may read it"),
    ],
)
def test_a_wrong_feed_is_refused(project: Project, settings: dict[str, str], said: str) -> None:
    file = project.feed("team", **{name: value for name, value in settings.items() if name != "mode"})
    file.chmod(int(settings.get("mode", "0600"), 8))
    with pytest.raises(WrongPipeline) as caught:
        project.root(f"steps:\n{task('PipAuthenticate@1', artifactFeeds='team')}").run()
    assert said in str(caught.value)
