"""`python -m tests.account.faults.kill`: 200 kills of the account at random moments, other ones each time."""

from __future__ import annotations

import argparse
import random

from .again import again


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.account.faults.kill", description="Kill under a write load.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the moments")
    given = parser.parse_args()
    return again("test_killed.py", ACCOUNT_KILLS=given.times, ACCOUNT_KILLS_SEED=given.seed)


if __name__ == "__main__":
    raise SystemExit(main())
