"""Snowflake's REST API, as far as the account offers it: how a request becomes statements of its session, and what it answers.

Resources say what a request means as SQL, so that it is allowed, refused and recorded like the statement that a user would write.
https://docs.snowflake.com/en/developer-guide/snowflake-rest-api/reference
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Request, Session
from mlops_local.account.syntax.names import quote_if_needed, text_constant
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.wire.body import bad_request, read_value
from mlops_local.account.wire.envelope import internal_error
from mlops_local.account.wire.gone import NoResponse

Sessions = Callable[[HttpRequest], Session]
Work = Callable[[Session, "Call"], Any]

_STATUS_OF = {2003: 404, 2043: 404, 2002: 409, 3001: 403, 390400: 400}
_SIGN_IN = range(390_000, 391_000)
CREATE_MODES = {None: "CREATE", "errorIfExists": "CREATE", "orReplace": "CREATE OR REPLACE", "ifNotExists": "CREATE"}


class Call:
    """A request: the place that its path names, what its query asks, and its body."""

    def __init__(self, path: Mapping[str, str], query: Mapping[str, str], body: Any) -> None:
        self.path = path
        self.query = query
        self.body: dict[str, Any] = body if isinstance(body, dict) else {}
        self.items: list[Any] = body if isinstance(body, list) else []

    def identifier(self, part: str) -> str:
        return identifier(self.path[part])

    @property
    def schema(self) -> str:
        return f"{self.identifier('database')}.{self.identifier('schema')}"

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.identifier('name')}"

    def asks(self, flag: str) -> bool:
        return self.query.get(flag, "false").lower() == "true"

    def refuse_unknown(self, *known: str) -> None:
        for name in set(self.query) - set(known):
            raise unsupported(f"the parameter {name}")

    def create(self, kind: str) -> str:
        """``CREATE .. KIND [IF NOT EXISTS]`` by the mode that the query gives."""
        mode = self.query.get("createMode")
        if mode not in CREATE_MODES:
            raise unsupported(f"createMode={mode}")
        return f"{CREATE_MODES[mode]} {kind}{' IF NOT EXISTS' if mode == 'ifNotExists' else ''}"

    def filters(self) -> list[str]:
        """``LIKE``, ``STARTS WITH`` of SHOW, as the query gives them; ``LIMIT`` is :meth:`limit`."""
        words = {"like": "LIKE", "startsWith": "STARTS WITH"}
        return [f"{words[name]} {text_constant(self.query[name])}" for name in words if name in self.query]

    def limit(self) -> list[str]:
        after = f" FROM {text_constant(self.query['fromName'])}" if "fromName" in self.query else ""
        return [f"LIMIT {int(self.query['showLimit'])}{after}"] if "showLimit" in self.query else []


def identifier(text: str) -> str:
    """One part of a name, bare or quoted as a statement would have it; nothing else gets into the text of one."""
    reader = Reader(text)
    part = reader.identifier()
    reader.end()
    return quote_if_needed(part)


def run(session: Session, text: str) -> Result:
    return session.execute(Request(text))


def rows(result: Result) -> list[dict[str, Any]]:
    names = [column.name for column in result.columns]
    columns = [column.to_pylist() for column in result.table.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def endpoint(sessions: Sessions, work: Work) -> Callable[[HttpRequest], Awaitable[Response]]:
    """What the work answers as JSON, or its refusal with the status that clients tell apart."""

    async def respond(http: HttpRequest) -> Response:
        try:
            session = sessions(http)
            call = Call(http.path_params, http.query_params, await read_value(http))
            return JSONResponse(await run_in_threadpool(work, session, call))
        except AccountError as error:
            return refusal(error)
        except ClientDisconnect:
            return NoResponse()
        except ValueError as error:
            return refusal(bad_request(str(error)))
        except Exception as error:
            return refusal(internal_error(error), 500)

    return respond


def refusal(error: AccountError, status: int | None = None) -> Response:
    known = _STATUS_OF.get(error.number, 401 if error.number in _SIGN_IN else 400)
    body = {"error_code": error.code, "code": error.code, "message": error.message, "request_id": str(uuid.uuid4())}
    return JSONResponse(body, status_code=status or known)


def done(result: Result) -> dict[str, str]:
    """The status that a statement has answered."""
    return {"status": str(result.table.column(0)[0].as_py())}
