"""UsePythonVersion@0: an installed Python of the wanted version, in an environment that belongs to this job alone.

On Azure the whole machine belongs to the job, so `pip install` may write beside the interpreter. Here the interpreter is shared
with its owner, so the job gets a virtual environment of it, with a pip of its own (see pip_for_jobs.py).
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/use-python-version-v0
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.machine import Machine
from mlops_local.agent.pip_for_jobs import install_pip
from mlops_local.agent.tasks.definition import Input, Task, boolean

# A version and its interpreter.
Python = tuple[tuple[int, ...], str]
_CONDITION = re.compile(r"(>=|<=|==|>|<|=|\^|~)?\s*(\d+(?:\.(?:\d+|x|X|\*))*)")


def _run(step: StepContext) -> None:
    wanted = step.text("versionSpec").strip()
    machine = step.run.machine
    if step.text("architecture").lower() == "arm64" and machine.architecture != "ARM64":
        raise TaskFailed(f"This machine is {machine.architecture}; it runs no Python for arm64.")
    version, python = _find(wanted, machine) or _download(wanted, step)
    shown = ".".join(map(str, version))
    target = step.job.slot.tools / "Python" / shown / machine.architecture.lower()
    if not (target / "bin" / "python").exists():
        _make_environment(machine, python, target)
    if step.flag("addToPath"):
        step.prepend_path(str(target / "bin"))
    step.set_variable("pythonLocation", str(target), output=True)
    step.say(f"Python {shown} from {python}, in an environment of this job: {target}")


def _make_environment(machine: Machine, python: str, target: Path) -> None:
    command = [machine.uv, "venv", "--quiet", "--no-project", "--no-config", "--python", python, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_uv_environment(machine))
    if done.returncode != 0:
        raise TaskFailed(f"No environment could be made from {python}: {done.stderr.strip()}")
    install_pip(machine, target)


def _uv_environment(machine: Machine) -> dict[str, str]:
    return {**machine.environment, "HOME": str(machine.home), "UV_CACHE_DIR": str(machine.uv_cache)}


def _find(wanted: str, machine: Machine) -> Python | None:
    """The newest that fits. One minor version is sought in the usual folders first; a range asks every interpreter."""
    home = str(machine.home)
    known = _nearby(home) if re.fullmatch(r"\d+\.\d+(\.\d+)?", wanted) else []
    fitting = [found for found in known if matches(wanted, found[0])]
    return max(fitting or (found for found in _installed(machine.uv, home) if matches(wanted, found[0])), default=None)


def _download(wanted: str, step: StepContext) -> Python:
    """uv's own store takes a Python that the machine does not have; nothing is installed system-wide."""
    machine = step.run.machine
    if not step.flag("disableDownloadFromRegistry") and re.fullmatch(r"\d+\.\d+(\.\d+)?", wanted):
        step.say(f"Python {wanted} is not installed on this machine; downloading it.")
        command = [machine.uv, "python", "install", "--quiet", "--no-config", wanted]
        step.execute(command, folder=step.job.slot.temp, env=_uv_environment(machine))
        _installed.cache_clear()
        if found := _find(wanted, machine):
            return found
    known = ", ".join(sorted({".".join(map(str, version[:2])) for version, _ in _installed(machine.uv, str(machine.home))}))
    raise TaskFailed(
        f"Python {wanted} is not on this machine, which has {known or 'none'}; install it, for example by 'uv python install'."
    )


@lru_cache(maxsize=4)
def _nearby(home: str) -> list[Python]:
    """The agent's own interpreter, and those of pyenv and uv, whose folders say their versions."""
    own = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    found = [(tuple(sys.version_info[:3]), str(own))] if own.exists() else []
    folders = [*Path(home, ".pyenv", "versions").glob("3.*"), *Path(home, ".local", "share", "uv", "python").glob("cpython-3.*")]
    for folder in folders:
        version = re.fullmatch(r"(?:cpython-)?(3\.\d+\.\d+)(?:-.*)?", folder.name)
        if version and "freethreaded" not in folder.name and (folder / "bin" / "python3").exists():
            found.append((_numbers(version.group(1)), str(folder / "bin" / "python3")))
    return found


@lru_cache(maxsize=4)
def _installed(uv: str, home: str) -> list[Python]:
    """Every CPython that uv finds, and those of pyenv, which hides all but the chosen ones from the PATH."""
    command = [uv, "python", "list", "--only-installed", "--offline", "--no-config", "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    listed = json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else []
    found = {_numbers(entry["version"]): entry["path"] for entry in reversed(listed) if entry.get("implementation") == "cpython"}
    return [each for each in {**found, **dict(_nearby(home))}.items() if len(each[0]) == 3]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def matches(wanted: str, version: tuple[int, ...]) -> bool:
    """`3.11`, `3.x`, `3.11.7`, `>=3.10 <3.13`: the version ranges that the task takes; alternatives by `||`."""
    if wanted.strip() in ("", "*", "x"):
        return True
    return any(_matches_all(part, version) for part in wanted.split("||"))


def _matches_all(wanted: str, version: tuple[int, ...]) -> bool:
    conditions = _CONDITION.findall(wanted)
    return bool(conditions) and all(_matches_one(sign, text, version) for sign, text in conditions)


def _matches_one(sign: str, text: str, version: tuple[int, ...]) -> bool:
    numbers = _numbers(text)
    same = version[: len(numbers)]
    if sign in ("", "=", "=="):
        return same == numbers
    if sign == "^":
        return version >= numbers and version[0] == numbers[0]
    if sign == "~":
        return version >= numbers and version[:2] == (*numbers, 0)[:2]
    return {">=": version >= numbers, "<=": same <= numbers, ">": same > numbers, "<": same < numbers}[sign]


USE_PYTHON_VERSION = Task(
    "UsePythonVersion",
    0,
    (
        Input("versionSpec", "3.x", required=True),
        boolean("disableDownloadFromRegistry"),
        boolean("allowUnstable", refused="it takes released versions only; remove it."),
        Input("githubToken", aliases=("token",)),
        boolean("addToPath", "true"),
        Input("architecture", "x64", options=("x86", "x64", "arm64"), done=("x64", "arm64")),
    ),
    _run,
    guid="33c63b11-352b-45a2-ba1b-54cb568a29ca",
)
