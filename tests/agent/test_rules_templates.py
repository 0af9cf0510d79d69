"""Templates, rule by rule: kinds, paths, repositories, resources, levels, limits.

https://learn.microsoft.com/azure/devops/pipelines/process/templates
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.repositories import MAX_BYTES, MAX_FILES
from tests.agent.rules import Rule, check, params

Project = Any

STEP = "steps:\n- script: inner\n"
JOB = "jobs:\n- job: J\n  steps:\n  - script: inner\n"
STAGE = "stages:\n- stage: S\n  jobs:\n  - job: J\n    steps:\n    - script: inner\n"
ONE_STEP = "steps:\n- script: a\n"

KINDS = [
    Rule("a list of stages takes stage templates", "stages:\n- template: t.yml\n", {"t.yml": STAGE}, scripts=["inner"]),
    Rule("a list of jobs takes job templates", "jobs:\n- template: t.yml\n", {"t.yml": JOB}, scripts=["inner"]),
    Rule("a list of steps takes step templates", "steps:\n- template: t.yml\n", {"t.yml": STEP}, scripts=["inner"]),
    Rule(
        "a list of variables takes variable templates, in their place",
        "variables:\n- {name: a, value: 1}\n- template: t.yml\n- {name: c, value: '${{ variables.b }}'}\n" + ONE_STEP,
        {"t.yml": "variables:\n  b: <${{ variables.a }}>\n"},
        shows={"variables": [{"name": n, "value": v} for n, v in (("a", 1), ("b", "<1>"), ("c", "<1>"))]},
    ),
    Rule(
        "hooks of a deployment take step templates",
        """
        jobs:
        - deployment: D
          environment: e
          strategy:
            runOnce:
              preDeploy: {steps: [{template: t.yml}]}
              on: {failure: {steps: [{template: t.yml}]}}
        """,
        {"t.yml": STEP},
        scripts=["inner", "inner"],
    ),
    Rule(
        "extends holds stages, resources, variables and pool of the template",
        "extends:\n  template: t.yml\n",
        {"t.yml": "resources: {containers: [{container: c, image: i}]}\nvariables: {v: 1}\npool: p\n" + STAGE},
        scripts=["inner"],
        shows={"pool": "p", "variables.0.name": "v", "resources.containers.0.image": "i"},
    ),
    Rule("extends takes a template of jobs", "extends: {template: t.yml}\n", {"t.yml": JOB}, scripts=["inner"]),
    Rule("extends takes a template of steps", "extends: {template: t.yml}\n", {"t.yml": STEP}, scripts=["inner"]),
    Rule(
        "resources of a pipeline and of the template that it extends are joined",
        "resources: {containers: [{container: a, image: i}]}\nextends: {template: t.yml}\n",
        {"t.yml": "resources:\n  containers: [{container: b, image: i}]\n  pipelines: [{pipeline: p, source: s}]\n" + STEP},
        shows={
            "resources.containers": [{"container": "a", "image": "i"}, {"container": "b", "image": "i"}],
            "resources.pipelines.0.source": "s",
        },
    ),
    Rule(
        "variables in a pipeline and in the template that it extends are an error",
        "variables: {a: 1}\nextends: {template: t.yml}\n",
        {"t.yml": "variables: {b: 1}\n" + STEP},
        errors=["t.yml:1:1: 'variables' is already defined"],
    ),
    Rule(
        "a variable template defines variables only",
        "variables:\n- template: t.yml\n" + ONE_STEP,
        {"t.yml": "variables: {a: 1}\nsteps: []\n"},
        errors=["t.yml:2:1: Unexpected value 'steps': a template that is used as a variable holds 'variables'."],
    ),
    Rule(
        "a template holds the list that it is used in",
        "jobs:\n- template: t.yml\n",
        {"t.yml": STAGE},
        errors=["t.yml:1:1: Unexpected value 'stages': a template that is used as a job holds 'jobs'."],
    ),
    Rule(
        "a template without its list is an error",
        "steps:\n- template: t.yml\n",
        {"t.yml": "parameters: []\n"},
        errors=["azure-pipelines.yml:2:3: The template has no 'steps'."],
    ),
    Rule(
        "beside template only parameters may stand",
        "steps:\n- template: t.yml\n  displayName: x\n",
        {"t.yml": STEP},
        errors=["3:3: Unexpected value 'displayName'"],
    ),
    Rule(
        "a template may be chosen by an expression",
        "steps:\n- template: ${{ format('{0}.yml', 't') }}\n",
        {"t.yml": STEP},
        scripts=["inner"],
    ),
    Rule(
        "a template in a branch not taken is not loaded",
        "steps:\n- ${{ if false }}:\n  - template: absent.yml\n- script: a\n",
        scripts=["a"],
    ),
    Rule(
        "a step template sees variables of its caller and not its parameters",
        "parameters: [{name: p, default: 1}]\nvariables: {v: seen}\nsteps:\n- template: t.yml\n",
        {"t.yml": "steps:\n- script: ${{ variables.v }}\n- script: ${{ parameters.p }}\n"},
        errors=["t.yml:3:11: Unexpected parameter reference 'p'"],
    ),
]

PATHS = [
    Rule(
        "a path is relative to the file that names it",
        "steps:\n- template: d/a.yml\n",
        {"d/a.yml": "steps:\n- template: b.yml\n- template: ../c.yml\n", "d/b.yml": STEP, "c.yml": STEP},
        scripts=["inner", "inner"],
    ),
    Rule(
        "a path with a slash in front starts at the repository",
        "steps:\n- template: d/a.yml\n",
        {"d/a.yml": "steps:\n- template: /c.yml\n", "c.yml": STEP},
        scripts=["inner"],
    ),
    Rule("a backslash is a slash", "steps:\n- template: d\\a.yml\n", {"d/a.yml": STEP}, scripts=["inner"]),
    Rule(
        "self is the repository of the pipeline",
        "steps:\n- template: d/a.yml\n",
        {"d/a.yml": "steps:\n- template: c.yml@SELF\n", "c.yml": STEP},
        scripts=["inner"],
    ),
    Rule(
        "a path does not leave the repository",
        "steps:\n- template: ../../etc/passwd\n",
        errors=["2:13: The file ../../etc/passwd does not exist"],
    ),
    Rule(
        "a name that no file can have is refused",
        f"steps:\n- template: {'x' * 300}\n",
        errors=["2:13: The file xxx"],
    ),
    Rule(
        "templates in an object start at the file that uses it",
        "steps:\n- template: d/a.yml\n  parameters:\n    typed:\n    - template: near.yml\n    old: [{template: near.yml}]\n",
        {
            "d/a.yml": "parameters: [{name: typed, type: object}, {name: old, type: legacyObject}]\n"
            "steps:\n- ${{ parameters.typed }}\n- ${{ parameters.old }}\n",
            "d/near.yml": STEP,
        },
        scripts=["inner", "inner"],
    ),
    Rule(
        "templates in a stepList start at the file that gives it",
        "steps:\n- template: d/a.yml\n",
        {
            "d/a.yml": "steps:\n- template: ../t.yml\n  parameters:\n    all:\n    - template: near.yml\n",
            "d/near.yml": STEP,
            "t.yml": "parameters: [{name: all, type: stepList}]\nsteps:\n- ${{ parameters.all }}\n",
        },
        scripts=["inner"],
    ),
]

LEVELS = [
    Rule(
        "steps at the root are one job in one stage",
        "pool: p\n" + ONE_STEP,
        shows={"pool": "p", "stages": [{"stage": "__default", "jobs": [{"job": "Job", "steps": [{"script": "a"}]}]}]},
    ),
    Rule(
        "jobs at the root are one stage",
        JOB,
        shows={"stages": [{"stage": "__default", "jobs": [{"job": "J", "steps": [{"script": "inner"}]}]}]},
    ),
    Rule(
        "keys of a job at the root belong to the job of its steps",
        "strategy: {matrix: {one: {a: 1}}}\nworkspace: {clean: all}\n" + ONE_STEP,
        shows={"stages.0.jobs.0.strategy.matrix.one.a": 1, "stages.0.jobs.0.workspace.clean": "all"},
    ),
]

RESOURCES = [
    Rule(
        "the ref of a repository takes expressions, in which variables are empty",
        """
        parameters: [{name: tag, default: v1}]
        variables: {v: x}
        resources:
          repositories:
          - {repository: r, type: git, name: R, ref: 'refs/tags/${{ parameters.tag }}${{ variables.v }}'}
        steps:
        - script: a
        """,
        shows={"resources.repositories.0.ref": "refs/tags/v1"},
    ),
    Rule(
        "the name of a repository takes no expression",
        "resources:\n  repositories:\n  - {repository: r, type: git, name: '${{ 1 }}'}\n" + ONE_STEP,
        errors=["3:38: In 'resources.repositories' a template expression is allowed only in ref."],
    ),
    Rule(
        "a repository cannot be chosen by a directive",
        "resources:\n  repositories:\n  - ${{ if true }}:\n    - {repository: r, type: git, name: R}\n" + ONE_STEP,
        errors=["3:5: In 'resources.repositories' a template expression is allowed only in ref."],
    ),
    Rule(
        "a pipeline resource takes expressions in version and branch",
        "resources:\n  pipelines:\n  - {pipeline: p, source: s, branch: '${{ lower(''MAIN'') }}', project: '${{ 1 }}'}\n"
        + ONE_STEP,
        errors=["3:73: In 'resources.pipelines' a template expression is allowed only in branch and version."],
    ),
    Rule(
        "containers take directives",
        """
        parameters: [{name: images, type: object, default: {a: x, b: y}}]
        resources:
          containers:
          - ${{ each pair in parameters.images }}:
            - {container: '${{ pair.key }}', image: '${{ pair.value }}'}
        steps:
        - script: a
        """,
        shows={"resources.containers": [{"container": "a", "image": "x"}, {"container": "b", "image": "y"}]},
    ),
    Rule(
        "a repository that nothing is read from may be missing here",
        "resources:\n  repositories:\n  - {repository: r, type: git, name: R}\nsteps:\n- checkout: r\n- script: a\n",
        shows={"stages.0.jobs.0.steps.0.checkout": "r"},
    ),
    Rule(
        "a repository that a template is read from must be here",
        "resources:\n  repositories:\n  - {repository: r, type: git, name: R}\nsteps:\n- template: t.yml@r\n",
        errors=["5:13: The repository 'R' at 'refs/heads/main' has no folder on this machine; pass --repository R=FOLDER."],
    ),
    Rule(
        "an alias means one repository",
        "resources:\n  repositories:\n  - {repository: r, name: R, type: git}\n  - {repository: R, name: Q, type: git}\n"
        + ONE_STEP,
        errors=["4:5: The repository alias 'R' is already defined."],
    ),
    Rule(
        "a repository needs an alias and a name",
        "resources:\n  repositories:\n  - {repository: r, type: git}\n" + ONE_STEP,
        errors=["3:5: A repository resource needs"],
    ),
    Rule(
        "what extends a template that is not here is told only that",
        "resources:\n  repositories:\n  - {repository: r, type: git, name: R}\nextends:\n  template: t.yml@r\n",
        errors=["5:13: The repository 'R' at 'refs/heads/main' has no folder on this machine; pass --repository R=FOLDER."],
    ),
    Rule("an alias is defined", "steps:\n- template: t.yml@no\n", errors=["2:13: The repository alias 'no' is not defined"]),
]


@pytest.mark.parametrize("rule", params([*KINDS, *PATHS, *LEVELS, *RESOURCES]))
def test_a_rule_of_templates(rule: Rule, project: Project) -> None:
    check(rule, project)


def test_a_run_asks_for_the_repositories_that_it_checks_out(project: Project) -> None:
    resource = "resources:\n  repositories:\n  - {repository: r, type: git, name: R}\n"
    project.root(resource + "steps:\n- checkout: r\n")
    with pytest.raises(Exception, match="has no folder on this machine"):
        project.run()


def other(tmp_path: Path, name: str, files: dict[str, str]) -> Path:
    folder = tmp_path / name
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return folder


def test_an_alias_is_the_root_of_its_repository_and_paths_inside_stay_there(project: Project, tmp_path: Path) -> None:
    one = other(tmp_path, "one", {"d/t.yml": "steps:\n- template: near.yml\n- template: /top.yml\n- template: u.yml@TWO\n"})
    other(tmp_path, "one", {"d/near.yml": STEP, "top.yml": "steps:\n- script: top\n"})
    two = other(tmp_path, "two", {"u.yml": "steps:\n- template: own.yml@self\n- template: v.yml\n", "v.yml": STEP})
    project.file("own.yml", "steps:\n- script: own\n")
    pipeline = project.root("""
        resources:
          repositories:
          - {repository: one, type: git, name: One}
          - {repository: Two, type: git, name: Two, ref: refs/tags/v1}
        steps:
        - template: d/t.yml@one
        """)
    given = (f"One={one}", f"Two@refs/tags/v1={two}")
    assert pipeline.scripts(repositories=given) == ["inner", "top", "own", "inner"]


def test_a_ref_from_a_parameter_chooses_the_folder(project: Project, tmp_path: Path) -> None:
    folders = {ref: other(tmp_path, ref, {"t.yml": f"steps:\n- script: {ref}\n"}) for ref in ("v1", "v2")}
    pipeline = project.root("""
        parameters: [{name: tag, default: v1}]
        resources:
          repositories:
          - {repository: r, type: git, name: R, ref: 'refs/tags/${{ parameters.tag }}'}
        steps:
        - template: t.yml@r
        """)
    given = tuple(f"R@refs/tags/{ref}={folder}" for ref, folder in folders.items())
    assert pipeline.scripts(repositories=given) == ["v1"]
    assert pipeline.scripts(repositories=given, parameters={"tag": "v2"}) == ["v2"]


def test_a_template_that_is_extended_brings_its_own_repositories(project: Project, tmp_path: Path) -> None:
    base = "resources:\n  repositories:\n  - {repository: two, type: git, name: Two}\nsteps:\n- template: u.yml@two\n"
    one, two = other(tmp_path, "one", {"base.yml": base}), other(tmp_path, "two", {"u.yml": STEP})
    pipeline = project.root("""
        resources:
          repositories:
          - {repository: one, type: git, name: One}
        extends:
          template: base.yml@one
        """)
    assert pipeline.scripts(repositories=(f"One={one}", f"Two={two}")) == ["inner"]


@pytest.mark.parametrize(("files", "allowed"), [(MAX_FILES, True), (MAX_FILES + 1, False)])
def test_at_most_a_hundred_files_are_included(project: Project, files: int, allowed: bool) -> None:
    for number in range(files):
        project.file(f"t{number}.yml", STEP)
    project.root("steps:\n" + "".join(f"- template: t{number}.yml\n" for number in range(files)) * 2)
    if allowed:
        assert len(project.steps()) == 2 * files
    else:
        assert "at most 100 files" in project.errors()[0]


@pytest.mark.parametrize(("levels", "allowed"), [(20, True), (21, False)])
def test_templates_are_nested_at_most_twenty_levels(project: Project, levels: int, allowed: bool) -> None:
    for level in range(1, levels):
        project.file(f"t{level}.yml", f"steps:\n- template: t{level + 1}.yml\n")
    project.file(f"t{levels}.yml", STEP)
    project.root("steps:\n- template: t1.yml\n")
    if allowed:
        assert project.scripts() == ["inner"]
    else:
        assert project.errors() == ["t20.yml:2:13: Templates may be nested at most 20 levels deep."]


def test_all_files_together_have_at_most_ten_megabytes(project: Project) -> None:
    project.file("t.yml", "# " + "é" * (MAX_BYTES // 2) + "\n" + STEP)
    assert "at most 10 MB" in project.root("steps:\n- template: t.yml\n").errors()[0]


def test_a_file_in_another_encoding_is_refused_with_its_line(project: Project) -> None:
    (project.folder / "t.yml").write_bytes(b"steps:\n- script: caf\xe9\n")
    assert project.root("steps:\n- template: t.yml\n").errors()[0].startswith("t.yml:2:1: This is no UTF-8 text")


def test_a_git_repository_is_read_at_its_ref_and_without_one_as_it_lies(project: Project, tmp_path: Path) -> None:
    folder = other(tmp_path, "r", {"t.yml": "steps:\n- script: committed\n"})
    for arguments in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "x"]):
        identity = ["-c", "user.name=n", "-c", "user.email=e@localhost"]
        subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True)
    (folder / "t.yml").write_text("steps:\n- script: edited\n")
    pipeline = project.root("resources: {repositories: [{repository: r, type: git, name: R}]}\nsteps:\n- template: t.yml@r\n")
    assert pipeline.scripts(repositories=(f"R={folder}",)) == ["committed"]
    assert pipeline.scripts(repositories=(f"R@main={folder}",)) == ["edited"]
