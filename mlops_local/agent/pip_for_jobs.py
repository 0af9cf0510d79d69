"""The pip of a job's environment: pip's command line, with uv doing what takes long.

Jobs start from nothing, and pip needs minutes for what uv links from its cache in a second. So the environment of a job gets a
module `pip` that hands `install` and its relatives to uv when every option means the same there, and everything else to the
real pip, which stands beside it. What differs: uv's resolver and its cache are used, and PIP_CACHE_DIR stays empty.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mlops_local.agent import pip_shim
from mlops_local.agent.machine import Machine

_PIP = "pip==26.3"


def install_pip(machine: Machine, environment: Path) -> None:
    """`pip`, `pip3` and `python -m pip` in an environment."""
    packages = next((environment / "lib").glob("python3.*/site-packages"))
    module = packages / "pip"
    module.mkdir()
    (module / "__init__.py").write_text('"""pip, run by uv where that is the same: see settings.json."""\n', encoding="utf-8")
    shutil.copy(pip_shim.__file__, module / "__main__.py")
    settings = {
        "uv": machine.uv,
        "cache": str(machine.uv_cache),
        "links": str(machine.cache / "links"),
        "pip": str(machine.cache / "pip" / _PIP),
        "requirement": _PIP,
    }
    (module / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    python = environment / "bin" / "python"
    for name in ("pip", "pip3"):
        script = environment / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n', encoding="utf-8")
        script.chmod(0o755)
