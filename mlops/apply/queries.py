"""Queries of definitions, as statements hold them. Apart from what makes feature views, whose client takes long to be imported."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent

from mlops.apply.target import Target
from mlops.definitions import Check, FeatureView

# A query may stand in another one without what ends it as a statement.
CLOSING = "; \n"


def query_of(definition: FeatureView) -> str:
    return dedent(definition.query).strip()


def find_warnings(target: Target, checks: Sequence[Check]) -> list[str]:
    """One statement, however many checks there are."""
    if not checks:
        return []
    asked = " UNION ALL ".join(
        f"SELECT {number} AS N, ({check.query.rstrip(CLOSING)}) AS C" for number, check in enumerate(checks)
    )
    counted = {int(number): int(count) for number, count in target.run(asked)}
    return [check.sentence.format(count=counted[number]) for number, check in enumerate(checks) if counted[number]]
