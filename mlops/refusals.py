"""From what a client raises to one sentence."""

from __future__ import annotations

import re

# Python inside Snowflake: the last exception of the traceback has the sentence, behind the exception's type.
_RAISED = re.compile(r"^\s*[A-Za-z_][\w.]*(?:Error|Exception): ", re.MULTILINE)
_HANDLER = re.compile(r"^\s*in function \S+ with handler", re.MULTILINE)
# What the clients put around the server's words, once for each layer: codes, the id of the query, the kind of the error.
_NOISE = re.compile(
    r"\(\d{4}\):?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:|\d{6} \(\w{5}\):"
    r"|SQL (?:compilation|execution) error:|^\w*Error\(|^['\"]"
)


def explain(error: Exception) -> str:
    text = _HANDLER.split(_RAISED.split(str(error))[-1])[0]
    lines = [" ".join(_NOISE.sub(" ", line).split()) for line in text.splitlines()]
    return " ".join([line for line in lines if line][:3]).rstrip(".") + "."
