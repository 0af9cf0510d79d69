"""Runs Python handlers (functions, table functions, procedures, model methods) in confined subprocesses.

A pure library: it knows Snowflake's types and the shape of its handlers, nothing of statements, catalogue or engine.

    from mlops_local.account.sandbox import Handler, ImportFile, ProcedureConnection, Sandbox, SandboxSettings

    with Sandbox(SandboxSettings()) as sandbox:
        handler = Handler(name="ADD_ONE", handler="compute", body="def compute(x): return x + 1", runtime_version="3.11")
        result: pa.Array = sandbox.call_function(handler, ["NUMBER(38,0)"], "NUMBER(38,0)", batch)

What can be called
    call_function   scalar and vectorized functions, and model methods of type FUNCTION: one value per row, same order.
                    Vectorization is found on the handler itself (``_sf_vectorized_input``), the caller need not know.
    call_table      table functions and model methods of type TABLE_FUNCTION: a ``TableResult`` whose ``input_rows`` says
                    which input row each output row came from (null: from ``end_partition``), for the lateral join.
                    Rows of one partition must be neighbours; ``partitions`` are the lengths of those runs.
    call_procedure  a fresh process per CALL, with a Snowpark session back to the account as first argument. Answers a
                    ``ProcedureResult``: ``value`` (array of length one), or for a table result (``return_type=None``)
                    the ``query_id`` of the statement, in the procedure's session, whose result is the table.
    model_handler   the Handler of one method of a model version, from the folder of that version.

Types are given as SQL text (``"NUMBER(10,2)"``). Arguments may be any Arrow array that holds the declared type; results are
    NUMBER(p,0) int64, NUMBER(p,s) decimal128(p,s), FLOAT float64, VARCHAR string, BOOLEAN bool, DATE date32, TIME time64[us],
    TIMESTAMP_NTZ timestamp[us], TIMESTAMP_LTZ/TZ timestamp[us, UTC], BINARY binary, VARIANT/OBJECT/ARRAY JSON text (string).
    NaN and infinities inside VARIANT, OBJECT and ARRAY become null, because JSON has no word for them.

Packages: a handler may import the standard library, its own imports, and what the distributions in ``packages`` bring
    (with their requirements). Anything else is ModuleNotFoundError, as in Snowflake. ``check_packages`` is for CREATE,
    ``installed_packages`` is INFORMATION_SCHEMA.PACKAGES. ``check_runtime`` refuses pickled code of another Python version.

Errors, all ``SandboxError``: ``HandlerError`` (error 100357; the message is Snowflake's ``Python Interpreter Error: ..``; also
    when the worker dies), ``HandlerTimeoutError`` (630), ``HandlerCancelledError`` (604), ``PackageError`` and
    ``RuntimeVersionError`` (compilation errors of CREATE), ``IsolationError`` (required and not possible on this machine).

Threads: a Sandbox is thread safe, and calls nest (a procedure whose statements call functions). ``Cancellation`` stops a call
    from another thread. Processes: workers of functions and models stay warm (idle timeout, least recently used go first) and
    are forked from a preloaded parent, see ``zygote``. ``sandbox.isolation()`` is the sentence for the start-up banner.

Honest limit: this contains mistakes and network access, not a determined attacker who shares the user id.
"""

from __future__ import annotations

from mlops_local.account.sandbox.errors import (
    HandlerCancelledError,
    HandlerError,
    HandlerTimeoutError,
    IsolationError,
    PackageError,
    RuntimeVersionError,
    SandboxError,
)
from mlops_local.account.sandbox.model import model_handler
from mlops_local.account.sandbox.packages import InstalledPackage, check_packages, check_runtime, installed_packages
from mlops_local.account.sandbox.sandbox import Sandbox
from mlops_local.account.sandbox.spec import (
    Handler,
    ImportFile,
    Limits,
    ProcedureConnection,
    ProcedureResult,
    SandboxSettings,
    TableResult,
)
from mlops_local.account.sandbox.worker import Cancellation

__all__ = [
    "Cancellation",
    "Handler",
    "HandlerCancelledError",
    "HandlerError",
    "HandlerTimeoutError",
    "ImportFile",
    "InstalledPackage",
    "IsolationError",
    "Limits",
    "PackageError",
    "ProcedureConnection",
    "ProcedureResult",
    "RuntimeVersionError",
    "Sandbox",
    "SandboxError",
    "SandboxSettings",
    "TableResult",
    "check_packages",
    "check_runtime",
    "installed_packages",
    "model_handler",
]
