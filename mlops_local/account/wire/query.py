"""Statements as requests: run, repeat, follow, fetch and abort them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError, cancelled
from mlops_local.account.session.parameters import checked
from mlops_local.account.session.result import Result, StatementType, rows
from mlops_local.account.session.session import Bind, Request, Session
from mlops_local.account.syntax.lexer import tokenize
from mlops_local.account.syntax.types import Column
from mlops_local.account.wire.body import bad_request
from mlops_local.account.wire.chunks import ChunkStore
from mlops_local.account.wire.envelope import IN_PROGRESS, IN_PROGRESS_ASYNC, Answer, encode, failure, internal_error, success
from mlops_local.account.wire.jobs import Job, Jobs
from mlops_local.account.wire.results import result_data, several_data
from mlops_local.account.wire.tokens import Grant


@dataclass(frozen=True)
class Query:
    """A decoded query request."""

    text: str
    binds: tuple[Bind, ...]
    settings: Mapping[str, Any]
    describe_only: bool
    asynchronous: bool
    bind_stage: str

    @property
    def statement_count(self) -> int | None:
        """How many statements the client means to send; 0 is any number, None is not said."""
        count = self.settings.get("MULTI_STATEMENT_COUNT")
        return None if count is None else int(checked("MULTI_STATEMENT_COUNT", count))

    @property
    def own_parameters(self) -> dict[str, Any]:
        """What holds for each statement: the count is about their text alone."""
        return {name: value for name, value in self.settings.items() if name != "MULTI_STATEMENT_COUNT"}


def decode(body: Mapping[str, Any]) -> Query:
    text, settings = body.get("sqlText") or "", body.get("parameters") or {}
    if not isinstance(text, str) or not isinstance(settings, dict):
        raise bad_request("sqlText is a text and parameters are an object")
    return Query(
        text=text,
        binds=_binds(body.get("bindings") or {}),
        settings={key.upper(): value for key, value in settings.items()},
        describe_only=bool(body.get("describeOnly")),
        asynchronous=bool(body.get("asyncExec")),
        bind_stage=str(body.get("bindStage") or ""),
    )


def _binds(bindings: Mapping[str, Mapping[str, Any]]) -> tuple[Bind, ...]:
    try:
        ordered = sorted(bindings.items(), key=lambda item: int(item[0]))
        return tuple(Bind(str(bind["type"] or "TEXT").upper(), _bound(bind["value"])) for _, bind in ordered)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise bad_request("bindings are an object of numbered types and texts") from None


def _bound(value: Any) -> str | list[str | None] | None:
    """A text, or none; a list of them for array binding."""
    for each in value if isinstance(value, list) else [value]:
        if each is not None and not isinstance(each, str):
            raise TypeError("not a text")
    bound: str | list[str | None] | None = value
    return bound


class Queries:
    def __init__(self, account: Account) -> None:
        self._account = account
        self.jobs = Jobs()
        self.chunks = ChunkStore()

    def begin(self, grant: Grant, query: Query, request_id: str | None) -> Job:
        """Starts the statement, or joins the one that this request started before."""
        job = Job(str(uuid.uuid4()), grant.session, request_id, query.asynchronous)
        job, fresh = self.jobs.enter(job)
        if fresh:
            self.jobs.start(job, lambda: self._work(job, query))
        return job

    def answer(self, job: Job) -> bytes:
        """What a job that is done says; made anew when its first answer is no longer kept."""
        if job.body is not None:
            return job.body
        if job.error is not None:
            return encode(failure(job.error, query_id=job.query_id))
        try:
            result = self._account.results.get(job.query_id, job.session.user)
        except KeyError:
            raise unknown_query(job.query_id) from None
        return encode(success(result_data(result, job.session, job.query_id, self.chunks, settings={})))

    def find(self, grant: Grant, query_id: str) -> Job:
        """A statement of the same user, whichever session it ran in."""
        job = self.jobs.by_query(query_id)
        if job is None or job.session.user != grant.session.user:
            raise unknown_query(query_id)
        return job

    def monitor(self, grant: Grant, query_id: str) -> Answer:
        try:
            job = self.find(grant, query_id)
        except AccountError:
            return success({"queries": []})
        shown: Answer = {"id": query_id, "status": job.status, "sessionId": job.session.id}
        if job.done.done() and job.error is not None:
            shown |= {"errorCode": job.error.code, "errorMessage": job.error.message, "sqlState": job.error.state}
        return success({"queries": [shown]})

    def abort(self, job: Job | None) -> Answer:
        if job is None or not self.jobs.abort(job):
            return failure(AccountError(605, "02000", "Identified SQL statement is not currently executing."))
        return success()

    def end_session(self, session: Session) -> None:
        """Stops what the client waited for, lets asynchronous statements finish, then closes the session."""
        waiting = self.jobs.running(session)
        for job in waiting:
            if not job.asynchronous:
                self.jobs.abort(job)
        for job in waiting:
            job.done.result()
        session.close()

    def _work(self, job: Job, query: Query) -> bytes:
        try:
            return encode(success(self._execute(job, query)))
        except AccountError as error:
            job.error = error
        except Exception as error:
            job.error = internal_error(error)
        return encode(failure(job.error, query_id=job.query_id))

    def _execute(self, job: Job, query: Query) -> Answer:
        session = job.session
        wanted = query.statement_count
        if wanted is None:
            wanted = int(session.parameters.get("MULTI_STATEMENT_COUNT") or 0)
        if wanted != 1:
            statements = session.split(query.text)
            if wanted not in {0, len(statements)}:
                raise wrong_count(len(statements), wanted)
            if len(statements) != 1:
                return self._execute_several(job, query, statements)
        request = Request(query.text, query.binds, query.describe_only, job.query_id, query.own_parameters, query.bind_stage)
        result = session.execute(request)
        return result_data(result, session, job.query_id, self.chunks, settings=query.settings, describe_only=query.describe_only)

    def _execute_several(self, job: Job, query: Query, statements: Sequence[str]) -> Answer:
        """One after another until one fails; each keeps an answer of its own."""
        children: list[tuple[str, StatementType]] = []
        binds = list(query.binds)
        for statement in statements:
            own = sum(token.text == "?" for token in tokenize(statement))
            child, _ = self.jobs.enter(Job(str(uuid.uuid4()), job.session))
            child.done.set_result(None)
            job.running_id = child.query_id
            if job.aborted:
                raise cancelled()
            request = Request(statement, tuple(binds[:own]), query.describe_only, child.query_id, query.own_parameters)
            result = job.session.execute(request)
            binds = binds[own:]
            children.append((child.query_id, result.type))
        self._account.results.put(job.query_id, _several_done(), job.session.user)
        return several_data(job.session, job.query_id, children)


def in_progress(job: Job) -> Answer:
    """The client asks again at the address; after an asynchronous start it returns to its caller instead."""
    data = {"queryId": job.query_id, "getResultUrl": f"/queries/{job.query_id}/result", "queryAbortsAfterSecs": 300}
    if job.asynchronous:
        return success(data, code=IN_PROGRESS_ASYNC, message="Asynchronous execution in progress.")
    return success(data, code=IN_PROGRESS, message="Query execution in progress.")


def unknown_query(query_id: str) -> AccountError:
    return AccountError(709, "02000", f"Statement {query_id} not found")


def wrong_count(actual: int, wanted: int) -> AccountError:
    return AccountError(8, "0A000", f"Actual statement count {actual} did not match the desired statement count {wanted}.")


def _several_done() -> Result:
    """What the connector looks for after an asynchronous start of several statements."""
    column = Column("multiple statement execution", nullable=False)
    return rows([column], [["Multiple statements executed successfully."]], type_=StatementType.MULTI)
