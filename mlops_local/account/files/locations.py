"""Places for files, as statements name them: ``@stage/path``, ``@~``, ``@%table`` and ``snow://dataset/..``, ``snow://model/..``.

https://docs.snowflake.com/en/sql-reference/sql/list, https://docs.snowflake.com/en/user-guide/querying-stage
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, does_not_exist, syntax_error
from mlops_local.account.files.stages import StagedFile, list_files, safe_path
from mlops_local.account.session.session import Session
from mlops_local.account.syntax.names import fold, quote_if_needed

_PART = re.compile(r'%?"(?:[^"]|"")*"|[^./"]*')
_VERSIONED = {"DATASET": "DATASET VERSION", "MODEL": "MODEL VERSION"}


@dataclass(frozen=True)
class Location:
    """``kind`` is STAGE, USER, TABLE, DATASET or MODEL; ``parts`` its dotted name; ``version`` None when none was named."""

    text: str
    kind: str
    parts: tuple[str, ...]
    path: str
    version: str | None = None


def parse_location(text: str) -> Location:
    """Reads a location as it stands in a statement, without the quotes around all of it."""
    if text.startswith("@"):
        return _stage_location(text)
    if text.startswith("snow://"):
        return _versioned_location(text)
    raise syntax_error(f"'{text}' is not a location here: expected @stage, @~, @%table, snow://dataset/.. or snow://model/..")


def _stage_location(text: str) -> Location:
    rest = text[1:]
    if rest == "~" or rest.startswith("~/"):
        return Location(text, "USER", (), _path(rest[2:]))
    raw, path = _dotted(rest, text)
    if raw[-1].startswith("%"):
        return Location(text, "TABLE", (*map(_folded, raw[:-1]), _folded(raw[-1][1:])), path)
    return Location(text, "STAGE", tuple(map(_folded, raw)), path)


def _versioned_location(text: str) -> Location:
    domain, _, rest = text.removeprefix("snow://").partition("/")
    if domain.upper() not in _VERSIONED:
        raise syntax_error(f"'{text}' is not a location here: snow:// knows dataset and model.")
    raw, below = _dotted(rest, text)
    word, _, versioned = below.partition("/")
    if word.lower() not in {"", "versions"}:
        raise syntax_error(f"'{text}' is not a location here: expected 'versions/' behind the name.")
    version, _, path = versioned.partition("/")
    return Location(text, domain.upper(), tuple(map(_folded, raw)), path, version or None)


def _dotted(rest: str, text: str) -> tuple[list[str], str]:
    """The parts of a dotted name, quotes kept, and the path behind it."""
    parts: list[str] = []
    position = 0
    while True:
        match = _PART.match(rest, position)
        assert match is not None
        parts.append(match[0])
        position = match.end()
        if rest[position : position + 1] != ".":
            break
        position += 1
    if rest[position : position + 1] not in {"", "/"} or not parts[-1]:
        raise syntax_error(f"'{text}' is not a location: the name of a stage is missing or not closed.")
    return parts, _path(rest[position + 1 :])


def _folded(part: str) -> str:
    quoted = part.startswith('"')
    return fold(part[1:-1].replace('""', '"') if quoted else part, quoted=quoted)


def _path(text: str) -> str:
    """The path as a prefix: checked, doubled slashes gone, a slash at the end kept."""
    safe = safe_path(text)
    joined = "" if str(safe) == "." else safe.as_posix()
    return joined + "/" if joined and text.endswith("/") else joined


@dataclass(frozen=True)
class Root:
    """A folder, and what LIST writes before the paths in it."""

    folder: Path
    shown: str = ""


@dataclass(frozen=True)
class Place:
    """A location that exists: its folders, the prefix asked for, and the object that owns them."""

    location: Location
    owner: Entry
    roots: tuple[Root, ...]
    prefix: str

    @property
    def root(self) -> Root:
        """The one folder; refused where the location names all versions."""
        if len(self.roots) != 1:
            raise AccountError(2043, "02000", f"SQL compilation error:\n'{self.location.text}' names no single version.")
        return self.roots[0]

    @property
    def file_format(self) -> dict[str, object]:
        """The FILE_FORMAT that the stage was created with."""
        return dict(self.owner.properties.get("FILE_FORMAT") or {})

    def entries(self, pattern: str | None = None) -> list[tuple[Root, StagedFile]]:
        return [(root, file) for root, file in self._walk() if pattern is None or matches(pattern, root, file)]

    def files(self, pattern: str | None = None) -> list[StagedFile]:
        return [file for _, file in self.entries(pattern)]

    def _walk(self) -> Iterator[tuple[Root, StagedFile]]:
        for root in self.roots:
            yield from ((root, file) for file in list_files(root.folder, self.prefix))


def matches(pattern: str, root: Root, file: StagedFile) -> bool:
    """PATTERN is a regular expression for a whole path, with or without the stage's name before it."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise AccountError(100048, "2201B", f"Invalid regular expression: '{pattern}', {error}") from error
    return any(compiled.fullmatch(name) for name in (file.relative, root.shown + file.relative))


# What it takes to read the files of a kind, and to change them; files of models and datasets are their owner's to change.
_READING = {"STAGE": ("READ", "USAGE"), "TABLE": ("SELECT",), "MODEL": ("READ",), "DATASET": ("USAGE",)}
_WRITING = {"STAGE": ("WRITE",), "TABLE": ("INSERT",)}


def locate(session: Session, text: str, *, write: bool = False) -> Place:
    """The place that a location names in this session; refused with 2003 when there is none, and with 3001 without the privilege."""
    place = _locate(session, parse_location(text))
    if place.owner.kind != "USER":
        needed = _WRITING if write else _READING
        session.access.demand_any(needed.get(place.owner.kind, ("OWNERSHIP",)), place.owner)
    return place


def _locate(session: Session, location: Location) -> Place:
    if location.kind in _VERSIONED:
        return _locate_version(session, location)
    stages = session.account.stages
    if location.kind == "USER":
        owner = session.catalogue.get("USER", "", "", session.user)
        return Place(location, owner, (Root(stages.folder(owner)),), location.path)
    owner = session.get(location.kind, location.parts)
    shown = owner.name + "/" if location.kind == "STAGE" else ""
    return Place(location, owner, (Root(stages.folder(owner), shown.lower() if shown.isupper() else shown),), location.path)


def _locate_version(session: Session, location: Location) -> Place:
    owner = session.get(location.kind, location.parts)
    versions = session.catalogue.list(_VERSIONED[location.kind], parent=owner.id)
    if location.version is not None:
        found = find_version(versions, location.version)
        if found is None:
            raise does_not_exist(f"{location.kind} version", f"{owner.full_name}.{quote_if_needed(location.version)}")
        versions = [found]
    stages = session.account.stages
    roots = tuple(Root(stages.folder_of_version(version), f"versions/{version.name}/") for version in versions)
    return Place(location, owner, roots, location.path)


def find_version(versions: list[Entry], name: str) -> Entry | None:
    """By its exact name first: versions of datasets keep their case, those of models are upper case unless quoted."""
    wanted = name[1:-1] if name.startswith('"') else name
    exact = [version for version in versions if version.name == wanted]
    folded = [version for version in versions if version.name == wanted.upper()]
    return next(iter(exact + folded), None)
