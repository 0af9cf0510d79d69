"""Templates: where paths start, other repositories, limits, and what may stand where."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

Project = Any


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@localhost"]
    subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True)


def test_a_git_repository_is_read_at_the_pinned_ref(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    for version in ("one", "two"):
        (other / "t.yml").write_text(f"steps:\n- script: {version}\n")
        git(other, "add", ".")
        git(other, "commit", "-qm", version)
        git(other, "tag", version)
    resource = "resources:\n  repositories:\n  - {{repository: tpl, name: R, type: git, ref: refs/tags/{}}}\n"
    text = resource + "steps:\n- template: t.yml@tpl\n"
    assert project.root(text.format("one")).scripts(repositories=(f"R={other}",)) == ["one"]
    assert "has no ref 'refs/tags/three'" in project.root(text.format("three")).errors(repositories=(f"R={other}",))[0]


@pytest.mark.parametrize(
    ("root", "error"),
    [
        ("steps:\n- template: absent.yml\n", "azure-pipelines.yml:2:13: The file absent.yml does not exist"),
        ("steps:\n- template: ../../etc/passwd\n", "azure-pipelines.yml:2:13: The file ../../etc/passwd does not exist"),
        ("steps:\n- template: steps.yml@nobody\n", "azure-pipelines.yml:2:13: The repository alias 'nobody' is not defined"),
        (
            "jobs:\n- template: steps.yml\n",
            "steps.yml:1:1: Unexpected value 'steps': a template that is used as a job holds 'jobs'.",
        ),
        (
            "steps:\n- template: steps.yml\n  condition: true\n",
            "azure-pipelines.yml:3:3: Unexpected value 'condition': beside 'template'",
        ),
        ("extends:\n  template: odd.yml\n", "odd.yml:1:1: Unexpected value 'trigger': a template that is extended holds"),
        ("variables: {a: 1}\nextends:\n  template: vars.yml\n", "vars.yml:1:1: 'variables' is already defined"),
        ("steps:\n- template: self.yml\n", "self.yml:2:13: Templates may be nested at most 20 levels deep."),
    ],
)
def test_wrong_uses_name_their_place(project: Project, root: str, error: str) -> None:
    project.file("steps.yml", "steps:\n- script: a\n")
    project.file("self.yml", "steps:\n- template: self.yml\n")
    project.file("odd.yml", "trigger: none\nsteps:\n- script: a\n")
    project.file("vars.yml", "variables: {b: 1}\nsteps:\n- script: a\n")
    assert any(found.startswith(error) for found in project.root(root).errors())


def test_an_extended_template_may_extend_another(project: Project) -> None:
    project.file(
        "outer.yml", "parameters: [{name: x}]\nextends:\n  template: inner.yml\n  parameters: {y: '${{ parameters.x }}!'}\n"
    )
    project.file("inner.yml", "parameters: [{name: y}]\nsteps:\n- script: ${{ parameters.y }}\n")
    assert project.root("extends:\n  template: outer.yml\n  parameters: {x: hello}\n").scripts() == ["hello!"]
