"""Stage files over HTTP: the address alone gives access, as a presigned URL does.

https://docs.snowflake.com/en/user-guide/data-load-local-file-system
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from mlops_local.account.errors import AccountError
from mlops_local.account.files.transfers import Transfer, Transfers

_DIGEST = "x-goog-meta-sfc-digest"


async def serve_file(transfers: Transfers, token: str, request: Request) -> Response:
    transfer = transfers.resolve(token)
    writing = request.method == "PUT"
    if transfer is None or (transfer.mode == "PUT") is not writing:
        return _refusal(404, "This address does not exist or has ended; run the PUT or GET statement again.")
    return await (_receive(transfer, request) if writing else _send(transfer))


async def _send(transfer: Transfer) -> Response:
    if not transfer.path.is_file():
        return _refusal(404, "The file is no longer there.")
    digest = await run_in_threadpool(transfer.digest)
    return FileResponse(transfer.path, headers={_DIGEST: digest}, media_type="application/octet-stream")


async def _receive(transfer: Transfer, request: Request) -> Response:
    body = await run_in_threadpool(transfer.incoming)
    try:
        digest = await _write(body, request)
        if request.headers.get(_DIGEST, digest) != digest:
            return _refusal(422, "The body is not what its digest says; send it again.")
        await run_in_threadpool(transfer.receive, body)
    except AccountError as error:
        return _refusal(412, error.message)
    finally:
        body.unlink(missing_ok=True)
    return Response(status_code=200, headers={_DIGEST: digest})


async def _write(file: Path, request: Request) -> str:
    """Puts the body into the file as it arrives; its SHA-256 in base64."""
    digest = hashlib.sha256()
    with file.open("xb") as target:
        async for part in request.stream():
            digest.update(part)
            target.write(part)
    return base64.b64encode(digest.digest()).decode()


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"success": False, "message": message}, status_code=status)
