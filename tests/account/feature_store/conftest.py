"""An account whose clock the tests move, as in the tests of tasks."""

from __future__ import annotations

from tests.account.tasks.conftest import account, clock, run, session

__all__ = ["account", "clock", "run", "session"]
