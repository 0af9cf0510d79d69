"""The parts of large results, fetched by the client with plain GETs; the address is the secret."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlops_local.account.wire.arrow import stream
from mlops_local.account.wire.envelope import Answer

_BUDGET = 1 << 30
_INLINE_BYTES = 1 << 20
_CHUNK_BYTES = 6 << 20
_PIECE_BYTES = 1 << 18
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class Parts:
    """A result cut by rows: what goes with the answer itself, and the chunks after it."""

    table: pa.Table
    inline: int
    rows_per_chunk: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def count(self) -> int:
        return -(-(int(self.table.num_rows) - self.inline) // self.rows_per_chunk)

    def chunk(self, index: int) -> pa.Table:
        return self.table.slice(self.inline + index * self.rows_per_chunk, self.rows_per_chunk)

    def encoded(self, index: int) -> bytes:
        return stream(self.chunk(index))


class ChunkResponse(Response):
    """A chunk, sent when those before it are with the client.

    The connector asks for four at once and reads them in pieces of 10 KB, each under its interpreter's lock: side by side they take
    it several times as long as one after the other. A reader that stops half way holds the others up no longer than a second.
    """

    def __init__(self, parts: Parts, index: int) -> None:
        super().__init__(media_type="application/octet-stream")
        self._parts = parts
        self._index = index

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held = await self._take_turn()
        try:
            await self._send(send)
        finally:
            if held:
                self._parts.turn.release()

    async def _take_turn(self) -> bool:
        try:
            return await asyncio.wait_for(self._parts.turn.acquire(), _PATIENCE_SECONDS)
        except TimeoutError:
            return False

    async def _send(self, send: Send) -> None:
        body = await run_in_threadpool(self._parts.encoded, self._index)
        self.headers["content-length"] = str(len(body))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for begin in range(0, len(body), _PIECE_BYTES):
            end = begin + _PIECE_BYTES
            await send({"type": "http.response.body", "body": body[begin:end], "more_body": end < len(body)})


def cut(table: pa.Table) -> Parts:
    row_bytes = max(1, table.nbytes // max(1, table.num_rows))
    inline = table.num_rows if table.nbytes <= 2 * _INLINE_BYTES else max(1, _INLINE_BYTES // row_bytes)
    return Parts(table, inline, max(1, _CHUNK_BYTES // row_bytes))


class ChunkStore:
    """Keeps the newest results within a budget of memory."""

    def __init__(self, budget: int = _BUDGET) -> None:
        self._budget = budget
        self._held = 0
        self._parts: OrderedDict[str, Parts] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, parts: Parts, base_url: str) -> list[Answer]:
        """The chunks as the answer lists them."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._parts[token] = parts
            self._held += parts.table.nbytes
            while self._held > self._budget and len(self._parts) > 1:
                _, oldest = self._parts.popitem(last=False)
                self._held -= oldest.table.nbytes
        return [_entry(parts.chunk(index), f"{base_url}/chunks/{token}/{index}") for index in range(parts.count)]

    def find(self, token: str, index: int) -> ChunkResponse | None:
        with self._lock:
            parts = self._parts.get(token)
        return ChunkResponse(parts, index) if parts and 0 <= index < parts.count else None


def _entry(chunk: pa.Table, url: str) -> Answer:
    return {"url": url, "rowCount": chunk.num_rows, "uncompressedSize": chunk.nbytes, "compressedSize": chunk.nbytes}
