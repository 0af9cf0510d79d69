"""File patterns of Azure tasks: `**`, `*`, `?`, `[a-z]`, `{a,b}`, and `!` to take files away again.

https://learn.microsoft.com/azure/devops/pipelines/tasks/file-matching-patterns
"""

from __future__ import annotations

import os
import re
from pathlib import Path


def find_files(folder: Path, patterns: list[str]) -> list[Path]:
    """Files below a folder, in order of their names; a later pattern with `!` takes away what earlier ones found."""
    if not folder.is_dir():
        return []
    files = [Path(top, name) for top, _, names in os.walk(folder) for name in names]
    chosen: set[Path] = set()
    for pattern in patterns:
        takes_away = pattern.startswith("!")
        tests = [re.compile(to_regex(each)) for each in _alternatives(pattern.lstrip("!").strip())]
        found = {file for file in files if any(test.fullmatch(_shown(file, folder, test)) for test in tests)}
        chosen = chosen - found if takes_away else chosen | found
    return sorted(chosen)


def _shown(file: Path, folder: Path, test: re.Pattern[str]) -> str:
    return file.as_posix() if test.pattern.startswith("/") else file.relative_to(folder).as_posix()


def _alternatives(pattern: str) -> list[str]:
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern.removeprefix("./")]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [each for choice in found.group(1).split(",") for each in _alternatives(head + choice + tail)]


def to_regex(pattern: str) -> str:
    parts: list[str] = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[", pattern):
        parts.append({"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token) or _literal(token))
    return "".join(parts)


def _literal(token: str) -> str:
    return token.replace("[!", "[^") if len(token) > 2 and token.startswith("[") else re.escape(token)
