"""Calls handlers: picks or starts a worker, asks it, and gives back Arrow data or an error in Snowflake's words."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlops_local.account.sandbox.errors import IsolationError, SandboxError
from mlops_local.account.sandbox.folder import WorkerFolder, make_scratch
from mlops_local.account.sandbox.packages import check_runtime, closure, denied_modules
from mlops_local.account.sandbox.pool import Pool
from mlops_local.account.sandbox.spec import (
    Handler,
    Isolation,
    ProcedureConnection,
    ProcedureResult,
    SandboxSettings,
    TableResult,
)
from mlops_local.account.sandbox.wire import Header
from mlops_local.account.sandbox.worker import Cancellation, Deadline, Worker, cancellable
from mlops_local.account.sandbox.zygote import Zygotes, environment, flavour_of

# Loaded in every worker, so that libraries (never the handler itself) may lean on them undeclared.
_ALWAYS_LOADED = frozenset({"pyarrow", "pandas", "numpy"})


OnRecords = Callable[[list[dict[str, Any]]], None]


class Sandbox:
    """Thread safe. Close it: worker processes and temporary folders end with it."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        _check_hidden(self._settings)
        self._scratch = make_scratch(_base(self._settings))
        self._zygotes = Zygotes(self._scratch, forks=self._settings.warm_start)
        self._pool = Pool(idle_seconds=self._settings.idle_seconds, idle_workers=self._settings.idle_workers)
        self._isolation: Isolation = self._settings.isolation
        self._obstacle = "" if self._isolation == "off" else _obstacle(self._scratch)
        if self._obstacle and self._isolation == "require":
            self.close()
            raise IsolationError(self._obstacle)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()
        self._zygotes.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def warm(self, packages: Sequence[str] = ("snowflake-ml-python", "scikit-learn")) -> None:
        """Begin loading the libraries that handlers with these packages start from; returns at once."""
        self._zygotes.warm(flavour_of(closure(packages)))

    def isolation(self) -> str:
        """How handlers are confined here: the sentence that the account prints when it starts."""
        start = f"Python handlers run as processes with limits ({self._settings.limits.memory_bytes // 2**20} MiB of memory each)"
        if self._isolation == "off":
            return f"{start} and with network: isolation is off in the settings."
        if self._obstacle:
            return f"{start} and with network: namespaces cannot be had here ({self._obstacle})."
        return f"{start}, without network but for the account itself."

    def call_function(
        self,
        handler: Handler,
        arguments: Sequence[str],
        result: str,
        batch: pa.RecordBatch,
        *,
        seconds: float | None = None,
        zone: str = "UTC",
        cancellation: Cancellation | None = None,
        on_records: OnRecords | None = None,
    ) -> pa.Array:
        """One value per row of the batch, whose columns are the arguments in order."""
        present = _complete_rows(batch) if handler.strict else None
        rows = batch if present is None else batch.filter(present)
        call = self._call(handler, _setup(handler, arguments, [result], zone), seconds, cancellation, on_records)
        values = self._ask_warm(call, {"op": "function", "rows": rows.num_rows}, rows)
        if values is None or values.num_rows != rows.num_rows:
            raise SandboxError(f"{handler.name} gave {values.num_rows if values else 0} values for {rows.num_rows} rows.")
        return values.column(0) if present is None else _scatter(values.column(0), present)

    def call_aggregate(
        self,
        handler: Handler,
        arguments: Sequence[str],
        result: str,
        batch: pa.RecordBatch,
        *,
        seconds: float | None = None,
        zone: str = "UTC",
        cancellation: Cancellation | None = None,
        on_records: OnRecords | None = None,
    ) -> pa.Array:
        """One value per row, a row being a group: its columns are lists of the arguments' values."""
        call = self._call(handler, _setup(handler, arguments, [result], zone), seconds, cancellation, on_records)
        values = self._ask_warm(call, {"op": "aggregate"}, batch)
        if values is None or values.num_rows != batch.num_rows:
            raise SandboxError(f"{handler.name} gave {values.num_rows if values else 0} values for {batch.num_rows} groups.")
        return values.column(0)

    def call_table(
        self,
        handler: Handler,
        arguments: Sequence[str],
        results: Sequence[str],
        batch: pa.RecordBatch,
        *,
        partitions: Sequence[int] | None = None,
        seconds: float | None = None,
        zone: str = "UTC",
        cancellation: Cancellation | None = None,
        on_records: OnRecords | None = None,
    ) -> TableResult:
        """``partitions`` are lengths of runs of neighbouring rows; without it all rows are one partition."""
        lengths = [batch.num_rows] if partitions is None else list(partitions)
        if sum(lengths) != batch.num_rows:
            raise ValueError(f"partitions of {sum(lengths)} rows for a batch of {batch.num_rows}")
        call = self._call(handler, _setup(handler, arguments, results, zone), seconds, cancellation, on_records)
        rows = self._ask_warm(call, {"op": "table", "lengths": lengths}, batch)
        if rows is None or rows.num_columns != len(results) + 2:
            raise SandboxError(f"{handler.name} gave no table.")
        return TableResult(rows.select(list(range(len(results)))), rows.column("input_row"), rows.column("partition"))

    def call_procedure(
        self,
        handler: Handler,
        arguments: Sequence[str],
        result: str | None,
        values: pa.RecordBatch | None,
        connection: ProcedureConnection,
        *,
        seconds: float | None = None,
        zone: str = "UTC",
        cancellation: Cancellation | None = None,
        on_records: OnRecords | None = None,
    ) -> ProcedureResult:
        """``values`` has one row, or is None without arguments. ``result=None``: RETURNS TABLE."""
        setup = _setup(handler, arguments, [] if result is None else [result], zone)
        setup["account"] = [connection.host, connection.port]
        call = self._call(handler, setup, seconds, cancellation, on_records)
        worker = self._start(call)
        try:
            with cancellable(cancellation, worker):
                header = {"op": "procedure", "connection": asdict(connection)}
                answer, value = call.ask(worker, header, values)
            log = worker.take_log()
        finally:
            worker.close()
        self._report(handler, log)
        return ProcedureResult(None if value is None else value.column(0), answer["query_id"], log)

    def _call(
        self,
        handler: Handler,
        setup: Header,
        seconds: float | None,
        cancellation: Cancellation | None,
        on_records: OnRecords | None,
    ) -> _Call:
        duration = self._settings.limits.seconds if seconds is None else seconds
        return _Call(handler, setup, Deadline.after(duration), cancellation, on_records)

    def _ask_warm(self, call: _Call, header: Header, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        with self._pool.borrow(call.key, lambda: self._start(call)) as worker, cancellable(call.cancellation, worker):
            _, values = call.ask(worker, header, batch)
            self._report(call.handler, worker.take_log())
        return values

    def _start(self, call: _Call) -> Worker:
        check_runtime(call.handler)
        declared = closure(call.handler.packages)
        folder = WorkerFolder(self._scratch, call.handler.imports)
        try:
            worker = Worker(self._zygotes, flavour_of(declared), folder, call.handler, self._settings.limits)
        except OSError as error:
            folder.remove()
            raise SandboxError(f"A Python worker could not be started: {error}. See the account's log.") from error
        try:
            with cancellable(call.cancellation, worker):
                call.ask(worker, {**call.setup, **self._confinement(folder), **_denied(declared)}, None)
        except BaseException:
            worker.close()
            raise
        return worker

    def _confinement(self, folder: WorkerFolder) -> Header:
        limits = self._settings.limits
        return {
            "folder": str(folder.imports),
            "work": str(folder.work),
            "private": str(folder.private),
            "isolate": self._isolation != "off" and not self._obstacle,
            "hidden": [str(path.resolve()) for path in self._settings.hidden],
            "limits": {name: getattr(limits, name) for name in ("memory_bytes", "file_bytes", "open_files")},
        }

    def _report(self, handler: Handler, log: str) -> None:
        if log and self._settings.on_log is not None:
            self._settings.on_log(handler.name, log)


@dataclass(frozen=True)
class _Call:
    handler: Handler
    setup: Header
    deadline: Deadline
    cancellation: Cancellation | None
    on_records: OnRecords | None

    def ask(self, worker: Worker, header: Header, batch: pa.RecordBatch | None) -> tuple[Header, pa.RecordBatch | None]:
        """The worker's answer; what the handler has logged is reported, also when it failed."""
        try:
            answer, values = worker.ask(header, batch, deadline=self.deadline)
        except SandboxError as error:
            self._tell(error.records)
            raise
        self._tell(answer["records"])
        return answer, values

    def _tell(self, records: list[dict[str, Any]]) -> None:
        if records and self.on_records is not None:
            self.on_records(records)

    @property
    def key(self) -> Hashable:
        """What a worker is set up for. A file that was uploaded anew under its old path makes another worker."""
        states = [file.path.stat() for file in self.handler.imports if file.path.exists()]
        stamps = tuple((state.st_ino, state.st_size, state.st_mtime_ns) for state in states)
        return self.handler, stamps, tuple(self.setup["arguments"]), tuple(self.setup["results"]), self.setup["zone"]


def _setup(handler: Handler, arguments: Sequence[str], results: Sequence[str], zone: str) -> Header:
    return {
        "name": handler.name,
        "handler": handler.handler,
        "body": handler.body,
        "arguments": list(arguments),
        "results": list(results),
        "zone": zone,
        "log_level": handler.log_level,
        "account": None,
    }


@lru_cache(maxsize=256)
def _denied(declared: frozenset[str]) -> Header:
    return {"denied": denied_modules(declared), "denied_libraries": denied_modules(declared | _ALWAYS_LOADED)}


def _complete_rows(batch: pa.RecordBatch) -> pa.Array:
    complete = pa.array([True] * batch.num_rows, pa.bool_())
    for column in batch.columns:
        complete = pc.and_(complete, column.is_valid())
    return complete


def _scatter(values: pa.Array, present: pa.Array) -> pa.Array:
    """NULL where the handler was not called."""
    positions = pc.subtract(pc.cumulative_sum(present.cast(pa.int64())), 1)
    return values.take(pc.if_else(present, positions, pa.scalar(None, pa.int64())))


def _base(settings: SandboxSettings) -> Path:
    return settings.scratch or Path(gettempdir())


def _check_hidden(settings: SandboxSettings) -> None:
    scratch = _base(settings).resolve()
    for folder in settings.hidden:
        for needed in (scratch, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()):
            if needed == folder.resolve() or folder.resolve() in needed.parents:
                raise ValueError(f"{folder} cannot be hidden from Python handlers: they need {needed}")


def _obstacle(home: Path) -> str:
    """Why namespaces cannot be had here; empty when they can."""
    if sys.platform != "linux":
        return f"not available on {sys.platform}"
    probe = subprocess.run(
        [sys.executable, "-s", "-m", "mlops_local.account.sandbox.runtime.confine"],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if probe.returncode == 0 else probe.stderr.strip() or f"the probe ended with {probe.returncode}"
