"""Clients that are programs of their own, installed from pinned requirements into an environment that stays in ``.local``."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENTS = HERE.parents[1] / ".local" / "clients"


def installed() -> Path:
    """The programs' folder; made anew when the requirements or the Python version have changed."""
    told = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ENVIRONMENTS / told
    ready = folder / "ready"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    # Tests of several files ask for it, each in a process of its own.
    with FileLock(f"{folder}.lock"):
        if not ready.exists():
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
            subprocess.run(
                [*uv, "pip", "install", "--quiet", "--python", str(folder), "--requirement", str(REQUIREMENTS)], check=True
            )
            ready.touch()
    return folder / "bin"
