"""The messages between the account and its workers."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.sandbox.wire import ConnectionLostError, MessageTooLongError, receive, send

HEADERS = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.booleans()), max_size=3
)


@given(HEADERS, st.none() | st.lists(st.none() | st.text()))
def test_a_message_arrives_as_it_was_sent(header: dict[str, object], column: list[str | None] | None) -> None:
    batch = None if column is None else pa.RecordBatch.from_arrays([pa.array(column, pa.string())], names=["c"])
    here, there = socket.socketpair()
    with here, there:
        send(here, header, batch)
        assert receive(there) == (header, batch)


def test_a_message_larger_than_the_buffers_of_the_kernel() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(range(1_000_000))], names=["c"])
    here, there = socket.socketpair()
    with here, there:
        sender = threading.Thread(target=send, args=(here, {}, batch))
        sender.start()
        assert receive(there)[1] == batch
        sender.join()


@pytest.mark.parametrize("data", [b"", b"\0\0", struct.pack("!I", 5) + b"{}"])
def test_a_closed_socket_is_noticed(data: bytes) -> None:
    here, there = socket.socketpair()
    with there:
        here.sendall(data)
        here.close()
        with pytest.raises(ConnectionLostError):
            receive(there)


def test_a_long_message_is_refused_before_it_is_read() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall(struct.pack("!I", 2) + b"{}" + struct.pack("!Q", 2**60))
        with pytest.raises(MessageTooLongError):
            receive(there, max_bytes=1000)


def test_silence_ends_with_the_deadline() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(TimeoutError):
        receive(there, deadline=time.monotonic() + 0.05)
