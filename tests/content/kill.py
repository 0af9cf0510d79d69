"""`python -m tests.content.kill --times 20`: kill the pipeline's commands, the account or both, so many times, at random moments."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path

TEST = Path(__file__).with_name("test_killed.py")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.content.kill", description="Kill at random moments, and run again.")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the moments; another one each time")
    given = parser.parse_args()
    sys.stdout.write(f"{given.times} kills, seed {given.seed}\n")
    sys.stdout.flush()
    settings = {"KILLS": str(given.times), "KILLS_SEED": str(given.seed)}
    command = [sys.executable, "-m", "pytest", "-v", "--tb=short", str(TEST)]
    return subprocess.run(command, cwd=TEST.parents[2], env={**os.environ, **settings}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
