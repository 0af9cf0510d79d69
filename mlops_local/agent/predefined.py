"""Variables that Azure DevOps defines by itself, with what this machine can know of them.

https://learn.microsoft.com/azure/devops/pipelines/build/variables
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

REASONS = ("Manual", "IndividualCI", "BatchedCI", "Schedule", "PullRequest", "ResourceTrigger", "BuildCompletion")
# The organisation and the project, unless the user gives others.
COLLECTION, PROJECT = "http://localhost/", "local"
# On Azure there always is a commit: what records it should not have to ask for a folder without one.
UNCOMMITTED = "uncommitted"


@dataclass(frozen=True)
class Source:
    """The repository that holds the pipeline; a folder without git has neither branch nor commit."""

    root: Path
    branch: str
    commit: str
    message: str = ""
    author: str = ""
    # As in Build.Repository.Provider; empty when the repository has no remote that tells.
    provider: str = ""

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


def source_of(file: Path, branch: str | None) -> Source:
    folder = file.resolve().parent
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top:
        return Source(folder, full_ref(branch or "main"), "")
    current = branch or _git(folder, "symbolic-ref", "--quiet", "HEAD") or "main"
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    message, author = (_git(folder, "log", "-1", f"--format={form}") if commit else "" for form in ("%B", "%an"))
    provider = _provider(_git(folder, "remote", "get-url", "origin"))
    return Source(Path(top), full_ref(current), commit, message, author, provider)


def _provider(address: str) -> str:
    host = re.sub(r"^(?:[a-z+]+://)?(?:[^/@]*@)?", "", address.lower())
    known = (
        (r"(ssh\.)?dev\.azure\.com|[\w-]+\.visualstudio\.com", "TfsGit"),
        (r"github\.com", "GitHub"),
        (r"bitbucket\.org", "Bitbucket"),
    )
    return next((provider for pattern, provider in known if re.match(rf"(?:{pattern})[:/]", host)), "")


def full_ref(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def known_at_queue_time(source: Source, reason: str, given: dict[str, str], target: str = "refs/heads/main") -> dict[str, str]:
    """What `${{ variables }}` sees before the YAML's own variables; what the user gives wins."""
    branch = source.branch
    known = {
        "Build.Reason": reason,
        "Build.SourceVersion": source.commit or UNCOMMITTED,
        "Build.SourceVersionMessage": source.title,
        "Build.DefinitionName": source.root.name,
        "Build.QueuedBy": source.author or "local",
        "Build.RequestedFor": source.author or "local",
        "Build.Repository.Name": source.root.name,
        "Build.Repository.Provider": source.provider or "TfsGit",
        "System.CollectionUri": COLLECTION,
        "System.TeamFoundationCollectionUri": COLLECTION,
        "System.TeamProject": PROJECT,
        "System.HostType": "build",
        "System.DefinitionId": "1",
    }
    if reason == "PullRequest":
        known |= _of_pull_request(source, full_ref(target))
        branch = "refs/pull/1/merge"
    branch = next((value for name, value in given.items() if name.casefold() == "build.sourcebranch"), branch)
    return {**known, "Build.SourceBranch": branch, "Build.SourceBranchName": short_branch(branch), **given}


def _of_pull_request(source: Source, target: str) -> dict[str, str]:
    """GitHub and Bitbucket name branches without refs/heads/, and GitHub has a number beside the id."""
    is_azure = source.provider in ("", "TfsGit")
    shown = {ref: ref if is_azure else ref.removeprefix("refs/heads/") for ref in (source.branch, target)}
    return {
        "System.PullRequest.PullRequestId": "1",
        **({"System.PullRequest.PullRequestNumber": "1"} if source.provider == "GitHub" else {}),
        "System.PullRequest.SourceBranch": shown[source.branch],
        "System.PullRequest.TargetBranch": shown[target],
        "System.PullRequest.TargetBranchName": target.removeprefix("refs/heads/"),
        "System.PullRequest.SourceCommitId": source.commit,
        "System.PullRequest.IsFork": "False",
    }


def short_branch(branch: str) -> str:
    """`merge` for a pull request, otherwise what follows refs/heads/ or refs/tags/ after its last slash."""
    return branch.rsplit("/", 1)[-1]
