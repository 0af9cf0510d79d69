"""Runs a test of this folder again, with other numbers than the suite's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def number(name: str, usual: int) -> int:
    return int(os.environ.get(name, usual))


def again(test: str, **numbers: int) -> int:
    settings = {name: str(value) for name, value in numbers.items()}
    sys.stdout.write(f"{test}: {' '.join(f'{name}={value}' for name, value in settings.items())}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "--durations=3", str(HERE / test)]
    return subprocess.run(command, cwd=HERE.parents[2], env={**os.environ, **settings}, check=False).returncode
