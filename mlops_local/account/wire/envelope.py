"""The JSON around every answer. A refusal is HTTP 200 too: clients retry other codes, for minutes or for ever."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from mlops_local.account.errors import AccountError

Answer = dict[str, Any]
_log = logging.getLogger(__name__)

IN_PROGRESS = "333333"
IN_PROGRESS_ASYNC = "333334"


def success(data: Any = None, *, code: str | None = None, message: str | None = None) -> Answer:
    return {"data": data, "code": code, "message": message, "success": True}


def failure(error: AccountError, *, query_id: str | None = None) -> Answer:
    """Clients raise the code as errno and take the SQLSTATE from the data."""
    data: Answer = {"internalError": False, "errorCode": error.code, "sqlState": error.state, "queryId": query_id}
    return {"data": data, "code": error.code, "message": error.message, "success": False}


def internal_error(error: Exception) -> AccountError:
    """What a client is told about a defect of the account; the trace goes to the log under the incident's number."""
    incident = uuid.uuid4()
    _log.exception("Incident %s", incident, exc_info=error)
    first_line = str(error).split("\n", 1)[0][:300]
    return AccountError(604, "XX000", f"SQL execution internal error: {type(error).__name__}: {first_line}. Incident {incident}.")


def encode(answer: Answer) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()
