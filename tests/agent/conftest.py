"""A folder with pipeline files, expanded or run."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_local.agent.console import PlainProgress
from mlops_local.agent.emit import to_yaml
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.load import Loaded, Queue, load_pipeline
from mlops_local.agent.repositories import parse_local
from mlops_local.agent.run import RunOptions, RunResult, run_pipeline

# The agent without the account, which takes its time to load.
AGENT = """
import sys
from pathlib import Path
from mlops_local.agent.console import PlainProgress
from mlops_local.agent.load import Queue
from mlops_local.agent.run import RunOptions, run_pipeline
options = RunOptions(Queue(Path("azure-pipelines.yml")), Path("library"), at_once=int(sys.argv[1]), cache=Path("cache"))
sys.exit(run_pipeline(options, PlainProgress(verbose=True)).exit_code)
"""


@dataclass
class Project:
    """Files are written with `file`; `azure-pipelines.yml` is the root."""

    folder: Path
    cache: Path
    library: Path
    arguments: dict[str, Any] = field(default_factory=dict)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def root(self, text: str) -> Project:
        self.file("azure-pipelines.yml", text)
        return self

    def queue(self, repositories: tuple[str, ...] = (), **given: Any) -> Queue:
        local = tuple(parse_local(each) for each in repositories)
        return Queue(self.folder / "azure-pipelines.yml", repositories=local, **given)

    def load(self, **given: Any) -> Loaded:
        return load_pipeline(self.queue(**given))

    def expand(self, **given: Any) -> Any:
        return yaml.safe_load(to_yaml(self.load(**given).tree))

    def steps(self, **given: Any) -> list[dict[str, Any]]:
        """The steps of the only job."""
        (stage,) = self.expand(**given)["stages"]
        (job,) = stage["jobs"]
        steps: list[dict[str, Any]] = job.get("steps") or []
        return steps

    def scripts(self, **given: Any) -> list[str]:
        return [step["script"] for step in self.steps(**given)]

    def errors(self, **given: Any) -> list[str]:
        """`file:line:column: sentence`, without the folder."""
        with pytest.raises(WrongPipeline) as caught:
            self.load(**given)
        return [str(error).replace(f"{self.folder}/", "") for error in caught.value.errors]

    def group(self, name: str, text: str) -> None:
        self._in_library("variable-groups", f"{name}.yml", textwrap.dedent(text).lstrip("\n"))

    def secure_file(self, name: str, text: str) -> None:
        self._in_library("secure-files", name, text)

    def key_vault(self, name: str, text: str) -> Path:
        self._in_library("key-vaults", f"{name}.yml", textwrap.dedent(text).lstrip("\n"))
        file = self.library / "key-vaults" / f"{name}.yml"
        file.chmod(0o600)
        return file

    def connection(self, name: str, **settings: str) -> None:
        given = settings or {"type": "azurerm", "servicePrincipalId": "an-app", "tenantId": "a-tenant"}
        self._in_library("service-connections", f"{name}.yml", yaml.safe_dump(given))
        (self.library / "service-connections" / f"{name}.yml").chmod(0o600)

    def feed(self, name: str, **settings: str) -> Path:
        self._in_library("feeds", f"{name}.yml", yaml.safe_dump(settings))
        file = self.library / "feeds" / f"{name}.yml"
        file.chmod(0o600)
        return file

    def environment(self, name: str, text: str) -> None:
        self._in_library("environments", f"{name}.yml", text)

    def _in_library(self, kind: str, name: str, text: str) -> None:
        path = self.library / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def options(self, stages: tuple[str, ...] = (), at_once: int = 2, **given: Any) -> RunOptions:
        answering = {name: given.pop(name) for name in ("answers", "asker") if name in given}
        out = self.folder / "out"
        return RunOptions(self.queue(**given), self.library, out, stages, at_once, cache=self.cache, **answering)

    @contextmanager
    def running(self, at_once: int = 2) -> Iterator[subprocess.Popen[str]]:
        """A run in a process of its own, from when a step has printed `ready`; its library and cache are in the folder."""
        command = [sys.executable, "-c", AGENT, str(at_once)]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            while "ready" not in process.stdout.readline():
                assert process.poll() is None
            yield process

    def run(self, **given: Any) -> Ran:
        return Ran(run_pipeline(self.options(**given), PlainProgress()))


@dataclass
class Ran:
    result: RunResult

    @property
    def verdict(self) -> str:
        return self.result.result

    def stages(self) -> dict[str, str]:
        return {stage.name: stage.result for stage in self.result.stages}

    def jobs(self) -> dict[str, str]:
        return {job.name: job.result for stage in self.result.stages for job in stage.jobs}

    def steps(self) -> dict[str, str]:
        return {step.display_name: step.result for stage in self.result.stages for job in stage.jobs for step in job.steps}

    def log(self, name: str) -> list[str]:
        """Printed lines of the step of that name or displayName."""
        all_steps = (step for stage in self.result.stages for job in stage.jobs for step in job.steps)
        found = next(step for step in all_steps if name in (step.name, step.display_name))
        return (self.result.out / found.log).read_text().splitlines()

    def issues(self) -> list[str]:
        return [i["message"] for stage in self.result.stages for job in stage.jobs for step in job.steps for i in step.issues]


@pytest.fixture(scope="session")
def agent_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, agent_cache: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, agent_cache, tmp_path / "library")


@pytest.fixture
def steps_of(project: Project) -> Callable[[str], list[str]]:
    """Scripts of a pipeline that consists of this text."""
    return lambda text: project.root(text).scripts()
