"""Messages between the account and a worker, over a Unix socket: a JSON header, then Arrow data (may be empty).

``u32 header length, header, u64 data length, Arrow IPC stream of one batch``. Not over stdout: handlers print.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

import pyarrow as pa

Header = dict[str, Any]

_HEADER_LENGTH = struct.Struct("!I")
_DATA_LENGTH = struct.Struct("!Q")
_MAX_HEADER = 256 * 2**20


class ConnectionLostError(Exception):
    """The other side closed the socket, in the middle of a message or between two."""


class MessageTooLongError(Exception):
    """A message longer than the receiver accepts."""


def send(sock: socket.socket, header: Header, batch: pa.RecordBatch | None = None, *, deadline: float | None = None) -> None:
    text = json.dumps(header).encode()
    data = _encode(batch)
    length = 0 if data is None else data.size
    try:
        _arm(sock, deadline)
        sock.sendall(_HEADER_LENGTH.pack(len(text)) + text + _DATA_LENGTH.pack(length))
        if data is not None:
            _arm(sock, deadline)
            sock.sendall(data)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise ConnectionLostError(str(error)) from error


def receive(
    sock: socket.socket, *, deadline: float | None = None, max_bytes: int | None = None
) -> tuple[Header, pa.RecordBatch | None]:
    (length,) = _HEADER_LENGTH.unpack(_read(sock, _HEADER_LENGTH.size, deadline))
    if length > _MAX_HEADER:
        raise MessageTooLongError(f"a header of {length} bytes")
    header: Header = json.loads(bytes(_read(sock, length, deadline)))
    (size,) = _DATA_LENGTH.unpack(_read(sock, _DATA_LENGTH.size, deadline))
    if max_bytes is not None and size > max_bytes:
        raise MessageTooLongError(f"{size} bytes of data, {max_bytes} are allowed")
    return header, _decode(_read(sock, size, deadline)) if size else None


def _encode(batch: pa.RecordBatch | None) -> pa.Buffer | None:
    if batch is None:
        return None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _decode(data: bytearray) -> pa.RecordBatch:
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        batch = reader.read_next_batch()
    batch.validate(full=True)
    return batch


def _read(sock: socket.socket, size: int, deadline: float | None) -> bytearray:
    data = bytearray(size)
    view, start = memoryview(data), 0
    while start < size:
        _arm(sock, deadline)
        try:
            count = sock.recv_into(view[start:])
        except ConnectionResetError as error:
            raise ConnectionLostError(str(error)) from error
        if not count:
            raise ConnectionLostError(f"{start} of {size} bytes were read")
        start += count
    return data


def _arm(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        sock.settimeout(None)
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    sock.settimeout(remaining)
