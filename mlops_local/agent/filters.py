"""Filters of branches, tags and paths, as triggers use them: `include` and `exclude` with wildcards.

https://learn.microsoft.com/azure/devops/pipelines/repos/azure-repos-git#wildcards
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mlops_local.agent.errors import Mark
from mlops_local.agent.nodes import Mapping, Node, Scalar, Sequence, is_null

_WILDCARD = re.compile(r"\*\*/|\*+|\?")
_REF_PARTS = {"?": "."}
# In a path a star stays inside its folder, and two stars go through folders.
_PATH_PARTS = {"**/": "(?:.+/)?", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Rule:
    """One pattern of a filter, and where it stands."""

    pattern: str
    mark: Mark


@dataclass(frozen=True)
class Filter:
    """Without `include` everything is included."""

    include: tuple[Rule, ...]
    exclude: tuple[Rule, ...]
    mark: Mark


@dataclass(frozen=True)
class Choice:
    """Whether something is in, and the rule that decided; there is none when no include matched."""

    chosen: bool
    rule: Rule | None


def filter_of(node: Node | None) -> Filter | None:
    """A text or a list is an `include`; nothing written is no filter."""
    if node is None or is_null(node):
        return None
    if not isinstance(node, Mapping):
        return Filter(_rules(node), (), node.mark)
    return Filter(_rules(node.find("include")), _rules(node.find("exclude")), node.mark)


def _rules(node: Node | None) -> tuple[Rule, ...]:
    nodes = node.items if isinstance(node, Sequence) else [node]
    return tuple(Rule(each.text, each.mark) for each in nodes if isinstance(each, Scalar) and not is_null(each))


def choose_ref(known: Filter, ref: str, kind: str) -> Choice:
    """A full ref, such as refs/heads/main; patterns without refs/ are of `kind`, heads or tags. Excludes win."""

    def first(rules: tuple[Rule, ...]) -> Rule | None:
        return next((rule for rule in rules if _ref_test(rule.pattern, kind).fullmatch(ref)), None)

    included = first(known.include or (Rule("*", known.mark),))
    excluded = first(known.exclude)
    return Choice(included is not None and excluded is None, excluded or included)


def choose_path(known: Filter, path: str) -> Choice:
    """A path from the root of the repository. A folder holds what is below it; an include deeper than an exclude wins."""
    included = [rule for rule in known.include or (Rule("/", known.mark),) if _path_test(rule.pattern).fullmatch(path)]
    excluded = [
        rule
        for rule in known.exclude
        if _path_test(rule.pattern).fullmatch(path) and not any(_is_deeper(each, rule) for each in included)
    ]
    return Choice(bool(included) and not excluded, next(iter(excluded + included), None))


@lru_cache(maxsize=1024)
def _ref_test(pattern: str, kind: str) -> re.Pattern[str]:
    return re.compile(_translated(pattern if pattern.startswith("refs/") else f"refs/{kind}/{pattern}", _REF_PARTS), re.DOTALL)


@lru_cache(maxsize=1024)
def _path_test(pattern: str) -> re.Pattern[str]:
    place = _place(pattern)
    return re.compile(f"{_translated(place, _PATH_PARTS)}(?:/.*)?" if place else ".*", re.DOTALL)


def _place(pattern: str) -> str:
    """`/docs/` is `docs`; the root, which holds everything, is empty."""
    return "/".join(part for part in pattern.split("/") if part not in ("", "."))


def _is_deeper(included: Rule, excluded: Rule) -> bool:
    inner, outer = (re.sub(r"(^|/)\*+$", "", _place(rule.pattern)) for rule in (included, excluded))
    return inner.startswith(f"{outer}/") if outer else bool(inner)


def _translated(pattern: str, parts: dict[str, str]) -> str:
    done, at = "", 0
    for found in _WILDCARD.finditer(pattern):
        done += re.escape(pattern[at : found.start()]) + parts.get(found.group(), ".*")
        at = found.end()
    return done + re.escape(pattern[at:])
