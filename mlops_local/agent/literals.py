"""Texts that must not be written into a pipeline as they are: secrets, and versions that YAML takes for numbers."""

from __future__ import annotations

import re

from mlops_local.agent.errors import Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence

_SECRET = re.compile(r"(password|passphrase|passwd|secret|token|privatekey|apikey|accesskey|connectionstring)$")
_SHORTENED = re.compile(r"\d+\.\d*0")


def check_key(node: Scalar, problems: Problems) -> None:
    if "PRIVATE KEY-----" in node.text:
        problems.add(node.mark, "A private key stands here for everybody to read; keep it as a secure file.")


def check_parameter(name: str, value: Node, problems: Problems) -> None:
    """A text for a parameter. Everybody who may read or queue the pipeline sees it, so a secret is never one."""
    if not isinstance(value, Scalar):
        return
    bare = re.sub(r"[^a-z]", "", name.lower())
    if _SECRET.search(bare) and value.text.strip() and "$(" not in value.text:
        problems.add(
            value.mark,
            f"The parameter '{name}' holds a secret for everybody to read; keep it in a variable group or a secure file.",
        )


def check_object(name: str, value: Node, problems: Problems) -> None:
    """What stands in a parameter of type object is typed: a version without quotes loses its last zero."""
    if isinstance(value, Mapping):
        for key, inner in value.pairs:
            check_object(key.text, inner, problems)
    elif isinstance(value, Sequence):
        for inner in value.items:
            check_object(name, inner, problems)
    elif value.plain and "version" in name.lower() and _SHORTENED.fullmatch(value.text):
        short = value.text.rstrip("0").rstrip(".")
        problems.add(value.mark, f"Without quotes {value.text} is the number {short}; write '{value.text}'.")
