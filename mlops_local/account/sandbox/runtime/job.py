"""One worker: confines itself, loads its handler, answers calls until the account closes the socket."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops_local.account.sandbox.runtime import confine, guard
from mlops_local.account.sandbox.runtime.convert import zone_named
from mlops_local.account.sandbox.runtime.failure import describe
from mlops_local.account.sandbox.runtime.functions import Signature, call_aggregate, call_function, call_table
from mlops_local.account.sandbox.runtime.procedure import call_procedure
from mlops_local.account.sandbox.runtime.records import Recorder
from mlops_local.account.sandbox.runtime.shim import Shim
from mlops_local.account.sandbox.runtime.source import find_handler, own_paths
from mlops_local.account.sandbox.wire import ConnectionLostError, Header, receive, send
from mlops_local.account.syntax.types import parse_type

Answer = tuple[Header, pa.RecordBatch | None]


class _NotIsolatedError(Exception):
    """The kernel refused the namespaces that it had granted when the account started."""


@dataclass(frozen=True)
class _Job:
    handler: Any
    signature: Signature


def serve(sock: socket.socket) -> None:
    setup, _ = receive(sock)
    recorder = Recorder(setup["log_level"])
    job: list[_Job] = []

    def load() -> Answer:
        _confine(setup)
        job.append(_load(setup))
        return {}, None

    send(sock, *_attempt(load, setup, recorder))
    while job:
        try:
            header, batch = receive(sock)
        except ConnectionLostError:
            return
        send(sock, *_attempt(lambda: _call(job[0], header, batch), setup, recorder))  # noqa: B023  called before the next turn


def _attempt(action: Callable[[], Answer], setup: Header, recorder: Recorder) -> Answer:
    """Whatever a handler raises is an answer, also SystemExit and MemoryError; what it has logged comes with it."""
    try:
        header, batch = action()
        return {**header, "records": recorder.take()}, batch
    except _NotIsolatedError as error:
        return {"isolation": str(error)}, None
    except BaseException as error:
        recorder.unhandled(error)
        failure = describe(error, name=setup["name"], handler=setup["handler"])
        return {"failure": failure, "records": recorder.take()}, None
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _confine(setup: Header) -> None:
    if setup["isolate"]:
        _isolate(setup)
    confine.limit_resources(**setup["limits"])
    os.chdir(setup["work"])
    for name in ("HOME", "TMPDIR"):
        os.environ[name] = setup["work"]
    tempfile.tempdir = None
    _reseed()


def _isolate(setup: Header) -> None:
    account = setup["account"]
    try:
        confine.isolate(
            account=(account[0], account[1]) if account else None,
            hidden=setup["hidden"],
            private=setup["private"],
            kept=[setup["folder"], setup["work"], sys.prefix, sys.base_prefix, *sys.path],
        )
    except (OSError, AttributeError) as error:
        # Half isolated is not an answer: the old network may be gone already.
        raise _NotIsolatedError(str(error)) from error


def _reseed() -> None:
    """Workers forked from one parent would all draw the same numbers; the standard library's generator knows of forks."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _load(setup: Header) -> _Job:
    folder = Path(setup["folder"])
    sys._xoptions["snowflake_import_directory"] = f"{folder}/"
    paths = own_paths(folder)
    sys.path[:0] = paths
    importlib.invalidate_caches()
    shim = Shim()
    sys.modules["_snowflake"] = shim
    guard.install(setup["denied"], setup["denied_libraries"], paths)
    handler = find_handler(setup["handler"], setup["body"])
    shim.initialize()
    types = [[parse_type(text) for text in setup[name]] for name in ("arguments", "results")]
    return _Job(handler, Signature(types[0], types[1], zone_named(setup["zone"])))


def _call(job: _Job, header: Header, batch: pa.RecordBatch | None) -> Answer:
    # A function without arguments gets a column that only says how many rows there are.
    given = batch.columns[: len(job.signature.arguments)] if batch is not None else []
    columns = [_plain(column) for column in given]
    if header["op"] == "table":
        return {}, call_table(job.handler, job.signature, columns, header["lengths"])
    if header["op"] == "aggregate":
        return {}, _single(call_aggregate(job.handler, job.signature, batch.columns if batch is not None else []))
    if header["op"] == "procedure":
        value, query_id = call_procedure(job.handler, job.signature, columns, header["connection"])
        return {"query_id": query_id}, None if value is None else _single(value)
    return {}, _single(call_function(job.handler, job.signature, columns, header["rows"]))


def _plain(column: pa.Array) -> pa.Array:
    """DuckDB marks JSON with an extension type; the text in it is what we need."""
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _single(values: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([values], names=["value"])
