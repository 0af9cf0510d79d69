"""Unquoted locations (``@stage/path``, ``snow://..``) put in a form that the parser of queries reads.

https://docs.snowflake.com/en/user-guide/querying-stage
"""

from __future__ import annotations

import json

from mlops_local.account.errors import syntax_error
from mlops_local.account.syntax.lexer import Token, tokenize
from mlops_local.account.syntax.names import literal
from mlops_local.account.syntax.reader import Reader

LOCATION = "SYSTEM$LOCATION"
_BEFORE_SOURCE = {"FROM", "JOIN", ","}


def spell_locations(text: str) -> str:
    """``FROM @s/p (FILE_FORMAT => 'f')`` becomes a table function of two texts; anywhere else a location becomes a text."""
    if "@" not in text and "://" not in text:
        return text
    tokens = tokenize(text)
    parts, position, skip = [], 0, 0
    for i, token in enumerate(tokens):
        if token.start < skip or not _is_location(token, tokens, i):
            continue
        new, end = _source(text, tokens, i) if _is_source(tokens, i) else (_string(token.value), token.end)
        parts += [text[position : token.start], new]
        position = skip = end
    return "".join([*parts, text[position:]])


def _is_location(token: Token, tokens: list[Token], i: int) -> bool:
    if token.kind == "location":
        return True
    previous = tokens[i - 1].upper if i else ""
    return token.kind == "string" and previous in {"FROM", "JOIN"} and token.value.startswith(("@", "snow://"))


def _is_source(tokens: list[Token], i: int) -> bool:
    """Whether a source of rows stands here: behind FROM or JOIN, or behind a comma of a FROM clause."""
    previous = tokens[i - 1].upper if i else ""
    if previous != ",":
        return previous in _BEFORE_SOURCE
    depth = 0
    for token in reversed(tokens[:i]):
        depth += {")": 1, "(": -1}.get(token.text if token.kind == "mark" else "", 0)
        if depth < 0:
            return False
        if depth == 0 and token.upper in {"FROM", "SELECT", "WHERE"}:
            return token.upper == "FROM"
    return False


def _source(text: str, tokens: list[Token], i: int) -> tuple[str, int]:
    options: dict[str, str] = {}
    end = tokens[i].end
    if i + 1 < len(tokens) and tokens[i + 1].text == "(":
        reader = Reader(text[tokens[i + 1].start :])
        inside = reader.parenthesised()
        options = _options(inside)
        end = _closing(tokens, i + 1)
    return f"TABLE({LOCATION}({_string(tokens[i].value)}, {_string(json.dumps(options))}))", end


def _closing(tokens: list[Token], opening: int) -> int:
    depth = 0
    for token in tokens[opening:]:
        depth += {"(": 1, ")": -1}.get(token.text if token.kind == "mark" else "", 0)
        if depth == 0:
            return token.end
    raise syntax_error("a parenthesis is not closed.")


def _options(text: str) -> dict[str, str]:
    """``FILE_FORMAT => 'f', PATTERN => '..'``; a name or a parenthesised list is kept as it is written."""
    reader, found = Reader(text), {}
    while not reader.at_end:
        name = reader.identifier()
        reader.expect("=>")
        if reader.token.kind in {"string", "dollars"}:
            found[name] = reader.string()
        else:
            found[name] = reader.until(",").strip()
        if not reader.accept(","):
            break
    reader.end()
    return found


def _string(text: str) -> str:
    return literal(text.replace("\\", "\\\\"))
