"""Summaries of distributions that can be merged: t-digests, as DuckDB functions ``tdigest_merge`` and ``tdigest_quantile``.

A digest is the list that Snowflake shows as a state: mean, weight, mean, weight .. in the order of the means.
https://docs.snowflake.com/en/user-guide/querying-approximate-percentile-values
"""

from __future__ import annotations

from itertools import pairwise

import duckdb

_COMPRESSION = 200
"""Up to that many values are kept as they are."""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    connection.create_function("tdigest_merge", merge, ["DOUBLE[]"], "DOUBLE[]")
    connection.create_function("tdigest_quantile", quantile, ["DOUBLE[]", "DOUBLE"], "DOUBLE", null_handling="special")


def merge(points: list[float]) -> list[float]:
    """One digest of digests that stand behind each other; neighbours join, in the middle more of them than at the ends."""
    pairs = sorted(zip(points[::2], points[1::2], strict=True))
    total = sum(weight for _, weight in pairs)
    merged: list[tuple[float, float]] = []
    before = 0.0
    for mean, weight in pairs:
        if merged and merged[-1][1] + weight <= _limit((before + weight / 2) / total, total):
            merged[-1] = _joined(*merged[-1], mean, weight)
        else:
            merged.append((mean, weight))
        before += weight
    return [number for pair in merged for number in pair]


def _limit(share: float, total: float) -> float:
    return 4 * total * share * (1 - share) / _COMPRESSION


def _joined(mean: float, weight: float, other: float, more: float) -> tuple[float, float]:
    return mean + (other - mean) * more / (weight + more), weight + more


def quantile(points: list[float] | None, share: float) -> float | None:
    """Between the middles of two neighbours, in proportion; None of an empty digest."""
    if not points:
        return None
    wanted = share * sum(points[1::2])
    middles: list[tuple[float, float]] = []
    before = 0.0
    for mean, weight in zip(points[::2], points[1::2], strict=True):
        middles.append((before + weight / 2, mean))
        before += weight
    for (left, low), (right, high) in pairwise(middles):
        if left <= wanted <= right:
            return low + (high - low) * (wanted - left) / (right - left)
    return middles[0][1] if wanted < middles[0][0] else middles[-1][1]
