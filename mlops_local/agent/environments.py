"""Environments and the checks that stand before them, as files of the library: `environments/NAME.yml`.

library/README.md says what such a file holds. An environment without a file has no checks, like a new one on Azure.
https://learn.microsoft.com/azure/devops/pipelines/process/approvals
"""

from __future__ import annotations

from dataclasses import dataclass

from mlops_local.agent.errors import Problems, WrongPipeline
from mlops_local.agent.library import Library, LibraryError
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, text_of
from mlops_local.agent.scalars import parse_boolean, parse_number
from mlops_local.agent.shapes import boolean, list_of, mapping, number, text, texts

# Azure waits thirty days for an approval when nothing else is said.
_THIRTY_DAYS = 30 * 24 * 60.0
_FORM = mapping(
    {
        "approval": mapping({"approvers": texts, "instructions": text, "timeoutInMinutes": number}, ["approvers"], "an approval"),
        "branchControl": texts,
        "exclusiveLock": boolean,
        "requiredTemplate": list_of(
            mapping({"repository": text, "ref": text, "path": text}, ["repository", "path"], "a required template")
        ),
    },
    what="an environment",
)


@dataclass(frozen=True)
class Approval:
    approvers: tuple[str, ...]
    instructions: str
    timeout_minutes: float


@dataclass(frozen=True)
class RequiredTemplate:
    """`ref` of "" is any."""

    repository: str
    ref: str
    path: str


@dataclass(frozen=True)
class Environment:
    """`branches` and `templates` of () check nothing."""

    name: str
    approval: Approval | None = None
    branches: tuple[str, ...] = ()
    templates: tuple[RequiredTemplate, ...] = ()
    exclusive_lock: bool = False


def read_environment(library: Library, name: str) -> Environment:
    """LibraryError for a file that is wrong; every mistake is in its text."""
    node = library.environment(name)
    if node is None:
        return Environment(name)
    problems = Problems()
    _FORM(node, problems)
    environment = Environment(
        name,
        _approval(node.find("approval"), problems),
        _branches(node.find("branchControl"), problems),
        _templates(node.find("requiredTemplate")),
        parse_boolean(text_of(node, "exclusiveLock")) is True,
    )
    try:
        problems.stop()
    except WrongPipeline as error:
        raise LibraryError(str(error)) from error
    return environment


def _approval(node: Node | None, problems: Problems) -> Approval | None:
    if not isinstance(node, Mapping):
        return None
    approvers = _texts(node.find("approvers"))
    if not approvers:
        problems.add(node.mark, "An approval names who may give it under 'approvers'.")
    minutes = parse_number(text_of(node, "timeoutInMinutes"))
    return Approval(approvers, text_of(node, "instructions"), float(minutes) if minutes else _THIRTY_DAYS)


def _branches(node: Node | None, problems: Problems) -> tuple[str, ...]:
    branches = _texts(node)
    for branch in branches:
        if node is not None and not branch.startswith(("refs/", "*")):
            problems.add(node.mark, f"A branch is written in full here: refs/heads/{branch}.")
    return branches


def _templates(node: Node | None) -> tuple[RequiredTemplate, ...]:
    items = node.items if isinstance(node, Sequence) else []
    return tuple(RequiredTemplate(text_of(item, "repository"), text_of(item, "ref"), text_of(item, "path")) for item in items)


def _texts(node: Node | None) -> tuple[str, ...]:
    """A list, or a text with commas as the page of Azure DevOps takes it."""
    if isinstance(node, Scalar):
        return tuple(part.strip() for part in node.text.split(",") if part.strip())
    return tuple(item.text for item in node.items if isinstance(item, Scalar)) if isinstance(node, Sequence) else ()
