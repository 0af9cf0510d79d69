"""The account: one engine, its catalogue, its users and sessions, and the way a statement takes through it."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from mlops_local.account import language as language
from mlops_local.account.access.access_tokens import AccessToken, tokens_of, with_secret
from mlops_local.account.access.privileges import ALL, may_take_role
from mlops_local.account.access.uses import Uses
from mlops_local.account.catalogue import storage
from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.clock import Clock, SystemClock
from mlops_local.account.engine import tdigest
from mlops_local.account.engine.engine import Engine
from mlops_local.account.errors import AccountError
from mlops_local.account.files import directories, loads
from mlops_local.account.files.stages import Stages
from mlops_local.account.files.transfers import Transfers
from mlops_local.account.governance import lineage
from mlops_local.account.history import dropped, events, warehouses
from mlops_local.account.history.events import Events
from mlops_local.account.history.query_history import History
from mlops_local.account.routines.runtime import Runtime, TokenIssuer
from mlops_local.account.scheduling import alerts, dynamic_tables, graph_versions, task_runs
from mlops_local.account.session.parameters import checked
from mlops_local.account.session.result import Result
from mlops_local.account.session.results import ResultStore
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql.conventions import following
from mlops_local.account.sql.run_errors import run_error
from mlops_local.account.statements import workload_identity
from mlops_local.account.statements.dispatch import run_statement
from mlops_local.account.statements.setup import create_defaults

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class User:
    """What sign-in needs to know. Keys are base64 DER without the PEM lines."""

    name: str
    rsa_public_key: str | None
    rsa_public_key_2: str | None
    password_hash: str | None
    disabled: bool
    type: str
    default_role: str | None
    default_warehouse: str | None
    default_namespace: str | None


class Account:
    """Open it with a folder for its state, or with None to keep everything in memory."""

    def __init__(self, data: Path | None = None, *, clock: Clock | None = None, name: str = "EMBEDDED") -> None:
        self.name = name
        self.clock: Clock = clock or SystemClock()
        self.data = data
        self.base_url = ""
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
        self.stages = Stages(data)
        self.engine = Engine(data / "data.duckdb" if data else None, spilled=self.stages.spilled)
        self.engine.confine(self.stages.folders)
        self.transfers = Transfers()
        self.results = ResultStore()
        self.runtime = Runtime(self)
        tdigest.register(self.engine.root)
        self.tokens: TokenIssuer | None = None
        self.uses = Uses()
        self.history = History(self.engine, self.uses)
        self.events = Events(self.engine)
        self.sessions: dict[int, Session] = {}
        self._ids = itertools.count(int(self.clock.now().timestamp() * 1000))
        self._lock = threading.Lock()
        with self.system_session() as session, session.transaction(write=True):
            storage.create_tables(session.connection)
            self.history.create_tables(session.connection)
            Uses.create_tables(session.connection)
            dynamic_tables.create_tables(session.connection)
            lineage.create_tables(session.connection)
            loads.create_tables(session.connection)
            directories.create_tables(session.connection)
            alerts.create_tables(session.connection)
            events.create_tables(session.connection)
            graph_versions.create_tables(session.connection)
            task_runs.create_tables(session.connection)
            dropped.create_tables(session.connection)
            warehouses.create_tables(session.connection)
            create_defaults(session)
            self._drop_temporary(session.catalogue.list_temporary(), session)
            dropped.purge(session)
            self.stages.sweep(session.catalogue.ids() | dropped.ids(session.connection))

    @classmethod
    def open(cls, data: Path | None = None, *, clock: Clock | None = None) -> Account:
        return cls(data, clock=clock)

    def close(self) -> None:
        for session in list(self.sessions.values()):
            session.close()
        self.runtime.close()
        self.history.close()
        self.events.close()
        self.engine.close()
        self.stages.close()

    def __enter__(self) -> Account:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # Sign-in

    def find_user(self, name: str) -> User | None:
        with self.system_session() as session:
            entry = session.catalogue.find("USER", "", "", name)
        return _user(entry) if entry else None

    def find_access_token(self, secret: str, login_name: str = "") -> tuple[User, AccessToken] | None:
        """The programmatic access token with that secret, of that user or, without a name, of any, if it opens now."""
        now = self.clock.now()
        with self.system_session() as session:
            for entry in session.catalogue.list("USER"):
                token = with_secret(tokens_of(session.catalogue, entry, now), secret) if login_name in {"", entry.name} else None
                if token is not None and token.state(now) == "ACTIVE":
                    allowed = token.role is None or may_take_role(session.catalogue, entry.name, token.role)
                    return (_user(entry), token) if allowed else None
        return None

    def find_workload(self, issuer: str, subject: str) -> tuple[User, list[str]] | None:
        """The user that this subject of this issuer is, and the audiences that its tokens may be for."""
        with self.system_session() as session:
            entry = workload_identity.find(session.catalogue, issuer, subject)
        return (_user(entry), workload_identity.audiences(entry)) if entry else None

    def open_session(
        self,
        user: str,
        *,
        role: str | None = None,
        warehouse: str | None = None,
        database: str | None = None,
        schema: str | None = None,
        parameters: dict[str, Any] | None = None,
        token: AccessToken | None = None,
    ) -> Session:
        """A session of that user, signed in with the token if one is given.

        A role that the user does not have, or the token is not for, is refused; other places that do not exist stay unset.
        """
        session = self._new_session(user)
        try:
            session.by_access_token, session.only_role = token is not None, token.role if token else None
            session.parameters.update({key.upper(): checked(key.upper(), value) for key, value in (parameters or {}).items()})
            sign_in(session, role, warehouse, database, schema)
        except BaseException:
            session.close()
            raise
        return session

    def open_inner_session(self, user: str) -> Session:
        """A session for a procedure or a task; the caller sets its role and place, and closes it."""
        return self._new_session(user)

    @contextmanager
    def system_session(self) -> Iterator[Session]:
        """The account acting for itself, as ACCOUNTADMIN."""
        session = self._new_session("SYSTEM")
        session.role, session.trusted = "ACCOUNTADMIN", True
        session.recorded = False
        try:
            yield session
        finally:
            session.close()

    def _new_session(self, user: str) -> Session:
        with self._lock:
            session = Session(self, next(self._ids), user)
            self.sessions[session.id] = session
        return session

    def forget(self, session: Session) -> None:
        with self._lock:
            self.sessions.pop(session.id, None)
        try:
            session.rollback()
            temporary = session.catalogue.list_temporary(session.id)
            if temporary:
                with session.transaction(write=True):
                    self._drop_temporary(temporary, session)
        finally:
            session.connection.close()

    def _drop_temporary(self, entries: list[Entry], session: Session) -> None:
        for entry in entries:
            dropped.forget_rows(session, entry)
            session.catalogue.whole.remove(entry)

    # Statements

    def run(self, session: Session, request: Request) -> Result:
        """Runs one statement, keeps its answer for RESULT_SCAN and writes its row in the query history."""
        self.events.write_before(session)
        with self.history.record(session, request, self.clock) as record:
            try:
                with following(session.parameters):
                    result = run_statement(session, request)
            except AccountError:
                raise
            except duckdb.Error as error:
                refusal = self.runtime.failure_in(error) or translate_engine_error(error)
                refusal.message = "\n".join([refusal.message, *getattr(error, "__notes__", ())])
                raise refusal from error
            record.produced(result)
        if not request.describe_only:
            self.results.put(request.query_id, result, session.user)
            session.last_query_ids.append(request.query_id)
        return result


def sign_in(session: Session, role: str | None, warehouse: str | None, database: str | None, schema: str | None) -> None:
    user = session.catalogue.find("USER", "", "", session.user)
    defaults = user.properties if user else {}
    session.role = _role_of(session, role or session.only_role or defaults.get("DEFAULT_ROLE"))
    session.secondary_roles = tuple(defaults.get("DEFAULT_SECONDARY_ROLES", [ALL])) if user else ()
    namespace = str(defaults.get("DEFAULT_NAMESPACE") or "").split(".")
    wanted_warehouse = warehouse or defaults.get("DEFAULT_WAREHOUSE")
    if wanted_warehouse and session.catalogue.find("WAREHOUSE", "", "", wanted_warehouse):
        session.warehouse = wanted_warehouse
    wanted_database = database or namespace[0] or None
    if wanted_database and session.catalogue.find("DATABASE", "", "", wanted_database):
        session.database = wanted_database
        wanted_schema = schema or (namespace[1] if len(namespace) > 1 and not database else "PUBLIC")
        if session.catalogue.find("SCHEMA", wanted_database, "", wanted_schema):
            session.schema = wanted_schema


def _role_of(session: Session, role: str | None) -> str:
    if role is None:
        return "PUBLIC"
    if session.only_role not in {None, role} or not may_take_role(session.catalogue, session.user, role):
        raise AccountError(
            390189,
            "08001",
            f"Role '{role}' specified in the connect string does not exist or not authorized. Contact your local "
            "system administrator, or attempt to login with another role, e.g. PUBLIC.",
        )
    return role


def _user(entry: Entry) -> User:
    get = entry.properties.get
    return User(
        name=entry.name,
        rsa_public_key=get("RSA_PUBLIC_KEY"),
        rsa_public_key_2=get("RSA_PUBLIC_KEY_2"),
        password_hash=get("PASSWORD_HASH"),
        disabled=bool(get("DISABLED")),
        type=get("TYPE", "PERSON"),
        default_role=get("DEFAULT_ROLE"),
        default_warehouse=get("DEFAULT_WAREHOUSE"),
        default_namespace=get("DEFAULT_NAMESPACE"),
    )


def translate_engine_error(error: duckdb.Error) -> AccountError:
    """DuckDB's refusal in Snowflake's numbers, as far as clients tell them apart."""
    text = str(error)
    if (known := run_error(text)) is not None:
        return known
    if isinstance(error, duckdb.ConversionException):
        return AccountError(100038, "22018", text)
    if isinstance(error, duckdb.OutOfRangeException):
        return AccountError(100046, "22003", text)
    if isinstance(error, duckdb.InterruptException):
        return AccountError(604, "57014", "SQL execution canceled")
    if isinstance(error, duckdb.ConstraintException):
        return AccountError(100072, "22000", text)
    if isinstance(error, duckdb.OutOfMemoryException):
        detail = "the statement needs more memory, or more room on the disk beside it, than this account takes."
        return AccountError(603, "XX000", f"SQL execution internal error:\n{detail} {text.partition(chr(10))[0]}")
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return AccountError(904 if "column" in text.lower() else 1003, "42000", f"SQL compilation error:\n{text}")
    return AccountError(100051, "22012", text)
