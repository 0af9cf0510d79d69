"""Where the templates live: a name or an address, and what a pipeline calls it.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources-repositories-repository
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from mlops.errors import RepositoryError

_WORDS = r"\w[\w.-]*(?: [\w.-]+)*"
_NAME = re.compile(rf"{_WORDS}(?:/{_WORDS})?")
_AZURE = (
    # The part before the @ is the organization's name, as Azure DevOps itself writes it; a password has no place here.
    re.compile(r"https://(?:[^/@:]+@)?dev\.azure\.com/[^/]+(?:/(?P<project>[^/]+))?/_git/(?P<name>[^/]+)"),
    re.compile(r"https://[^/@:]+\.visualstudio\.com(?:/DefaultCollection)?(?:/(?P<project>[^/]+))?/_git/(?P<name>[^/]+)"),
    re.compile(r"git@ssh\.dev\.azure\.com:v3/[^/]+/(?P<project>[^/]+)/(?P<name>[^/]+)"),
)
_GITHUB = re.compile(r"(?:https://github\.com/|git@github\.com:)(?P<project>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?")


@dataclass(frozen=True)
class Home:
    """`kind` is the type of a repository resource, `name` how the pipeline calls it; `address` is empty when it is not known."""

    kind: str
    name: str
    address: str


def find_home(repository: str) -> Home:
    """Of `REPOSITORY` or `PROJECT/REPOSITORY` in Azure Repos, or of an address there or at GitHub."""
    if found := _GITHUB.fullmatch(repository):
        return Home("github", f"{found['project']}/{found['name']}", repository)
    for pattern in _AZURE:
        if found := pattern.fullmatch(repository):
            name = unquote(found["name"])
            return Home("git", f"{unquote(found['project'] or name)}/{name}", repository)
    if _NAME.fullmatch(repository):
        return Home("git", repository, "")
    # What was given is not repeated: an address may hold a password.
    raise RepositoryError(
        "--repository takes REPOSITORY or PROJECT/REPOSITORY of Azure Repos, or an address at dev.azure.com or github.com "
        "without a password in it."
    )
