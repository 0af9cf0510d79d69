"""`.mlops.toml`: what a repository was made from, and hashes of its files as they were written."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mlops.errors import RepositoryError
from mlops.scaffold.answers import Answers, full_ref

NAME = ".mlops.toml"
_HEAD = "# Written by `python -m mlops init` and `python -m mlops update`, which compare with it. Keep it in git, and do not edit it.\n"


@dataclass(frozen=True)
class Record:
    """`version` is that of the machine, `files` are hashes by path: of what was written, whatever became of it since."""

    version: str
    ref: str
    answers: Answers
    files: Mapping[str, str]


def make_record(version: str, ref: str, answers: Answers, files: Mapping[str, str]) -> Record:
    return Record(version, ref, answers, {path: digest(text) for path, text in files.items()})


def digest(text: str) -> str:
    return hashlib.sha256(encode(text)).hexdigest()


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def decode(content: bytes) -> str:
    """A user's file may hold anything; what is no UTF-8 is carried through unchanged."""
    return content.decode("utf-8", "surrogateescape")


def to_toml(record: Record) -> str:
    top = {"version": record.version, "ref": record.ref}
    return f"{_HEAD}{_lines(top)}\n[answers]\n{_lines(asdict(record.answers))}\n[files]\n{_lines(record.files)}"


def _lines(values: Mapping[str, str]) -> str:
    # A JSON string is a basic string of TOML: https://toml.io/en/v1.0.0#string
    return "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in values.items())


def read_record(root: Path) -> Record:
    file = root / NAME
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
        answers = Answers(**read["answers"])
        return Record(
            str(read["version"]), full_ref(read["ref"]), answers, {str(path): str(of) for path, of in read["files"].items()}
        )
    except FileNotFoundError:
        raise RepositoryError(
            f"There is no {NAME} in {root.resolve()}: go to a repository made by `python -m mlops init`, or name it by --content."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RepositoryError(f"{file} cannot be read ({error}): take it from git again.") from None
