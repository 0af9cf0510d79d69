"""What is asked of whoever makes a repository, and what stands in its files because of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops.errors import RepositoryError
from mlops.scaffold.home import find_home

_NAME = re.compile(r"\w[\w .-]*")
_REF = re.compile(r"refs/tags/\w[\w./-]*")


@dataclass(frozen=True)
class Answers:
    """`endpoint` is the service connection that a pipeline needs for a repository outside of Azure Repos."""

    name: str
    repository: str
    endpoint: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise RepositoryError(
                f"A name is made of letters, digits, blanks and . _ -; this is {self.name!r}: give one by --name."
            )
        if self.endpoint and not _NAME.fullmatch(self.endpoint):
            raise RepositoryError(f"A service connection's name is made of letters, digits, blanks and . _ -: {self.endpoint!r}.")
        if (find_home(self.repository).kind == "github") != bool(self.endpoint):
            raise RepositoryError(
                "A repository at GitHub, and no other, takes --endpoint NAME: the service connection by which Azure Pipelines reads it."
            )

    def values(self, ref: str) -> dict[str, str]:
        """By the placeholder that each stands for."""
        home = find_home(self.repository)
        lines = [f"type: {home.kind}", f"name: {_quoted(home.name)}"]
        lines += [f"endpoint: {_quoted(self.endpoint)}"] if self.endpoint else []
        return {
            "name": self.name,
            "repository": home.name,
            "address": home.address or "ADDRESS",
            "clone": home.name.rpartition("/")[2].replace(" ", "-"),
            "source": "\n      ".join(lines),
            "ref": ref,
            "tag": ref.removeprefix("refs/tags/"),
        }


def full_ref(tag: str) -> str:
    """`v1.2.0` and `refs/tags/v1.2.0` are the same tag."""
    ref = tag if tag.startswith("refs/") else f"refs/tags/{tag}"
    if not _REF.fullmatch(ref) or ".." in ref:
        raise RepositoryError(f"A repository is made from a tag, such as refs/tags/v1.2.0, not from {tag!r}.")
    return ref


def _quoted(text: str) -> str:
    """A YAML scalar; `1.0` and `on` are names too."""
    return text if re.fullmatch(r"[A-Za-z][\w.-]*/[\w./-]+", text) else f"'{text}'"
