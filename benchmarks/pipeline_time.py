"""Where the time of `make pipeline` goes: setting up jobs against the work that users come for.

Runs the pipeline twice, so that the second run has warm caches, and reads `out/run.json` of the second. Times are shares of one
run, side by side, and not a promise of seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

# By the names that the step templates show.
SETTING_UP = (
    "Check out",
    "Use Python",
    "Restore the pip cache",
    "Install packages",
    "Initialize job",
    "Finalize job",
    "Post-job",
)
KEY_AND_REPORT = ("Fetch the private key", "Attach", "Publish")
MOST = 0.25


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for run in ("cold", "warm"):
            out = Path(folder) / run
            command = [sys.executable, "-m", "mlops_local", "run", "azure-pipelines.yml", "--out", str(out)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        record = json.loads((out / "run.json").read_text())
    seconds = spent(record)
    share = seconds["setting up"] / sum(seconds.values())
    sys.stdout.write(table(record, seconds))
    sys.stdout.write(f"Setting up jobs takes {share:.0%} of the time of all jobs; at most {MOST:.0%} is wanted.\n")
    return 0 if share <= MOST else 1


def spent(record: dict[str, Any]) -> Counter[str]:
    """Seconds of all steps by kind; what a job takes beside its steps counts as setting up."""
    found: Counter[str] = Counter({"setting up": 0.0, "key and report": 0.0, "work": 0.0})  # type: ignore[dict-item]
    for stage in record["stages"]:
        for job in stage["jobs"]:
            steps = job["steps"]
            for step in steps:
                found[kind_of(step["displayName"] or step["name"])] += step["seconds"]
            found["setting up"] += max(0.0, job["seconds"] - sum(step["seconds"] for step in steps))  # type: ignore[assignment]
    return found


def kind_of(step: str) -> str:
    if step.startswith(SETTING_UP):
        return "setting up"
    return "key and report" if step.startswith(KEY_AND_REPORT) else "work"


def table(record: dict[str, Any], seconds: Counter[str]) -> str:
    lines = [f"{'stage':<16}{'seconds':>9}"]
    lines += [f"{stage['name']:<16}{stage['seconds']:>9.1f}" for stage in record["stages"]]
    lines += ["", f"{'kind of step':<16}{'seconds':>9}{'share':>8}"]
    whole = sum(seconds.values())
    lines += [f"{kind:<16}{value:>9.1f}{value / whole:>8.0%}" for kind, value in seconds.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
