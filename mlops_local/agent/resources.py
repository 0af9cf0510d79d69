"""`resources`: where expressions may stand in them, and how those of a pipeline and of the template that it extends become one.

https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/resources
"""

from __future__ import annotations

from collections.abc import Iterator

from mlops_local.agent.errors import Problems
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, scalars

OPENING = "${{"
# Sections and the keys of their items that Azure evaluates; None is everywhere.
_EVALUATED: dict[str, frozenset[str] | None] = {
    "containers": None,
    "repositories": frozenset({"ref"}),
    "pipelines": frozenset({"version", "branch"}),
    "builds": frozenset({"version", "branch"}),
    "packages": frozenset({"version", "tag"}),
    "webhooks": frozenset(),
}


def check_expressions(resources: Node, problems: Problems) -> None:
    if not isinstance(resources, Mapping):
        return
    for section, content in resources.pairs:
        evaluated = _EVALUATED.get(section.text, frozenset())
        if evaluated is None:
            continue
        where = f"only in {' and '.join(sorted(evaluated))}" if evaluated else "not at all"
        for scalar in _unevaluated(content, evaluated):
            if OPENING in scalar.text:
                problems.add(scalar.mark, f"In 'resources.{section.text}' a template expression is allowed {where}.")


def _unevaluated(content: Node, evaluated: frozenset[str]) -> Iterator[Scalar]:
    if not isinstance(content, Sequence):
        yield from scalars(content)
        return
    for item in content.items:
        if not isinstance(item, Mapping):
            yield from scalars(item)
            continue
        for key, value in item.pairs:
            yield key
            if key.text not in evaluated:
                yield from scalars(value)


def merged(body: list[tuple[Scalar, Node]], problems: Problems) -> list[tuple[Scalar, Node]]:
    """The pairs of a pipeline with one `resources`: lists of the same name are joined, the pipeline's own items first."""
    found = [(key, value) for key, value in body if key.text == "resources" and isinstance(value, Mapping)]
    if len(found) < 2:
        return body
    sections: dict[str, tuple[Scalar, Sequence]] = {}
    for _, resources in found:
        assert isinstance(resources, Mapping)
        for key, content in resources.pairs:
            if not isinstance(content, Sequence):
                problems.add(content.mark, f"'resources.{key.text}' is a list.")
                continue
            before = sections.get(key.text, (key, Sequence([], content.mark)))
            sections[key.text] = (before[0], Sequence([*before[1].items, *content.items], before[1].mark))
    first, mapping = found[0]
    joined: tuple[Scalar, Node] = (first, Mapping(list(sections.values()), mapping.mark))
    rest = [pair for pair in body if not any(pair[1] is value for _, value in found)]
    return [joined, *rest]
