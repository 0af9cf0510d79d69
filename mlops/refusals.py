"""From what a client raises to one sentence."""

from __future__ import annotations

import re

# Python inside Snowflake: the last line of its traceback holds the sentence, behind the exception's type.
_RAISED = re.compile(r"^\s*(?:[A-Za-z_][\w.]*(?:Error|Exception)): (?P<sentence>.+)$", re.MULTILINE)
# What the clients put before the server's words: codes, the id of the query, the name of the error.
_PREFIX = re.compile(
    r"^\s*(?:\(\d+\):?\s*(?:\(\w+\):?)?|[0-9a-f-]{36}:|\d{6} \(\w+\):|SQL compilation error:|\w*Error\(|['\"])\s*"
)


def explain(error: Exception) -> str:
    text = str(error)
    raised = _RAISED.findall(text)
    sentence = raised[-1] if raised else _without_prefix(text)
    return sentence.strip().rstrip(".") + "."


def _without_prefix(text: str) -> str:
    lines = [line for line in (_strip(line) for line in text.splitlines()) if line]
    return " ".join(lines[:3])


def _strip(line: str) -> str:
    while (shorter := _PREFIX.sub("", line)) != line:
        line = shorter
    return line.strip()
