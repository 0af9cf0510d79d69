"""The agent's page says what the agent has."""

from __future__ import annotations

import re
from pathlib import Path

from mlops_local import serve
from mlops_local.agent.obey import HANDLERS
from mlops_local.agent.tasks.registry import BUILT_IN
from mlops_local.run import _parser

README = Path(__file__).parents[2] / "mlops_local" / "agent" / "README.md"


def test_the_page_lists_every_task_and_what_each_refuses() -> None:
    rows = [line.split("|")[1:4] for line in README.read_text().splitlines() if re.match(r"\| `[A-Za-z]+@\d`", line)]
    listed = {name: re.findall(r"`([A-Za-z]+)`", row[2]) for row in rows for name in re.findall(r"`([A-Za-z]+@\d)`", row[0])}
    assert set(listed) == {task.reference for task in BUILT_IN.tasks}
    for row in rows:
        tasks = [task for task in BUILT_IN.tasks if f"`{task.reference}`" in row[0]]
        refused = {known.name for task in tasks for known in task.inputs if known.refused or (known.done and known.options)}
        assert refused == set(listed[tasks[0].reference])


def test_the_page_lists_every_logging_command() -> None:
    rows = README.read_text().split("## Logging commands")[1].split("\n## ")[0].splitlines()
    listed = [name for row in rows if row.startswith("| `") for name in re.findall(r"`([a-z]+\.[a-z]+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(HANDLERS)


def test_the_page_shows_real_options() -> None:
    known = {option for parser in (_parser(), serve._parser()) for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"(?<=[ \[])(--[a-z-]+)", "".join(README.read_text().split("```")[1::2]))) <= known
