"""The agent's page says what the agent has."""

from __future__ import annotations

import re
from pathlib import Path

from mlops_local import serve
from mlops_local.agent.obey import HANDLERS
from mlops_local.agent.tasks.registry import BUILT_IN
from mlops_local.run import _parser

README = Path(__file__).parents[2] / "mlops_local" / "agent" / "README.md"


def test_the_page_lists_every_task() -> None:
    rows = [line for line in README.read_text().splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`([A-Za-z]+@\d)`", row.split("|")[1])}
    assert listed == {task.reference for task in BUILT_IN.tasks}


def test_the_page_lists_every_logging_command() -> None:
    rows = README.read_text().split("## Logging commands")[1].split("\n## ")[0].splitlines()
    listed = [name for row in rows if row.startswith("| `") for name in re.findall(r"`([a-z]+\.[a-z]+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(HANDLERS)


def test_the_page_shows_real_options() -> None:
    known = {option for parser in (_parser(), serve._parser()) for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"(?<=[ \[])(--[a-z-]+)", "".join(README.read_text().split("```")[1::2]))) <= known
