"""A client's session: where it is, who it acts as, and its own connection to the engine."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb

from mlops_local.account.access.access import Access
from mlops_local.account.access.privileges import PUBLIC, Actor
from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, cancelled, no_current, syntax_error, timed_out, unsupported
from mlops_local.account.session.parameters import DEFAULT_PARAMETERS, checked
from mlops_local.account.session.result import Result
from mlops_local.account.syntax.lexer import split_statements
from mlops_local.account.syntax.names import Name

if TYPE_CHECKING:
    from mlops_local.account.account import Account
    from mlops_local.account.scheduling.alerts import AlertRun
    from mlops_local.account.scheduling.task_context import TaskContext


@dataclass(frozen=True)
class Bind:
    """One bound value as the client sent it: Snowflake's type name and text; a list of texts for array binding."""

    type: str
    value: str | list[str | None] | None


@dataclass(frozen=True)
class Request:
    """One statement to run. ``describe_only`` asks for the columns of the answer and must change nothing.

    ``parameters`` hold for this statement alone. ``bind_stage`` is where the client has put the values of its marks, as CSV.
    """

    text: str
    binds: tuple[Bind, ...] = ()
    describe_only: bool = False
    query_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    parameters: Mapping[str, Any] = field(default_factory=dict)
    bind_stage: str = ""


@dataclass(frozen=True)
class _State:
    """Where a transaction stood before a statement."""

    writes: int
    before_commit: dict[Any, Callable[[], None]]
    notes: dict[Any, Any]
    removed: list[int]


class Session:
    """Statements of a session run one after another; :meth:`execute` is the only way in."""

    def __init__(self, account: Account, id_: int, user: str) -> None:
        self.account = account
        self.id = id_
        self.user = user
        self.role: str | None = None
        # A programmatic access token signed it in, perhaps one for a single role.
        self.by_access_token = False
        self.only_role: str | None = None
        # Roles whose privileges count beside those of the current one: names, or ALL that the user has.
        self.secondary_roles: tuple[str, ...] = ()
        # Whether the account itself acts, which needs no privilege.
        self.trusted = False
        self.warehouse: str | None = None
        self.database: str | None = None
        self.schema: str | None = None
        self.parameters: dict[str, Any] = dict(DEFAULT_PARAMETERS)
        self.variables: dict[str, Any] = {}
        self.last_query_ids: list[str] = []
        self.connection = account.engine.connect()
        self.access = Access(self)
        self.catalogue = Catalogue(self.connection, id_, self.access)
        self.explicit_transaction = False
        # What must be written with the transaction, at its end: how far streams have been consumed.
        self.before_commit: dict[Any, Callable[[], None]] = {}
        # The run of a task that this session's statements belong to.
        self.task: TaskContext | None = None
        # The run of an alert that they belong to.
        self.alert: AlertRun | None = None
        # The procedure whose body they are.
        self.routine: Entry | None = None
        # Whether the query history tells of its statements; the account keeps its own to itself.
        self.recorded = True
        # What holds until the transaction ends: up to which change its reads of a stream go.
        self.notes: dict[Any, Any] = {}
        # The session whose statement this one runs for: a procedure's caller.
        self.caller: Session | None = None
        # When the open transaction began, and when it got its turn to write.
        self.began_on: datetime | None = None
        self.locked_on: datetime | None = None
        self._lock = threading.RLock()
        self._closed = False
        self._running: list[str] = []
        self._cancelled: set[str] = set()
        self._stops: list[Callable[[], None]] = []

    def execute(self, request: Request) -> Result:
        """The answer to one statement; raises :class:`AccountError` when it is refused or fails."""
        with self._lock:
            if not self._running:
                self.connection.cancelled = False
            self._running.append(request.query_id)
            try:
                if request.query_id in self._cancelled:
                    raise cancelled()
                self._check_callers()
                with self._parameters_of(request), self._time_limit():
                    return self.account.run(self, request)
            finally:
                self._running.pop()

    def _check_callers(self) -> None:
        """Nothing begins for a statement that has been cancelled."""
        caller = self.caller
        while caller is not None:
            caller.connection.check()
            caller = caller.caller

    @contextmanager
    def _parameters_of(self, request: Request) -> Iterator[None]:
        """The statement's own parameters go before the session's; what it sets itself stays. Drivers send others of their own."""
        given = {name: checked(name, value) for name, value in request.parameters.items() if name in DEFAULT_PARAMETERS}
        before = {name: self.parameters[name] for name in given}
        self.parameters.update(given)
        try:
            yield
        finally:
            self.parameters.update({name: value for name, value in before.items() if self.parameters[name] == given[name]})

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """STATEMENT_TIMEOUT_IN_SECONDS, for what a client sends; what runs within it shares its time."""
        seconds = int(self.parameters["STATEMENT_TIMEOUT_IN_SECONDS"])
        if len(self._running) > 1 or not 0 < seconds < DEFAULT_PARAMETERS["STATEMENT_TIMEOUT_IN_SECONDS"]:
            yield
            return
        reached = threading.Event()

        def end() -> None:
            reached.set()
            self.cancel()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (AccountError, duckdb.Error) as error:
            if reached.is_set():
                raise timed_out(seconds) from error
            raise
        finally:
            timer.cancel()

    def run(self, text: str) -> Result:
        """One statement on the account's own behalf within this session, without a history row."""
        return self.execute(Request(text))

    @property
    def running_query(self) -> str | None:
        """The id of the statement that runs now."""
        return self._running[-1] if self._running else None

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """For what the account asks on its own behalf in a session that the history tells of."""
        before, self.recorded = self.recorded, False
        try:
            yield
        finally:
            self.recorded = before

    def split(self, text: str) -> list[str]:
        return split_statements(text)

    def cancel(self, query_id: str | None = None) -> None:
        """Ends that statement, or whatever runs now; one that waits for its turn will not start."""
        if query_id is not None:
            self._cancelled.add(query_id)
        if self._running and (query_id is None or query_id in self._running):
            self.connection.cancel()
            for stop in list(self._stops):
                stop()

    @contextmanager
    def stopped_by(self, stop: Callable[[], None]) -> Iterator[None]:
        """``stop`` ends what the block waits for, a handler or another session, when the statement is cancelled."""
        self._stops.append(stop)
        try:
            self.connection.check()
            yield
        finally:
            self._stops.remove(stop)

    def close(self) -> None:
        """Rolls back what is open and drops the session's temporary objects."""
        if not self._closed:
            self._closed = True
            self.account.forget(self)

    @property
    def actor(self) -> Actor | None:
        """Who acts; None for the account itself."""
        return None if self.trusted else Actor(self.role or PUBLIC, self.user, self.secondary_roles)

    # Names

    def complete(self, parts: tuple[str, ...]) -> Name:
        """A path of one to three parts with the session's current database and schema filled in."""
        if len(parts) > 3:
            raise syntax_error(f"a name has at most three parts: {'.'.join(parts)}")
        padded = ("",) * (3 - len(parts)) + parts
        database = padded[0] or self.database
        if not database:
            raise no_current("database")
        schema = padded[1] or ("PUBLIC" if len(parts) == 3 else self.schema)
        if not schema:
            raise no_current("schema")
        return Name(database, schema, padded[2])

    def find(self, kind: str, parts: tuple[str, ...]) -> Entry | None:
        name = self.complete(parts)
        return self.catalogue.find(kind, name.database, name.schema, name.name)

    def get(self, kind: str, parts: tuple[str, ...]) -> Entry:
        name = self.complete(parts)
        return self.catalogue.get(kind, name.database, name.schema, name.name)

    # Transactions

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[None]:
        """Around every statement: all of it commits, or none of it. What an open transaction did before a failure stays."""
        self._open()
        state = self._state()
        try:
            if write:
                self.connection.writing()
                self.locked_on = self.locked_on or self.account.clock.now()
            yield
        except BaseException as error:
            if not (self.explicit_transaction and self._restore(state)):
                self._rollback()
                if self.explicit_transaction:
                    self.explicit_transaction = False
                    _tell(error, "The transaction that was open has been rolled back.")
            raise
        if write and self.autocommit_off():
            self.explicit_transaction = True
        if not self.explicit_transaction:
            self._commit()

    def _state(self) -> _State:
        return _State(
            len(self.connection.journal.writes), dict(self.before_commit), dict(self.notes), list(self.catalogue.removed)
        )

    def _restore(self, state: _State) -> bool:
        """The open transaction as it was before the statement that failed."""
        try:
            restored = self.connection.restore(state.writes)
        except duckdb.Error:
            return False
        if restored:
            self.before_commit, self.notes = state.before_commit, state.notes
            self.catalogue.removed[:] = state.removed
        return restored

    @contextmanager
    def ddl(self) -> Iterator[None]:
        """DDL commits an open transaction first, then stands for itself."""
        self.commit()
        with self.transaction(write=True):
            yield
        self.commit()

    def begin(self) -> None:
        self.explicit_transaction = True
        self._open()

    def _open(self) -> None:
        if not self.connection.in_transaction:
            self.began_on, self.locked_on = self.account.clock.now(), None
        self.connection.begin()

    def commit(self) -> None:
        self.explicit_transaction = False
        self._commit()

    def rollback(self) -> None:
        self.explicit_transaction = False
        self._rollback()

    def _rollback(self) -> None:
        self.before_commit.clear()
        self.notes.clear()
        self.catalogue.removed.clear()
        self.connection.rollback()

    def _commit(self) -> None:
        try:
            while self.before_commit:
                self.before_commit.popitem()[1]()
            self.notes.clear()
            self.connection.commit()
        except duckdb.Error as error:
            self._rollback()
            raise AccountError(604, "57014", f"The transaction could not be committed and was rolled back: {error}") from error
        self.account.stages.discard(self.catalogue.removed)
        self.catalogue.removed.clear()

    def autocommit_off(self) -> bool:
        return not self.parameters["AUTOCOMMIT"]

    def stays_open(self) -> bool:
        """Whether the transaction of this statement goes on after it."""
        return self.explicit_transaction or self.autocommit_off()


def _tell(error: BaseException, sentence: str) -> None:
    """Adds a sentence to what the client will read; an error of the engine keeps it until it is translated."""
    if isinstance(error, AccountError):
        error.message += f"\n{sentence}"
    else:
        error.add_note(sentence)


def refuse_describe(request: Request, what: str) -> None:
    if request.describe_only:
        raise unsupported(f"describe only of {what}")
