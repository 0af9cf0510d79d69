"""Which packages there are, whether those declared are among them, and what a handler may import because of them.

Nothing is ever installed: the worker runs in the account's own Python environment.
https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-packages
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlops_local.account.sandbox.errors import PackageError, RuntimeVersionError
from mlops_local.account.sandbox.spec import Handler

RUNTIME_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SNOWPARK = "snowflake-snowpark-python"

# What Anaconda's channel, which the names in PACKAGES are those of, calls otherwise than the Python package index.
_CHANNEL_NAMES = {"pytorch": "torch", "py-xgboost": "xgboost"}
# Part of every runtime that has Snowpark: Snowflake's own clients count on it without asking.
_WITH_SNOWPARK = "pyarrow"

_MODULE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\.[A-Za-z0-9_-]+)?\.(?:py|so|pyd)\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class InstalledPackage:
    """A row of INFORMATION_SCHEMA.PACKAGES."""

    package_name: str
    version: str
    language: str = "python"
    runtime_version: str = RUNTIME_VERSION


def installed_packages() -> list[InstalledPackage]:
    """Under every name that they are asked for by: the normalised one, their own (``snowflake.core``), the channel's."""
    found = {name: distribution.version for name, distribution in _distributions().items()}
    own = {str(distribution.metadata["Name"]).lower(): distribution.version for distribution in _distributions().values()}
    channel = {name: found[target] for name, target in _CHANNEL_NAMES.items() if target in found}
    dotted = {canonicalize_name(name) for name in own if "." in name}
    kept = {name: version for name, version in found.items() if name not in dotted}
    return [InstalledPackage(name, version) for name, version in sorted({**kept, **own, **channel}.items())]


def check_packages(packages: Sequence[str], *, procedure: bool = False) -> None:
    """Refuse a PACKAGES clause that the environment cannot satisfy; a procedure must ask for Snowpark."""
    names = {_distribution_of(_checked(text)) for text in packages}
    if procedure and SNOWPARK not in names:
        raise PackageError(
            f"Cannot create a Python stored procedure without the '{SNOWPARK}' package. Add it to PACKAGES; here it is version "
            f"{_version(SNOWPARK)}."
        )


def check_runtime(handler: Handler) -> None:
    """Pickled code runs only on the Python it was pickled with; plain source of another version is tolerated."""
    if handler.runtime_version in {"", RUNTIME_VERSION} or not _is_pickled(handler):
        return
    raise RuntimeVersionError(
        f"{handler.name} holds code pickled by Python {handler.runtime_version}, and this account runs Python {RUNTIME_VERSION}. "
        f"Register it from Python {RUNTIME_VERSION}, or run the account with Python {handler.runtime_version}."
    )


def closure(packages: Iterable[str]) -> frozenset[str]:
    """The distributions that the declared ones bring: themselves and what they require, by canonical name."""
    found: set[tuple[str, str]] = set()
    waiting = [pair for text in packages for pair in _wanted(_requirement(text))]
    while waiting:
        pair = waiting.pop()
        if pair not in found and pair[0] in _distributions():
            found.add(pair)
            waiting.extend(_required(*pair))
    return frozenset(name for name, _ in found)


def denied_modules(allowed: frozenset[str]) -> list[str]:
    """The modules of every installed distribution that is not among the allowed ones."""
    roots = _module_roots()
    granted = {module for name in allowed for module in roots.get(name, ())}
    return sorted({module for modules in roots.values() for module in modules} - granted)


def _checked(text: str) -> Requirement:
    requirement = _requirement(text)
    found = _distributions().get(_distribution_of(requirement))
    if found is None:
        raise PackageError(
            f"Cannot create a Python function with the specified packages: '{requirement.name}' is not installed in the "
            "account's environment. Install it there (requirements.txt), or take it out of PACKAGES."
        )
    if not requirement.specifier.contains(found.version, prereleases=True):
        raise PackageError(
            f"Cannot create a Python function with the specified packages: '{text}' is asked for, the account's environment has "
            f"{found.version}. Change the version in PACKAGES, or install that one."
        )
    return requirement


def _requirement(text: str) -> Requirement:
    # Snowflake also writes a single '=' as conda does.
    spelled = re.sub(r"(?<![=<>!~])=(?!=)", "==", text.strip())
    try:
        return Requirement(spelled)
    except InvalidRequirement as error:
        raise PackageError(f"'{text}' in PACKAGES is not a package: write 'name', 'name==1.2' or 'name>=1.2'.") from error


def _distribution_of(requirement: Requirement) -> str:
    name = canonicalize_name(requirement.name)
    return _CHANNEL_NAMES.get(name, name)


def _wanted(requirement: Requirement) -> list[tuple[str, str]]:
    name = _distribution_of(requirement)
    return [(name, extra) for extra in ("", *requirement.extras)]


@cache
def _required(name: str, extra: str) -> tuple[tuple[str, str], ...]:
    lines = [*(_distributions()[name].requires or []), *([_WITH_SNOWPARK] if name == SNOWPARK else [])]
    needed = [r for r in map(Requirement, lines) if r.marker is None or r.marker.evaluate({"extra": extra})]
    return tuple(pair for requirement in needed for pair in _wanted(requirement))


@lru_cache(maxsize=1)
def _distributions() -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), distribution)
    return found


def _version(name: str) -> str:
    found = _distributions().get(name)
    return found.version if found else "not installed"


@lru_cache(maxsize=1)
def _module_roots() -> dict[str, frozenset[str]]:
    """By distribution, the shortest module names that are its own: ``snowflake`` is shared by four, ``snowflake.ml`` is not."""
    modules = {name: _modules(_files(found)) for name, found in _distributions().items()}
    owners: dict[str, set[str]] = {}
    for name, owned in modules.items():
        for prefix in {prefix for module in owned for prefix in _prefixes(module)}:
            owners.setdefault(prefix, set()).add(name)
    return {name: frozenset(_shortest_own(module, owners) for module in owned) for name, owned in modules.items()}


def _files(found: metadata.Distribution) -> list[PurePosixPath]:
    """What it has installed. One that runs from its source has installed nothing of its own, but names its packages."""
    installed = list(found.files or []) if found.read_text("RECORD") is not None else []
    if installed and not any(file.name.startswith("__editable__") for file in installed):
        return [*installed]
    return [PurePosixPath(name, "__init__.py") for name in (found.read_text("top_level.txt") or "").split()]


def _shortest_own(module: str, owners: Mapping[str, set[str]]) -> str:
    return next((prefix for prefix in _prefixes(module) if len(owners[prefix]) == 1), module)


def _prefixes(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _modules(files: Iterable[PurePosixPath]) -> frozenset[str]:
    """The topmost regular packages and the modules outside of any."""
    paths = [PurePosixPath(file) for file in files]
    packages = {path.parent for path in paths if path.name in {"__init__.py", "__init__.pyi"}}
    return frozenset(module for path in paths if (module := _module(path, packages)))


def _module(path: PurePosixPath, packages: set[PurePosixPath]) -> str | None:
    match = _MODULE.match(path.name)
    if match is None or not all(_WORD.match(part) for part in path.parts[:-1]):
        return None
    above = [parent for parent in path.parents if parent in packages]
    return ".".join(above[-1].parts if above else (*path.parts[:-1], match[1]))


def _is_pickled(handler: Handler) -> bool:
    if handler.body is not None:
        return "pickle.loads(" in handler.body
    sources = [file.path for file in handler.imports if file.name.endswith(".py")]
    return any("pickle.loads(bytes.fromhex(" in path.read_text(errors="replace") for path in sources)
