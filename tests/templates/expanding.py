"""Pipelines that extend the templates of this work tree, expanded in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from mlops_local.agent.emit import to_yaml
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.load import Queue, load_pipeline
from mlops_local.agent.repositories import LocalRepository

ROOT = Path(__file__).parents[2]
OURS = {"repositories": [{"repository": "mlops", "type": "git", "name": "Project/mlops", "ref": "refs/tags/v0.1.0"}]}
DEV = {"name": "dev", "variableGroup": "snowflake-dev"}


def expand(file: Path, *, name: str = "Project/mlops", **queue: Any) -> dict[str, Any]:
    """The expanded pipeline; this work tree stands for the tag that it names."""
    ours = LocalRepository(name, "refs/tags/v0.1.0", ROOT)
    return dict(yaml.safe_load(to_yaml(load_pipeline(Queue(file, repositories=(ours,), **queue)).tree)))


def consumer(folder: Path, template: str = "pipeline.yml", **parameters: Any) -> Path:
    """A pipeline of another repository, with one environment unless told otherwise."""
    given = {"templatesAlias": "mlops", "environments": [DEV], **parameters}
    file = folder / "azure-pipelines.yml"
    extends = {"template": f"templates/{template}@mlops", "parameters": given}
    file.write_text(json.dumps({"trigger": "none", "resources": OURS, "extends": extends}))
    return file


def mistakes(file: Path, **queue: Any) -> str:
    try:
        expand(file, **queue)
    except WrongPipeline as error:
        return str(error)
    return ""


def jobs_of(tree: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {job.get("job") or job["deployment"]: job for stage in tree["stages"] for job in stage["jobs"]}


def steps_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    steps = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    return list(steps)
