"""Logging commands: `##vso[area.action name=value;...]data`, anywhere in a line that a step prints.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMAND = re.compile(r"##vso\[(?P<area>[A-Za-z]+)\.(?P<action>[A-Za-z]+)(?:\s+(?P<properties>[^\]]*))?\](?P<data>.*)", re.DOTALL)
_ESCAPES = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"))
# With `target: {commands: restricted}` a step may use these and no others.
RESTRICTED = {
    "task.logdetail",
    "task.logissue",
    "task.issue",
    "task.complete",
    "task.setprogress",
    "task.setsecret",
    "task.setvariable",
    "task.settaskvariable",
    "task.prependpath",
    "task.debug",
}


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str

    def flag(self, name: str) -> bool:
        return self.properties.get(name, "").lower() == "true"


def parse_command(line: str) -> Command | None:
    found = _COMMAND.search(line)
    if not found:
        return None
    name = f"{found['area']}.{found['action']}".lower()
    return Command(name, _properties(found["properties"] or ""), unescape(found["data"]))


def _properties(text: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        if separator and name.strip():
            named[name.strip().lower()] = unescape(value)
    return named


def unescape(text: str) -> str:
    for escaped, plain in _ESCAPES:
        text = text.replace(escaped, plain)
    return text.replace("%AZP25", "%")
