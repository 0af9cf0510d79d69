"""Errors of handlers in the words of Snowflake: a traceback without the frames that stand around the handler."""

from __future__ import annotations

import traceback

_OURS = __file__.rpartition("/")[0] + "/"


def describe(error: BaseException, *, name: str, handler: str) -> str:
    """``Python Interpreter Error:``, the traceback, and the function it happened in."""
    described = traceback.TracebackException.from_exception(error)
    _leave_out_scaffold(described)
    text = "".join(described.format()).rstrip()
    return f"Python Interpreter Error:\n{text}\n in function {name} with handler {handler}"


def _leave_out_scaffold(described: traceback.TracebackException) -> None:
    kept = [frame for frame in described.stack if not frame.filename.startswith((_OURS, "<frozen "))]
    described.stack = traceback.StackSummary.from_list(kept)
    for earlier in (described.__cause__, described.__context__):
        if earlier is not None:
            _leave_out_scaffold(earlier)
