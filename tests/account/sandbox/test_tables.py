"""Table functions: rows, partitions, vectorized methods."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import Handler, HandlerError, Sandbox

Batch = Callable[..., pa.RecordBatch]

SPLIT = """
class Split:
    def __init__(self):
        self.words = 0
    def process(self, text):
        for word in (text or '').split():
            self.words += 1
            yield (word, len(word))
    def end_partition(self):
        yield ('total', self.words)
"""


def test_rows_know_their_input_row_and_their_partition(sandbox: Sandbox, batch: Batch) -> None:
    rows = batch(["a bb", None, "ccc"])
    result = sandbox.call_table(Handler("SPLIT", "Split", SPLIT), ["VARCHAR"], ["VARCHAR", "INT"], rows, partitions=[2, 1])
    assert result.rows.column(0).to_pylist() == ["a", "bb", "total", "ccc", "total"]
    assert result.rows.column(1).to_pylist() == [1, 2, 2, 3, 1]
    assert result.input_rows.to_pylist() == [0, 0, None, 2, None]
    assert result.partitions.to_pylist() == [0, 0, 0, 1, 1]


def test_no_rows_at_all(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("NONE", "Nothing", "class Nothing:\n    def process(self, x):\n        return None")
    result = sandbox.call_table(handler, ["INT"], ["VARCHAR"], batch([1, 2]))
    assert (result.rows.num_rows, result.rows.num_columns) == (0, 1)


def test_a_vectorized_process_method_keeps_the_rows(sandbox: Sandbox, batch: Batch) -> None:
    body = """
import pandas
from _snowflake import vectorized
class Twice:
    @vectorized(input=pandas.DataFrame, max_batch_size=2)
    def process(self, df):
        return pandas.DataFrame({'x': df[0] * 2, 'text': df[0].astype(str)})
"""
    handler = Handler("TWICE", "Twice", body, packages=("pandas",))
    result = sandbox.call_table(handler, ["INT"], ["FLOAT", "VARCHAR"], batch([1, 2, 3]), partitions=[1, 2])
    assert result.rows.column(0).to_pylist() == [2.0, 4.0, 6.0]
    assert result.rows.column(1).to_pylist() == ["1", "2", "3"]
    assert result.input_rows.to_pylist() == [0, 1, 2]
    assert result.partitions.to_pylist() == [0, 1, 1]


def test_a_vectorized_end_of_partition_sees_the_partition(sandbox: Sandbox, batch: Batch) -> None:
    body = """
import pandas
class Mean:
    def end_partition(self, df):
        return pandas.DataFrame({'mean': [df[1].mean()], 'n': [len(df)]})
Mean.end_partition._sf_vectorized_input = pandas.DataFrame
"""
    rows = batch(["a", "a", "b"], [1.0, 3.0, 10.0])
    handler = Handler("MEAN", "Mean", body, packages=("pandas",))
    result = sandbox.call_table(handler, ["VARCHAR", "FLOAT"], ["FLOAT", "INT"], rows, partitions=[2, 1])
    assert result.rows.to_pydict() == {"c0": [2.0, 10.0], "c1": [2, 1]}
    assert result.input_rows.to_pylist() == [None, None]


def test_rows_of_another_width_are_refused(sandbox: Sandbox, batch: Batch) -> None:
    body = "class Wide:\n    def process(self, x):\n        yield (1, 2)"
    with pytest.raises(HandlerError, match="a row of 2 values, declared are 1 columns"):
        sandbox.call_table(Handler("WIDE", "Wide", body), ["INT"], ["INT"], batch([1]))


def test_partitions_must_cover_the_batch(sandbox: Sandbox, batch: Batch) -> None:
    with pytest.raises(ValueError, match="partitions of 2 rows for a batch of 3"):
        sandbox.call_table(
            Handler("SPLIT", "Split", SPLIT), ["VARCHAR"], ["VARCHAR", "INT"], batch(["a", "b", "c"]), partitions=[2]
        )
