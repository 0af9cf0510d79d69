"""Functions, a file for each family; the whole table is ``registry.FUNCTIONS``."""

from __future__ import annotations

from mlops_local.account.sql.functions import (
    aggregates,
    collections,
    conditional,
    conversion,
    dates,
    numeric,
    random,
    session_context,
    sketches,
    text,
)
from mlops_local.account.sql.functions.lookup import call_function

FAMILIES = (aggregates, collections, conditional, conversion, dates, numeric, random, session_context, sketches, text)

__all__ = ["FAMILIES", "call_function"]
