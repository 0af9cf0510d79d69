"""https://docs.snowflake.com/en/developer-guide/snowflake-ml/feature-store/feature-views"""

from __future__ import annotations

from dataclasses import replace

from snowflake.ml.feature_store import FeatureView as StoredView

from mlops.apply.entities import to_be_stored
from mlops.apply.feature_store import open_feature_store
from mlops.apply.queries import query_of
from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.definitions import FeatureView
from mlops.errors import AccountError
from mlops.names import Name, literal


def apply_feature_view(step: Step, definition: FeatureView) -> Outcome:
    target = step.target
    view = StoredView(
        name=definition.name,
        entities=[to_be_stored(entity) for entity in target.definitions.entities(definition)],
        feature_df=target.session.sql(query_of(definition)),
        timestamp_col=definition.timestamp,
        desc=definition.description,
    ).attach_feature_desc(dict(definition.features))
    name = target.settings.feature_store / f"{definition.name}${definition.version}"
    _require_nothing_beside(target, name)
    # Registered, a view may have been left by a run that was killed: it is written anew, in one statement.
    open_feature_store(target).register_feature_view(view, definition.version, overwrite=True)
    # The client sends more after the view itself; the record says that all of it was done.
    step.finish(f"ALTER VIEW {name.sql} SET COMMENT = {literal(step.comment)}")
    return Outcome()


# What the client takes away with a view that it replaces: tables of these kinds, under the view's name with these ends.
_BESIDE = {"TABLES": "SNAPSHOTS", "ONLINE FEATURE TABLES": "ONLINE"}


def _require_nothing_beside(target: Target, view: Name) -> None:
    """Rows that somebody else's feature view of that name has kept, or serves, were not made here and cannot be made again."""
    for kind, end in _BESIDE.items():
        table = replace(view, name=f"{view.name}${end}")
        if any(row["name"] == table.name for row in target.shown(kind, table)):
            raise AccountError(
                f"The table {table} belongs to a feature view that somebody else has made: declare another version."
            )
