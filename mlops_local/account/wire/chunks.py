"""The parts of large results, fetched by the client with plain GETs; the address is the secret."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

import pyarrow as pa

from mlops_local.account.wire.arrow import stream
from mlops_local.account.wire.envelope import Answer

_BUDGET = 1 << 30
_INLINE_BYTES = 1 << 20
_CHUNK_BYTES = 6 << 20


@dataclass(frozen=True)
class Parts:
    """A result cut by rows: what goes with the answer itself, and the chunks after it."""

    table: pa.Table
    inline: int
    rows_per_chunk: int

    @property
    def count(self) -> int:
        return -(-(int(self.table.num_rows) - self.inline) // self.rows_per_chunk)

    def chunk(self, index: int) -> pa.Table:
        return self.table.slice(self.inline + index * self.rows_per_chunk, self.rows_per_chunk)


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

    def read(self, token: str, index: int) -> bytes | None:
        with self._lock:
            parts = self._parts.get(token)
        return stream(parts.chunk(index)) if parts and 0 <= index < parts.count else None


def _entry(chunk: pa.Table, url: str) -> Answer:
    return {"url": url, "rowCount": chunk.num_rows, "uncompressedSize": chunk.nbytes, "compressedSize": chunk.nbytes}
