"""https://docs.snowflake.com/en/developer-guide/snowflake-ml/feature-store/feature-views"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent

from snowflake.ml.feature_store import FeatureView as StoredView

from mlops.apply.feature_store import open_feature_store
from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.definitions import Check, FeatureView
from mlops.names import literal


def apply_feature_view(step: Step, definition: FeatureView) -> Outcome:
    target = step.target
    store = open_feature_store(target)
    view = StoredView(
        name=definition.name,
        entities=[store.get_entity(name) for name in definition.entities],
        feature_df=target.session.sql(query_of(definition)),
        timestamp_col=definition.timestamp,
        desc=definition.description,
    ).attach_feature_desc(dict(definition.features))
    # Registered, a view may have been left by a run that was killed: it is written anew, in one statement.
    store.register_feature_view(view, definition.version, overwrite=True)
    # The client sends more after the view itself; the record says that all of it was done.
    name = target.settings.feature_store / f"{definition.name}${definition.version}"
    step.finish(f"ALTER VIEW {name.sql} SET COMMENT = {literal(step.comment)}")
    return Outcome()


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
