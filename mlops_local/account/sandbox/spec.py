"""What to run, within which limits, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

Isolation = Literal["require", "prefer", "off"]


@dataclass(frozen=True)
class ImportFile:
    """A file of the IMPORTS clause: where it is now, and the name under which the handler sees it (may hold ``/``)."""

    path: Path
    name: str


@dataclass(frozen=True)
class Handler:
    """A Python handler as CREATE FUNCTION or CREATE PROCEDURE declares it.

    ``name`` is the SQL name, for error messages. ``handler`` is ``compute`` inside an inline ``body``, or ``module.function``
    inside the imports. ``strict`` is RETURNS NULL ON NULL INPUT. What it logs from ``log_level`` on is reported.
    """

    name: str
    handler: str
    body: str | None = None
    imports: tuple[ImportFile, ...] = ()
    packages: tuple[str, ...] = ()
    runtime_version: str = ""
    strict: bool = False
    log_level: str = "OFF"


@dataclass(frozen=True)
class Limits:
    """Of one worker process. ``memory_bytes`` is address space, so leave room for what the libraries map."""

    seconds: float = 3600.0
    memory_bytes: int = 8 * 2**30
    file_bytes: int = 2**30
    open_files: int = 1024
    answer_bytes: int = 2 * 2**30
    log_bytes: int = 64 * 2**10


@dataclass(frozen=True)
class SandboxSettings:
    """``hidden`` folders are empty for a worker that runs in namespaces: the account's data, a home folder.

    ``warm_start`` forks workers from a preloaded parent; None means where that is safe (Linux).
    """

    limits: Limits = field(default_factory=Limits)
    isolation: Isolation = "prefer"
    scratch: Path | None = None
    hidden: tuple[Path, ...] = ()
    idle_seconds: float = 60.0
    idle_workers: int = 8
    warm_start: bool | None = None
    on_log: Callable[[str, str], None] | None = None


@dataclass(frozen=True)
class ProcedureConnection:
    """How a procedure reaches the account: tokens of a child session, whose logout must end that session only."""

    host: str
    port: int
    protocol: str
    account: str
    user: str
    session_token: str = field(repr=False)
    master_token: str = field(repr=False)
    database: str | None = None
    schema: str | None = None
    role: str | None = None
    warehouse: str | None = None


@dataclass(frozen=True)
class ProcedureResult:
    """``value`` has length one; it is None when the result is the table of ``query_id``."""

    value: pa.Array | None
    query_id: str | None
    log: str


@dataclass(frozen=True)
class TableResult:
    """Output rows of a table function, each with its partition and, unless it came from the end of one, its input row."""

    rows: pa.RecordBatch
    input_rows: pa.Array
    partitions: pa.Array
