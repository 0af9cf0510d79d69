"""Where checkouts go, what of the history comes along, and that nothing can be pushed back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Project = Any
Commit = Callable[[Path, str], str]


@pytest.fixture
def commit() -> Commit:
    """Commits everything in a folder, as a repository of its own; gives the commit."""

    def make(folder: Path, message: str) -> str:
        if not (folder / ".git").exists():
            _git(folder, "init", "-q", "-b", "main")
        _git(folder, "add", ".")
        _git(folder, "-c", "user.name=n", "-c", "user.email=e@localhost", "commit", "-q", "--allow-empty", "-m", message)
        return _git(folder, "rev-parse", "HEAD")

    return make


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout.strip()


LAYOUT = """
    resources: {{repositories: [{{repository: other, type: git, name: Team/tools.git, ref: refs/tags/v1}}]}}
    steps:
    {checkouts}
    - bash: |
        cd $(Agent.BuildDirectory); find * -type f -name own -o -type f -name tools | sort
        echo "$(Build.SourcesDirectory) $(Build.Repository.LocalPath) $(System.DefaultWorkingDirectory) $OLDPWD" |
            sed "s,$(Agent.BuildDirectory)/,,g"
      name: look
    """


@pytest.mark.parametrize(
    ("checkouts", "files", "folders"),
    [
        (["checkout: self"], ["s/own"], "s s s s"),
        (["{checkout: self, path: s/deep}"], ["s/deep/own"], "s/deep s/deep s/deep s/deep"),
        (["{checkout: self, path: x}"], ["x/own"], "x x x x"),
        (["checkout: other"], ["s/tools"], "s s s s"),
        (["checkout: self", "checkout: other"], ["s/project/own", "s/tools/tools"], "s s s s"),
        (["{checkout: self, path: x}", "checkout: other"], ["x/own", "s/tools/tools"], "s x s s"),
        (
            ["checkout: self", "{checkout: other, workspaceRepo: true}"],
            ["s/project/own", "s/tools/tools"],
            "s s s/tools s/tools",
        ),
        (["{checkout: other, path: ../x}"], [], ""),
    ],
)
def test_the_layout_is_that_of_azure(
    project: Project, tmp_path: Path, commit: Commit, checkouts: list[str], files: list[str], folders: str
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "tools").write_text("one\n")
    commit(shared, "first")
    _git(shared, "tag", "v1")
    (shared / "later").write_text("two\n")
    commit(shared, "second")
    project.file("own", "own\n")
    steps = "\n    ".join(f"- {each}" for each in checkouts)
    ran = project.root(LAYOUT.format(checkouts=steps)).run(repositories=(f"Team/tools.git={shared}",))
    if not files:
        assert ran.issues() == ["The path '../x' is not below $(Agent.BuildDirectory)."]
        return
    assert ran.log("look") == [*sorted(files), folders]


@pytest.mark.parametrize(
    ("options", "commits", "branches", "tags"),
    [
        ("", 1, [], []),
        ("fetchDepth: 2,", 2, [], []),
        ("fetchDepth: 0,", 3, ["origin/main", "origin/topic"], []),
        ("fetchDepth: 0, fetchTags: true,", 3, ["origin/main", "origin/topic"], ["v0"]),
        ("fetchTags: true,", 1, [], ["v0"]),
    ],
)
def test_as_much_history_comes_along_as_was_asked_for(
    project: Project, commit: Commit, options: str, commits: int, branches: list[str], tags: list[str]
) -> None:
    project.root(f"""
        steps:
        - {{checkout: self, {options} persistCredentials: false, clean: true}}
        - bash: |
            git rev-list HEAD | wc -l; git branch -r --format='%(refname:short)'; git tag; git status --short
          name: look
        - bash: git push origin HEAD:refs/heads/main
          displayName: pushes
        """)
    project.file(".gitignore", "out/\n")
    for number in range(3):
        last = commit(project.folder, f"number {number}")
        if not number:
            _git(project.folder, "tag", "v0")
            _git(project.folder, "branch", "topic")
    ran = project.run()
    assert [line.strip() for line in ran.log("look")] == [str(commits), *branches, *tags]
    assert ran.steps()["pushes"] == "Failed"
    assert "a-job-of-a-local-run-cannot-push" in "".join(ran.log("pushes"))
    assert _git(project.folder, "rev-parse", "main") == last


def test_submodules_are_not_left_out_silently(project: Project) -> None:
    project.file(".gitmodules", "")
    ran = project.root("steps:\n- {checkout: self, submodules: recursive}\n").run()
    assert ran.issues() == ["This agent checks out no submodules; fetch them in a step of your own."]


def test_what_a_killed_run_copied_is_removed_by_the_next_one(project: Project) -> None:
    left = project.cache / "run-killed" / "sources"
    left.mkdir(parents=True)
    project.root("steps:\n- checkout: none\n").run()
    assert not list(project.cache.glob("run-*"))
