"""The body of a request: read within a limit, unpacked within a limit, and JSON whose texts can be stored."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mlops_local.account.errors import AccountError

_LARGEST_BODY = 1 << 30
_SMALL_BODY = 1 << 16
# Half of a character: JSON can say it, a database cannot keep it.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def bad_request(reason: str) -> AccountError:
    return AccountError(390400, "08001", f"Bad request: {reason}.")


async def read_json(request: Request) -> dict[str, Any]:
    """The object that a request of a driver is; none at all counts as an empty one."""
    parsed = await read_value(request)
    if not isinstance(parsed or {}, dict):
        raise bad_request("the body is not a JSON object")
    return parsed or {}


async def read_value(request: Request) -> Any:
    """Any JSON value; None when there is no body."""
    body = await read_body(request)
    compressed = request.headers.get("content-encoding") == "gzip"
    return _parse(body, compressed) if len(body) < _SMALL_BODY else await run_in_threadpool(_parse, body, compressed)


async def read_body(request: Request) -> bytes:
    """Raises starlette's ClientDisconnect when the connection ends before the body does."""
    if int(request.headers.get("content-length") or 0) > _LARGEST_BODY:
        raise bad_request("the body is larger than 1 GiB")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > _LARGEST_BODY:
            raise bad_request("the body is larger than 1 GiB")
    return b"".join(parts)


def _parse(body: bytes, compressed: bool) -> Any:
    try:
        text = _unpack(body) if compressed else body
        parsed = json.loads(text or b"null")
        if _SURROGATE.search(text):
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, zlib.error) as error:
        raise bad_request(str(error)) from None
    except RecursionError:
        raise bad_request("the body is nested too deeply") from None
    return parsed


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    whole = unpacker.decompress(body, _LARGEST_BODY)
    if unpacker.unconsumed_tail:
        raise ValueError("the body is larger than 1 GiB")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("the packed body is not whole")
    return whole
