"""The fixtures in a project that knows nothing of this repository, as the README shows them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_readmes_test_passes_in_an_empty_project(tmp_path: Path) -> None:
    shown = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert {name for name, _ in shown} == {"conftest.py", "test_orders.py"}
    for name, text in shown:
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
