"""The module `pip` inside a job's environment. It is copied there, runs on the job's Python and imports nothing of the agent.

`pip install`, `pip uninstall` and `pip wheel` of one project are handed to uv when every option and setting means the same there; all
else is the real pip.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Option of pip: option of uv. An empty text drops the option: it changes what is printed or cached, not what is installed.
FLAGS = {
    "-U": "--upgrade",
    "--upgrade": "--upgrade",
    "--no-deps": "--no-deps",
    "--pre": "--prerelease=allow",
    "--no-index": "--no-index",
    "--require-hashes": "--require-hashes",
    "--force-reinstall": "--reinstall",
    "--no-build-isolation": "--no-build-isolation",
    "--compile": "--compile-bytecode",
    "-q": "--quiet",
    "-qq": "--quiet",
    "--quiet": "--quiet",
    "-v": "",
    "--verbose": "",
    "--no-compile": "",
    "--no-cache-dir": "",
    "--no-input": "",
    "--no-color": "",
    "--disable-pip-version-check": "",
    "--no-warn-script-location": "",
    "--no-warn-conflicts": "",
    "--break-system-packages": "",
    "--no-python-version-warning": "",
    "--no-clean": "",
    "--require-virtualenv": "",
}
VALUES = {
    "-r": "--requirements",
    "--requirement": "--requirements",
    "-c": "--constraints",
    "--constraint": "--constraints",
    "-e": "--editable",
    "--editable": "--editable",
    "-i": "--default-index",
    "--index-url": "--default-index",
    "--extra-index-url": "--index",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "-t": "--target",
    "--target": "--target",
    "--prefix": "--prefix",
    "--trusted-host": "--allow-insecure-host",
    "--cache-dir": "",
    "--progress-bar": "",
    "--root-user-action": "",
    "--timeout": "",
    "--retries": "",
}
# Where `pip wheel` puts what it has built.
WHEEL_VALUES = {"-w": "--out-dir", "--wheel-dir": "--out-dir"}
# pip.conf keys and PIP_ variables that say where packages come from, and those that do not matter for what is installed.
SETTINGS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
    "constraint": "--constraints",
    "no-index": "--no-index",
    "require-hashes": "--require-hashes",
    "pre": "--prerelease=allow",
}
SWITCHES = ("no-index", "require-hashes", "pre")
HARMLESS = {
    "cert", "timeout", "default-timeout", "retries", "disable-pip-version-check", "no-input", "cache-dir", "no-cache-dir",
    "quiet",
    "require-virtualenv", "progress-bar", "root-user-action", "break-system-packages", "format", "no-color", "config-file",
    "no-python-version-warning", "no-warn-script-location", "verbose",
}  # fmt: skip


def translated(arguments: list[str]) -> list[str] | None:
    """The arguments of `uv pip`, or None when only the real pip knows what they mean."""
    if not arguments or arguments[0] not in ("install", "uninstall", "wheel"):
        return None
    if arguments[0] == "uninstall":
        rest = [argument for argument in arguments[1:] if argument not in ("-y", "--yes")]
        return None if any(argument.startswith("-") for argument in rest) else ["uninstall", *rest]
    configured = from_settings(settings_of(os.environ, config_files()))
    values = {**VALUES, **WHEEL_VALUES} if arguments[0] == "wheel" else VALUES
    options = _options(arguments[1:], values)
    if configured is None or options is None:
        return None
    return ["install", *configured, *options] if arguments[0] == "install" else _build(configured, options)


def _build(configured: list[str], options: list[str]) -> list[str] | None:
    """One project in a folder, without what it requires: https://docs.astral.sh/uv/reference/cli/#uv-build"""
    words = [word for word in options if word not in ("--quiet", "--no-deps")]
    if "--no-deps" not in options or "--constraints" in configured or len(words) != 3 or "--out-dir" not in words[:2]:
        return None
    at = words.index("--out-dir")
    (project,) = words[:at] + words[at + 2 :]
    # A bare name is a package of the index to pip, even beside a folder of that name.
    if not project.startswith((".", "/")) or not Path(project).is_dir():
        return None
    return ["build", *configured, "--quiet", "--wheel", "--no-create-gitignore", *words[at : at + 2], project]


def _options(arguments: list[str], values: dict[str, str]) -> list[str] | None:
    result: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, separator, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        if not argument.startswith("-"):
            result += [] if _is_pip(argument) else [argument]
        elif argument in FLAGS:
            result += [FLAGS[argument]] if FLAGS[argument] else []
        elif name in values:
            given = value if separator else next(waiting, None)
            if given is None:
                return None
            result += [values[name], given] if values[name] else []
        else:
            return None
    return result


def _is_pip(requirement: str) -> bool:
    """The pip of this environment belongs to the agent and is not replaced."""
    return re.match(r"pip\s*($|[=<>!~\[])", requirement.strip()) is not None


def config_files() -> list[Path]:
    """Where pip looks on Unix: https://pip.pypa.io/en/stable/topics/configuration/"""
    home = Path(os.environ.get("HOME", "/"))
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    return [*files, Path(sys.prefix) / "pip.conf", *([Path(chosen)] if chosen else [])]


def settings_of(environment: os._Environ[str] | dict[str, str], files: list[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        parser.read(file)
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name, value in environment.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def from_settings(settings: dict[str, str]) -> list[str] | None:
    # pip takes the best version of all indexes, uv by default that of the first index that has the package.
    result = ["--index-strategy", "unsafe-best-match"]
    for name, value in settings.items():
        if name in HARMLESS:
            continue
        if name not in SETTINGS:
            return None
        if name in SWITCHES:
            result += [SETTINGS[name]] if value.lower() in ("1", "true", "yes", "on") else []
        else:
            result += [part for each in value.split() if _exists(each) for part in (SETTINGS[name], each)]
    return result


def _exists(place: str) -> bool:
    """pip ignores a local folder of packages that is not there."""
    return not place.startswith(("file://", "/")) or _folder(place).exists()


def _folder(place: str) -> Path:
    return Path(re.sub("^file://", "", place))


def by_content(given: list[str], links: Path) -> list[str]:
    """Local folders of packages under a path that changes with what they hold.

    uv keeps what it found once under a path, name and version; pip looks again, and a wheel that was built anew is another one.
    """
    return [
        str(_linked(_folder(value), links)) if option == "--find-links" and _folder(value).is_dir() else value
        for option, value in zip(["", *given], given, strict=False)
    ]


def _linked(folder: Path, links: Path) -> Path:
    files = sorted(path for path in folder.resolve().iterdir() if path.is_file())
    states = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    place = links / hashlib.sha256(repr(states).encode()).hexdigest()[:16]
    if not place.exists():
        links.mkdir(parents=True, exist_ok=True)
        being_made = Path(tempfile.mkdtemp(dir=links))
        for path in files:
            (being_made / path.name).symlink_to(path)
        try:
            being_made.rename(place)
        except OSError:
            shutil.rmtree(being_made)
            if not place.exists():
                raise
            # Another job was faster; its folder holds the same.
    return place


def main(arguments: list[str]) -> int:
    own = json.loads(Path(__file__).with_name("settings.json").read_text(encoding="utf-8"))
    given = translated(arguments)
    if os.environ.get("PIP_CACHE_DIR"):
        Path(os.environ["PIP_CACHE_DIR"]).mkdir(parents=True, exist_ok=True)
    if given is None:
        return _real_pip(own)
    if given[0] == "install" and not any(_names_something(given, at) for at in range(1, len(given))):
        sys.stdout.write("Requirement already satisfied: pip (this environment's pip belongs to the agent)\n")
        return 0
    command = [*by_content(given, Path(own["links"])), "--python", sys.executable]
    # Asking the index takes three times as long as linking. What is pinned and cached already needs no asking.
    if is_pinned(given) and _uv(own, [*command, "--offline"], quiet=True) == 0:
        return 0
    return _uv(own, command)


_PIN = re.compile(r"[\w.\-\[\],]+\s*==\s*[^*\s;]+\s*(;.*)?")


def is_pinned(given: list[str]) -> bool:
    """Whether an install names exact versions only, in requirements files, or a project what it is built with."""
    if given[0] == "build":
        return _pins_its_build(Path(given[-1], "pyproject.toml"))
    files = [Path(given[at + 1]) for at, word in enumerate(given[:-1]) if word == "--requirements"]
    named = sum(_names_something(given, at) for at in range(1, len(given)) if given[at - 1] != "--requirements")
    return bool(files) and named == len(files) and all(_pins_all(file) for file in files)


def _pins_its_build(file: Path) -> bool:
    try:
        required = re.search(r"^requires\s*=\s*\[([^\]]*)\]", file.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return False
    return required is not None and all(_PIN.fullmatch(one) for one in re.findall(r"""["']([^"']*)["']""", required[1]))


def _pins_all(file: Path) -> bool:
    try:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return False
    included = [file.parent / line.split(maxsplit=1)[1] for line in lines if line.startswith(("-r ", "--requirement "))]
    named = [line for line in lines if line and not line.startswith(("-r ", "--requirement "))]
    return all(_PIN.fullmatch(line) for line in named) and all(_pins_all(one) for one in included)


def _names_something(given: list[str], at: int) -> bool:
    """A requirement, a requirements file or an editable project, as opposed to an option."""
    if given[at] in ("--requirements", "--editable"):
        return True
    takes_value = {*VALUES.values(), *SETTINGS.values(), "--index-strategy"} - {"", *FLAGS.values()}
    return not given[at].startswith("-") and given[at - 1] not in takes_value


# Options of uv that name indexes; its variables say the same without showing it to every user of the machine.
INDEXES = ("--default-index", "--index")


def without_credentials(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """The arguments, and what moves from them into the environment when the address of an index holds a password."""
    named = list(zip(["", *arguments], arguments, strict=False))
    if not any(option in INDEXES and "@" in value for option, value in named):
        return arguments, {}
    rest = [value for option, value in named if option not in INDEXES and value not in INDEXES]
    default = [value for option, value in named if option == "--default-index"]
    further = [value for option, value in named if option == "--index"]
    return rest, {
        name: value for name, value in (("UV_DEFAULT_INDEX", "".join(default[-1:])), ("UV_INDEX", " ".join(further))) if value
    }


def _uv(own: dict[str, str], arguments: list[str], *, quiet: bool = False) -> int:
    shown, indexes = without_credentials(arguments[1:])
    environment = {**os.environ, "UV_CACHE_DIR": own["cache"], **indexes}
    verb = ["build"] if arguments[0] == "build" else ["pip", arguments[0]]
    command = [own["uv"], *verb, "--no-config", "--no-progress", *shown]
    return subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL if quiet else None).returncode


def _real_pip(own: dict[str, str]) -> int:
    folder = Path(own["pip"])
    if not (folder / "pip" / "__main__.py").exists():
        code = _uv(own, ["install", "--quiet", "--target", str(folder), own["requirement"], "--python", sys.executable])
        if code:
            return code
    for name in [name for name in sys.modules if name == "pip" or name.startswith("pip.")]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
