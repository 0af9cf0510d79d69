"""`python -m tests.account.faults.fuzz`: 2,000 malformed requests, other ones each time."""

from __future__ import annotations

import argparse
import random

from .again import again


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.account.faults.fuzz", description="Malformed requests.")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    return again("test_malformed.py", FUZZ_REQUESTS=given.requests, FUZZ_SEED=given.seed)


if __name__ == "__main__":
    raise SystemExit(main())
