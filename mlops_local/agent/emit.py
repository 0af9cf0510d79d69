"""An expanded pipeline as YAML text."""

from __future__ import annotations

from decimal import Decimal

import yaml

from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence


def to_yaml(node: Node) -> str:
    return yaml.dump(plain(node), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


def plain(node: Node) -> object:
    """Python's own lists, dicts and scalars; a scalar written plain keeps the look it had, so `3.10` stays `3.10`."""
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.pairs}
    return _scalar(node)


def _scalar(node: Scalar) -> object:
    if node.value is None or isinstance(node.value, bool):
        return node.value
    if node.plain and isinstance(node.value, str):
        return None if node.value == "" else _Plain(node.value)
    if isinstance(node.value, Decimal):
        return _Plain(node.text)
    return node.text


class _Plain(str):
    """A text that was not quoted in its file."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not _needs_quotes(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _needs_quotes(text: str) -> bool:
    return any(line != line.rstrip() for line in text.split("\n")) or "\t" in text


def _represent_plain(dumper: yaml.SafeDumper, text: _Plain) -> yaml.ScalarNode:
    tag: str = dumper.resolve(yaml.ScalarNode, str(text), (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(text))


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Plain, _represent_plain)
