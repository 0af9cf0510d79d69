"""File patterns of Azure tasks: `**`, `*`, `?`, `[a-z]`, `+(a|b)`, `!` to take files away again, `#` for remarks.

Braces are no choice unless the task says so: https://github.com/microsoft/azure-pipelines-task-lib, match of task.ts.
https://learn.microsoft.com/azure/devops/pipelines/tasks/file-matching-patterns
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from mlops_local.agent.later import later

_glob = later("wcmatch.glob")
_WILD = re.compile(r"[*?\[]|[+@!]\(")


def find_files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """Files below a folder, in order of their names; a later pattern with `!` takes away what earlier ones found."""
    return choose(list(files_below(folder)), folder, patterns)


def find_anywhere(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """As :func:`find_files`, and what patterns with a path from the root of the machine name outside of the folder."""
    places = [place_of(pattern) for pattern in patterns if _is_absolute(pattern)]
    return choose({file for place in [folder, *places] for file in files_below(place)}, folder, patterns)


def choose(
    paths: Iterable[Path],
    folder: Path,
    patterns: Sequence[str],
    *,
    braces: bool = False,
    names: bool = False,
    hidden: bool = True,
) -> list[Path]:
    """The paths that match, in order. `names` lets a pattern without a slash name what lies in any folder below."""
    flags = _flags(braces=braces, names=names, hidden=hidden)
    candidates = list(paths)
    chosen: set[Path] = set()
    for pattern in patterns:
        text = pattern.strip()
        if not text or text.startswith("#"):
            continue
        signs = _signs(text)
        test = _test(text[signs:], folder, flags)
        found = {path for path in candidates if test(path)}
        chosen = chosen - found if signs % 2 else chosen | found
    return sorted(chosen)


def _flags(*, braces: bool, names: bool, hidden: bool) -> int:
    usual = _glob().GLOBSTAR | _glob().EXTGLOB | _glob().FORCEUNIX
    return int(usual | _glob().BRACE * braces | _glob().MATCHBASE * names | _glob().DOTGLOB * hidden)


def _signs(pattern: str) -> int:
    """`!` takes away, `!!` does not; `!(a|b)` is a pattern."""
    count = len(pattern) - len(pattern.lstrip("!"))
    return count - 1 if count and pattern[count : count + 1] == "(" else count


def _is_absolute(pattern: str) -> bool:
    return pattern.strip().lstrip("!").startswith("/")


def place_of(pattern: str) -> Path:
    """The folder below which everything lies that the pattern may match, or the file that it names."""
    literal = pattern.strip().lstrip("!")
    wild = _WILD.search(literal)
    return Path(os.path.normpath(literal[: wild.start()].rpartition("/")[0] or "/" if wild else literal))


def _test(pattern: str, folder: Path, flags: int) -> Callable[[Path], bool]:
    text = os.path.normpath(pattern)
    tests = [re.compile(each) for each in _glob().translate(text, flags=flags)[0]]

    def matches(path: Path) -> bool:
        shown = path.as_posix() if text.startswith("/") else path.relative_to(folder).as_posix()
        return any(test.match(shown) for test in tests)

    if text.startswith("/"):
        return matches
    return lambda path: path.is_relative_to(folder) and matches(path)


def files_below(place: Path) -> Iterator[Path]:
    """Files in a folder, also behind links; a file is itself."""
    if place.is_file():
        yield place
    for top, folders, names in os.walk(place, followlinks=True):
        folders[:] = [name for name in folders if not _leads_back(Path(top, name))]
        yield from (Path(top, name) for name in names)


def _leads_back(folder: Path) -> bool:
    """A link to a folder around itself, which would be walked for ever."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
