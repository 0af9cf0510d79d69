from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import Sandbox, SandboxSettings


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings()) as opened:
        yield opened


@pytest.fixture(scope="session")
def batch() -> Callable[..., pa.RecordBatch]:
    def make(*columns: object) -> pa.RecordBatch:
        arrays = [column if isinstance(column, pa.Array) else pa.array(column) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, names=[f"a{number}" for number in range(len(arrays))])

    return make
