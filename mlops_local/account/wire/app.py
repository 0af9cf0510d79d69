"""The routes. Each reads its request, hands it to the room that knows, and wraps what comes back."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.files.transfers import ROUTE
from mlops_local.account.session.session import Session
from mlops_local.account.wire import rest_tasks
from mlops_local.account.wire.body import bad_request, read_body, read_json
from mlops_local.account.wire.envelope import Answer, encode, failure, internal_error, success
from mlops_local.account.wire.files import serve_file
from mlops_local.account.wire.gone import Answered, NoResponse
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.jobs import Job
from mlops_local.account.wire.login import login
from mlops_local.account.wire.query import Queries, decode, in_progress
from mlops_local.account.wire.tokens import SESSION_SECONDS, Grant, Tokens, session_gone

Handler = Callable[[Request], Awaitable[Answer | bytes]]

# The connector gives up on an answer after 60 seconds and sends the statement again.
ANSWER_SECONDS = 45.0
_TOKEN = re.compile(r'Snowflake Token="([^"]*)"')


class Wire:
    """What the routes share."""

    def __init__(self, account: Account, *, issuers: Issuers | None = None, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.account = account
        self._issuers = issuers or Issuers({})
        self.tokens = account.tokens = Tokens(account.clock)
        self.queries = Queries(account)
        self._answer_seconds = answer_seconds

    def app(self) -> Starlette:
        routes = [*self._session_routes(), *self._query_routes(), *self._rest_routes(), *self._file_routes()]
        return Starlette(routes=routes, middleware=[Middleware(Answered)])

    def _session_routes(self) -> list[Route]:
        return [
            Route("/session/v1/login-request", answering(self.log_in), methods=["POST"]),
            Route("/session/token-request", answering(self.renew), methods=["POST"]),
            Route("/session/heartbeat", answering(self.heartbeat), methods=["POST"]),
            Route("/session", answering(self.log_out), methods=["POST"]),
            Route("/telemetry/send", answering(telemetry), methods=["POST"]),
            Route("/telemetry/send/sessionless", answering(telemetry), methods=["POST"]),
        ]

    def _query_routes(self) -> list[Route]:
        return [
            Route("/queries/v1/query-request", answering(self.query), methods=["POST"]),
            Route("/queries/v1/abort-request", answering(self.abort_request), methods=["POST"]),
            Route("/queries/{query_id}/result", answering(self.result), methods=["GET"]),
            Route("/queries/{query_id}/abort-request", answering(self.abort_query), methods=["POST"]),
            Route("/monitoring/queries/{query_id}", answering(self.monitor), methods=["GET"]),
        ]

    def _file_routes(self) -> list[Route]:
        return [
            Route("/chunks/{token}/{index:int}", guarded(self.chunk), methods=["GET"]),
            Route(ROUTE + "{token}", guarded(self.file), methods=["GET", "HEAD", "PUT"]),
            Route(ROUTE + "{token}/{name:path}", guarded(self.file), methods=["GET", "HEAD", "PUT"]),
            Route("/{path:path}", not_here, methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]),
        ]

    def _rest_routes(self) -> list[Route]:
        return rest_tasks.routes(lambda request: self.grant(request).session)

    # Sessions

    async def log_in(self, request: Request) -> Answer:
        body = await read_json(request)
        self.tokens.sweep(self._end_session)
        return await run_in_threadpool(
            login, self.account, self.tokens, self._issuers, request.query_params, body, _address(request)
        )

    async def renew(self, request: Request) -> Answer:
        token, master = self.tokens.renew(token_of(request))
        return success({"sessionToken": token, "masterToken": master, "validityInSecondsST": SESSION_SECONDS})

    async def heartbeat(self, request: Request) -> Answer:
        self.tokens.keep_alive(self.grant(request))
        return success()

    async def log_out(self, request: Request) -> Answer:
        if request.query_params.get("delete") != "true":
            raise bad_request("/session is for signing out, with delete=true")
        grant = self.grant(request)
        if self.tokens.withdraw(grant):
            # Asynchronous statements may go on for longer than the client waits for this answer.
            await asyncio.wait([asyncio.wrap_future(self._end_session(grant.session))], timeout=1)
        return success()

    def _end_session(self, session: Session) -> Future[object]:
        return self.queries.jobs.run(lambda: self.queries.end_session(session))

    def grant(self, request: Request) -> Grant:
        return self.tokens.grant_of(token_of(request))

    # Statements

    async def query(self, request: Request) -> Answer | bytes:
        grant = self.grant(request)
        query = decode(await read_json(request))
        job = self.queries.begin(grant, query, request.query_params.get("requestId"))
        return in_progress(job) if job.asynchronous else await self._wait(job)

    async def result(self, request: Request) -> Answer | bytes:
        grant = self.grant(request)
        return await self._wait(self.queries.find(grant, request.path_params["query_id"]))

    async def monitor(self, request: Request) -> Answer:
        return self.queries.monitor(self.grant(request), request.path_params["query_id"])

    async def abort_request(self, request: Request) -> Answer:
        grant = self.grant(request)
        body = await read_json(request)
        job = self.queries.jobs.by_request(grant.session, str(body.get("requestId")))
        return await run_in_threadpool(self.queries.abort, job)

    async def abort_query(self, request: Request) -> Answer:
        grant = self.grant(request)
        job = self.queries.find(grant, request.path_params["query_id"])
        return await run_in_threadpool(self.queries.abort, job)

    async def _wait(self, job: Job) -> Answer | bytes:
        if not job.done.done():
            await asyncio.wait([asyncio.wrap_future(job.done)], timeout=self._answer_seconds)
        if not job.done.done():
            return in_progress(job)
        body = job.body
        return await run_in_threadpool(self.queries.answer, job) if body is None else body

    # Files

    async def chunk(self, request: Request) -> Response:
        found = self.queries.chunks.find(request.path_params["token"], request.path_params["index"])
        return found or JSONResponse({"success": False, "message": "This part of a result does not exist (any more)."}, 404)

    async def file(self, request: Request) -> Response:
        return await serve_file(self.account.transfers, request.path_params["token"], request)

    def close(self) -> None:
        self.queries.jobs.close()


def answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler's answer, or its refusal, as JSON and HTTP 200."""

    async def respond(request: Request) -> Response:
        try:
            answer = await handler(request)
        except AccountError as error:
            answer = failure(error)
        except ClientDisconnect:
            return NoResponse()
        except Exception as error:
            answer = failure(internal_error(error))
        body = answer if isinstance(answer, bytes) else encode(answer)
        return Response(body, media_type="application/json")

    return respond


def guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """For what is not JSON: a defect is told without its trace, here too."""

    async def respond(request: Request) -> Response:
        try:
            return await handler(request)
        except ClientDisconnect:
            return NoResponse()
        except Exception as error:
            return JSONResponse(failure(internal_error(error)), 500)

    return respond


async def telemetry(request: Request) -> Answer:
    """Taken and thrown away: nothing of it leaves this machine."""
    await read_body(request)
    return success("Log Received")


async def not_here(request: Request) -> Response:
    """In the form of Snowflake's REST API, which its Python client turns into NotFoundError."""
    message = f"{request.method} {request.url.path} is not offered by this account."
    return JSONResponse({"error_code": "404001", "message": message, "request_id": str(uuid.uuid4())}, status_code=404)


def token_of(request: Request) -> str:
    match = _TOKEN.match(request.headers.get("authorization", ""))
    if match is None:
        raise session_gone()
    return match[1]


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
