"""Clients that have gone before their answer: nothing is sent to them, and nothing is made of it."""

from __future__ import annotations

from h11 import LocalProtocolError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class NoResponse(Response):
    """To a client whose connection ended within its request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return None


class Answered:
    """The HTTP server answers 400 by itself to a body that breaks off; what the route then says has no place any more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_if_open(message: Message) -> None:
            try:
                await send(message)
            except LocalProtocolError:
                return

        await self._app(scope, receive, send_if_open)
