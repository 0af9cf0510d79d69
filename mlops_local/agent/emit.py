"""An expanded pipeline as YAML text."""

from __future__ import annotations

import re
from decimal import Decimal

import yaml

from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null
from mlops_local.agent.scalars import parse_switch

# Everywhere else `true` is a text, and a reader of the YAML must not take it for anything else.
_BOOLEAN_KEYS = {
    "always",
    "autoCancel",
    "batch",
    "continueOnError",
    "drafts",
    "enabled",
    "failOnStderr",
    "fetchTags",
    "isSkippable",
}
_BOOLEAN_KEYS |= {"lfs", "persistCredentials", "readonly", "workspaceRepo"}
_INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")


def to_yaml(node: Node) -> str:
    return yaml.dump(plain(node), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


def plain(node: Node, key: str = "") -> object:
    """Python's own lists, dicts and scalars: all text, but for what is a boolean or a number by its place or its look."""
    if isinstance(node, Sequence):
        return [plain(item, key) for item in node.items]
    if isinstance(node, Mapping):
        return {name.text: plain(value, name.text) for name, value in node.pairs}
    return _scalar(node, key)


def _scalar(node: Scalar, key: str) -> object:
    if is_null(node):
        return None
    if key in _BOOLEAN_KEYS and (truth := parse_switch(node.text)) is not None:
        return truth
    is_number = node.plain or isinstance(node.value, Decimal)
    return int(node.text) if is_number and _INTEGER.fullmatch(node.text) else node.text


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not _needs_quotes(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _needs_quotes(text: str) -> bool:
    return any(line != line.rstrip() for line in text.split("\n")) or "\t" in text


_Dumper.add_representer(str, _represent_text)
