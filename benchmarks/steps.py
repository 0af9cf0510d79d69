"""What the agent adds to each step of a job, beside the same bash calls alone.

Runs a job of many steps `true` and, in turn with it, as many calls of bash with a script file, as the agent makes them. Prints seconds per
step of both, what the agent adds, and the ratio; leaves with 1 when a step costs more than it may.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mlops_local.agent.console import PlainProgress
from mlops_local.agent.load import Queue
from mlops_local.agent.run import RunOptions, run_pipeline

STEPS = 100
ROUNDS = 3
# Seconds that the agent may add to a step.
MOST = 0.2


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "azure-pipelines.yml").write_text("steps:\n- checkout: none\n" + "- script: 'true'\n" * STEPS)
        rounds = [(time_agent(folder), time_bash(folder)) for _ in range(ROUNDS)]
    agent, bash = (statistics.median(each) / STEPS for each in zip(*rounds, strict=True))
    sys.stdout.write(
        f"{STEPS} steps of `true`, median of {ROUNDS} runs, seconds per step: bash alone {bash:.4f}, the agent {agent:.4f}.\n"
        f"The agent adds {agent - bash:.4f}, ratio {agent / bash:.1f}; at most {MOST} more is wanted.\n"
    )
    return int(agent - bash > MOST)


def time_agent(folder: Path) -> float:
    options = RunOptions(Queue(folder / "azure-pipelines.yml"), out=folder / "out", cache=folder / "cache")
    result = run_pipeline(options, PlainProgress(io.StringIO()))
    if result.exit_code != 0:
        raise SystemExit(f"The pipeline ended as {result.result}.")
    return result.seconds


def time_bash(folder: Path) -> float:
    script = folder / "step.sh"
    script.write_text("true\n")
    started = time.perf_counter()
    for _ in range(STEPS):
        subprocess.run(["bash", "--noprofile", "--norc", str(script)], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
