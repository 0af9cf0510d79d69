"""Python in the account: declared functions and procedures become sandbox handlers, which queries and CALL run.

DuckDB calls all handlers by a few functions of its own, one for each type that they return, told by their first argument
which handler is meant: a function that is registered while a transaction runs would not be seen by it. They are registered
on the engine's root connection, which never closes: one that outlives its connection ends the process.
https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-introduction
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
from sqlglot import exp

from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, python_error, unsupported
from mlops_local.account.files.locations import locate
from mlops_local.account.history.events import Executable, LogRecord, level_of, recorder
from mlops_local.account.routines.routine import Routine
from mlops_local.account.sandbox import (
    Cancellation,
    Handler,
    HandlerCancelledError,
    HandlerError,
    HandlerTimeoutError,
    ImportFile,
    ProcedureConnection,
    Sandbox,
    SandboxError,
    SandboxSettings,
    check_packages,
    check_runtime,
)
from mlops_local.account.session.result import Result, StatementType
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import RowFunction, Scalar, TableRows
from mlops_local.account.sql.functions.aggregates import core
from mlops_local.account.sql.functions.lookup import constant
from mlops_local.account.sql.typed import call, template
from mlops_local.account.syntax.types import Column, SqlType, parse_type

if TYPE_CHECKING:
    from mlops_local.account.account import Account

_log = logging.getLogger(__name__)
# The types that DuckDB functions for handlers return; all others come as text and are cast.
_RETURNED = ("BIGINT", "BLOB", "BOOLEAN", "DATE", "DOUBLE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "VARCHAR")


def _returns(result: SqlType) -> str:
    """The sandbox answers NTZ timestamps in microseconds, and JSON as text."""
    if result.name == "TIMESTAMP_NTZ":
        return "TIMESTAMP"
    return result.duckdb if result.duckdb in _RETURNED else "VARCHAR"


# A second worker has to load its handler first: for fewer rows it would not pay.
_LEAST_SHARE, _LARGEST_SHARE = 50_000, 125_000
_WORKERS = os.cpu_count() or 1

# https://docs.snowflake.com/en/developer-guide/udf/python/udf-python-introduction
_RUNTIMES = ("3.9", "3.10", "3.11", "3.12", "3.13")


@dataclass(frozen=True)
class _Function:
    """A handler with the SQL types of its arguments and of its result."""

    handler: Handler
    arguments: Sequence[str]
    result: str
    aggregate: bool = False


class TokenIssuer(Protocol):
    """What the server gives the account, so that a procedure can reach it: tokens of a session that signs nobody in."""

    def issue(self, session: Session) -> tuple[str, str]:
        """A session token and a master token."""

    def end(self, session: Session) -> None:
        """Takes back every token of the session."""


class Runtime:
    """Starts the sandbox when the first handler is called."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sandbox: Sandbox | None = None
        self._functions: dict[str, _Function] = {}
        # By session and function: DuckDB calls a function while the session's connection can be asked nothing.
        self._logging: dict[tuple[int, str], tuple[Handler, Callable[[list[dict[str, Any]]], None]]] = {}
        self._failures: deque[SandboxError] = deque(maxlen=32)
        self._lock = threading.RLock()
        self._register()

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    @property
    def sandbox(self) -> Sandbox:
        with self._lock:
            if self._sandbox is None:
                hidden = (self._account.data,) if self._account.data else ()
                self._sandbox = Sandbox(SandboxSettings(hidden=hidden))
            return self._sandbox

    def warm(self) -> str:
        """Begins to load what handlers need, in the background; how they are isolated, as a sentence."""
        self.sandbox.warm()
        self.sandbox.warm(["snowflake-snowpark-python"])
        return self.sandbox.isolation()

    def check(self, routine: Routine, *, procedure: bool = False) -> None:
        """What CREATE refuses: packages that the account does not have, pickled code of another Python."""
        if routine.language != "PYTHON":
            return
        if (version := str(routine.options.get("RUNTIME_VERSION", ""))) not in _RUNTIMES:
            raise unsupported(f"RUNTIME_VERSION = '{version}'; it can be {', '.join(_RUNTIMES)}")
        try:
            check_packages(routine.options.get("PACKAGES", []), procedure=procedure)
            check_runtime(_handler(routine, ()))
        except SandboxError as error:
            raise sandbox_refusal(error) from error

    def handler(self, session: Session, entry: Entry) -> Handler:
        """The handler of a function or procedure, its imports taken from their stages as they are now."""
        routine = Routine.of(entry)
        with session.access.as_owner_of(entry):
            return _handler(routine, self._imports(session, routine.options.get("IMPORTS", [])))

    def _imports(self, session: Session, locations: Sequence[str]) -> list[ImportFile]:
        found: list[ImportFile] = []
        for location in locations:
            place = locate(session, location)
            exact = [file for file in place.files() if file.relative == place.prefix]
            if not exact:
                raise AccountError(
                    391707, "02000", f"The specified file '{location}' in IMPORTS does not exist. PUT it on the stage first."
                )
            found.append(ImportFile(exact[0].path, place.prefix.rsplit("/", 1)[-1]))
        return found

    # Functions

    def function(
        self, session: Session, name: str, types: Sequence[SqlType], result: SqlType, handler: Callable[[], Handler]
    ) -> Scalar:
        """How a query calls the function of that name; ``handler`` is asked for when the name is new."""
        with self._lock:
            if name not in self._functions:
                self._functions[name] = _Function(handler(), [type_.sql for type_ in types], result.sql)
            self._logging[session.id, name] = _logging(session, self._functions[name].handler)
        return Scalar(
            f"python_{_returns(result).lower()}",
            result,
            tuple(types),
            (name, session.id),
            batch=lambda table: self._compute(session, name, table),
            returned=_returns(result),
        )

    def aggregate(
        self, session: Session, name: str, types: Sequence[SqlType], result: SqlType, handler: Callable[[], Handler]
    ) -> Scalar:
        """How a query calls an aggregate: DuckDB collects the values of each group, the handler meets them one by one."""
        single = self.function(session, name, [*types], result, handler)
        self._functions[name] = replace(self._functions[name], aggregate=True)

        def expression(nodes: list[exp.Expr]) -> exp.Expr:
            lists = [core("list", node) for node in nodes or [constant(1)]]
            answer = call(single.duckdb_name, *map(constant, single.leading), *lists)
            return template(f"CAST({{0}} AS {result.duckdb})", answer, type_=result)

        return Scalar(single.duckdb_name, result, tuple(types), expression=expression)

    def table_function(
        self, session: Session, name: str, types: Sequence[SqlType], columns: Sequence[Column], handler: Handler
    ) -> RowFunction:
        """How a query calls a table function."""

        def run(batch: pa.RecordBatch, partitions: Sequence[int] | None) -> TableRows:
            arguments, results = [type_.sql for type_ in types], [column.type.sql for column in columns]
            given = _arguments(batch.columns[: len(types)], batch.num_rows)
            asked, on_records = _logging(session, handler)
            with refused(), stoppable(session) as cancellation:
                answer = self.sandbox.call_table(
                    asked, arguments, results, given, partitions=partitions, cancellation=cancellation, on_records=on_records
                )
            return TableRows(answer.rows, answer.input_rows, answer.partitions)

        return RowFunction(name, tuple(types), tuple(columns), run)

    def _compute(self, session: Session, name: str, table: pa.Table) -> pa.ChunkedArray:
        """A whole column, by as many workers as there are cores when it is long."""
        function = self._functions[name]
        whole = table.combine_chunks()
        batches = whole.to_batches(max_chunksize=_share(table.num_rows)) or [pa.RecordBatch.from_pylist([], table.schema)]
        handler, on_records = _logging(session, function.handler)
        with refused(), stoppable(session) as cancellation, ThreadPoolExecutor(_WORKERS) as threads:

            def call(batch: pa.RecordBatch) -> pa.Array:
                given = _arguments(batch.columns[: len(function.arguments)], batch.num_rows)
                return self.sandbox.call_function(
                    handler, function.arguments, function.result, given, cancellation=cancellation, on_records=on_records
                )

            return pa.chunked_array(list(threads.map(call, batches)))

    def _register(self) -> None:
        for type_ in _RETURNED:
            self._account.engine.root.create_function(
                f"python_{type_.lower()}", self._call, None, type_, type="arrow", null_handling="special", side_effects=True
            )

    def _call(self, names: pa.ChunkedArray, *columns: pa.ChunkedArray) -> pa.Array:
        """One chunk of rows of the function that the first column names, for the session of the second."""
        function, (sessions, *given) = self._functions[names[0].as_py()], columns
        batch = _arguments([column.combine_chunks() for column in given], len(names))
        session = self._account.sessions[sessions[0].as_py()]
        handler, on_records = self._logging[session.id, names[0].as_py()]
        try:
            with stoppable(session) as cancellation:
                ask = self.sandbox.call_aggregate if function.aggregate else self.sandbox.call_function
                answer = ask(
                    handler, function.arguments, function.result, batch, cancellation=cancellation, on_records=on_records
                )
        except SandboxError as error:
            self._failures.append(error)
            raise
        return answer.cast(pa.string()) if pa.types.is_decimal(answer.type) else answer

    def failure_in(self, error: duckdb.Error) -> AccountError | None:
        """The handler's own failure behind a DuckDB error, if that is what it was."""
        text = str(error)
        return next((sandbox_refusal(failure) for failure in self._failures if str(failure) in text), None)

    # Procedures

    def call(self, session: Session, entry: Entry, arguments: pa.RecordBatch | None) -> Result:
        """Runs a procedure in a process of its own, with a session of its own."""
        routine, tokens = Routine.of(entry), self._account.tokens
        if tokens is None:
            raise unsupported("CALL without a server: procedures reach the account over HTTP")
        with self.inner_session(session, entry) as inner:
            of = Executable("PROCEDURE", entry.name, entry.owner)
            handler, on_records = _logging(inner, self.handler(session, entry), of)
            try:
                with stoppable(session) as cancellation:
                    result = self.sandbox.call_procedure(
                        handler,
                        [argument.type for argument in routine.arguments],
                        None if routine.table is not None else routine.returns,
                        arguments,
                        self._connection(inner, tokens),
                        seconds=float(session.parameters["STATEMENT_TIMEOUT_IN_SECONDS"]),
                        cancellation=cancellation,
                        on_records=on_records,
                    )
            except SandboxError as error:
                raise sandbox_refusal(error) from error
            finally:
                tokens.end(inner)
        if result.value is None:
            return self._account.results.get(result.query_id or "", session.user)
        column = Column(routine.name, parse_type(routine.returns))
        return Result((column,), pa.Table.from_arrays([_stored(result.value, column.type)], names=["0"]), StatementType.CALL)

    @contextmanager
    def inner_session(self, session: Session, entry: Entry) -> Iterator[Session]:
        """Owner's rights: the owner's role, in the procedure's schema. Caller's rights: where and who the caller is.

        Temporary objects belong to the session that calls, whatever the rights.
        """
        caller = entry.properties.get("EXECUTE_AS") == "CALLER"
        inner = self._account.open_inner_session(session.user)
        inner.role = session.role if caller else entry.owner
        inner.secondary_roles = session.secondary_roles if caller else ()
        inner.warehouse = session.warehouse
        inner.database = session.database if caller else entry.database or session.database
        inner.schema = session.schema if caller else entry.schema or session.schema
        inner.parameters = dict(session.parameters)
        inner.task = session.task
        inner.routine = entry
        inner.caller = session
        inner.catalogue = Catalogue(inner.connection, session.id, inner.access)
        if caller:
            inner.variables = session.variables
        try:
            with session.stopped_by(inner.cancel):
                yield inner
        finally:
            inner.close()

    def _connection(self, inner: Session, tokens: TokenIssuer) -> ProcedureConnection:
        session_token, master_token = tokens.issue(inner)
        address = urlsplit(self._account.base_url)
        return ProcedureConnection(
            host=address.hostname or "",
            port=address.port or 0,
            protocol=address.scheme,
            account=self._account.name,
            user=inner.user,
            session_token=session_token,
            master_token=master_token,
            database=inner.database,
            schema=inner.schema,
            role=inner.role,
            warehouse=inner.warehouse,
        )


def _logging(
    session: Session, handler: Handler, of: Executable | None = None
) -> tuple[Handler, Callable[[list[dict[str, Any]]], None]]:
    """The handler with the level at which the session logs, and what takes its records to the event table."""
    put = recorder(session, of=of or Executable("FUNCTION", handler.name), language="python")

    def take(records: list[dict[str, Any]]) -> None:
        put([LogRecord(**one) for one in records])

    return replace(handler, log_level=level_of(session)), take


@contextmanager
def stoppable(session: Session) -> Iterator[Cancellation]:
    """A cancellation that a handler is given, so that it ends with the statement that it runs for."""
    cancellation = Cancellation()
    with session.stopped_by(cancellation.cancel):
        yield cancellation


@contextmanager
def refused() -> Iterator[None]:
    """What goes wrong in the sandbox, in Snowflake's numbers."""
    try:
        yield
    except SandboxError as error:
        raise sandbox_refusal(error) from error


def _share(rows: int) -> int:
    """How many rows go to a worker at once: several shares for each, so that all of them have work to the end."""
    return min(max(rows // (4 * _WORKERS), _LEAST_SHARE), _LARGEST_SHARE)


def _arguments(columns: Sequence[pa.Array], count: int) -> pa.RecordBatch:
    """A batch of so many rows, also of no column. DuckDB marks JSON with an extension type; the worker takes the text in it."""
    arrays = [column.storage if isinstance(column, pa.ExtensionArray) else column for column in columns]
    rows = pa.StructArray.from_arrays(arrays, [str(i) for i in range(len(arrays))]) if arrays else _empty_rows(count)
    return pa.RecordBatch.from_struct_array(rows)


def _empty_rows(count: int) -> pa.StructArray:
    return pa.array([{}] * count, pa.struct([]))


def _handler(routine: Routine, imports: Sequence[ImportFile]) -> Handler:
    options = routine.options
    return Handler(
        name=routine.name,
        handler=options["HANDLER"],
        body=routine.body or None,
        imports=tuple(imports),
        packages=tuple(options.get("PACKAGES", [])),
        runtime_version=str(options.get("RUNTIME_VERSION", "")),
        strict=bool(options.get("STRICT")),
    )


def _stored(value: Any, type_: SqlType) -> pa.Array:
    if type_.name == "TIMESTAMP_NTZ":
        return value.cast(pa.timestamp("ns"))
    return value


def sandbox_refusal(error: SandboxError) -> AccountError:
    """The sandbox's errors in Snowflake's numbers."""
    if isinstance(error, HandlerTimeoutError):
        return AccountError(630, "57014", str(error))
    if isinstance(error, HandlerCancelledError):
        return AccountError(604, "57014", str(error))
    if isinstance(error, HandlerError):
        message = str(error)
        return AccountError(100357, "P0000", message) if message.startswith("Python Interpreter") else python_error(message)
    return AccountError(391531, "22023", f"SQL compilation error:\n{error}")
