"""Rows that the account makes itself, as a relation of a query: what its table functions answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlops_local.account.session.result import Column, rows
from mlops_local.account.sql.context import Context, Relation


def relation(context: Context, columns: Sequence[Column], values: Iterable[Sequence[Any]]) -> Relation:
    return context.register(rows(columns, values).table, columns)
