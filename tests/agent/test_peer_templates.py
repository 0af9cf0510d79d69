"""Other people's templates are found, used with plausible parameters, and refused with a reason."""

from __future__ import annotations

from pathlib import Path

from mlops_local.agent.declarations import TYPES
from peers.template_uses import BY_TYPE
from peers.templates import expand_all


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_every_kind_of_template_is_used(tmp_path: Path) -> None:
    every = "".join(f"- {{name: p{kind}, type: {kind}}}\n" for kind in sorted(TYPES - {"stringList"}))
    folder = write(
        tmp_path,
        {
            "azure-pipelines.yml": "trigger: none\nsteps:\n- template: d/steps.yml\n",
            "d/steps.yml": "parameters: [{name: x, values: [a, b], default: a}]\nsteps:\n- script: ${{ parameters.x }}\n",
            "jobs.yml": f"parameters:\n{every}jobs:\n- ${{{{ parameters.pjobList }}}}\n",
            "stages.yml": "parameters: [{name: all, type: stageList}]\nstages:\n- ${{ parameters.all }}\n",
            "variables.yml": "parameters: [{name: v, type: number}]\nvariables:\n  a: ${{ parameters.v }}\n",
            "base.yml": "resources: {pipelines: [{pipeline: p, source: s}]}\nextends:\n  template: d/steps.yml\n",
            ".github/workflows/w.yml": "on: push\njobs: {}\n",
            "data.yml": "a: 1\n",
        },
    )
    outcomes = {outcome.file: outcome.refusal for outcome in expand_all(folder)}
    assert outcomes == dict.fromkeys(
        ["azure-pipelines.yml", "base.yml", "d/steps.yml", "jobs.yml", "stages.yml", "variables.yml"], ""
    )


def test_a_refusal_names_its_place(tmp_path: Path) -> None:
    (outcome,) = expand_all(write(tmp_path, {"t.yml": "steps:\n- scrpt: a\n"}))
    assert "t.yml@peer:2:3: Unexpected value 'scrpt'" in outcome.refusal
    assert outcome.explanation is None


def test_every_type_has_a_plausible_value() -> None:
    assert set(BY_TYPE) == TYPES - {"stringList"}
