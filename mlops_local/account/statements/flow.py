"""Statements chained by the flow operator: ``SHOW TABLES ->> SELECT "name" FROM $1``.

``FROM $n`` is the answer of the n-th statement before, as ``RESULT_SCAN`` of its query id gives it.
https://docs.snowflake.com/en/sql-reference/operators-flow
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mlops_local.account.errors import syntax_error
from mlops_local.account.session.session import Request, Session
from mlops_local.account.syntax.lexer import Token, tokenize

_OPERATOR = "->>"
_BEFORE_A_SOURCE = {"FROM", "JOIN"}


def split_chain(text: str) -> list[str]:
    """The statements between flow operators; one when there is none."""
    if _OPERATOR not in text:
        return [text]
    tokens = tokenize(text)
    ends = [i for i, token in enumerate(tokens) if token.kind == "mark" and token.text == _OPERATOR]
    starts = [0, *(end + 1 for end in ends)]
    return [_between(text, tokens[start:end]) for start, end in zip(starts, [*ends, len(tokens)], strict=True)]


def _between(text: str, tokens: Sequence[Token]) -> str:
    if not tokens:
        raise syntax_error(f"a statement is missing beside '{_OPERATOR}'.")
    return text[tokens[0].start : tokens[-1].end]


def run_chain(session: Session, chain: Sequence[str], *, describe_only: bool) -> str:
    """Runs all statements but the last, which it returns with the answers that it reads filled in."""
    ids: list[str] = []
    for text in chain[:-1]:
        request = Request(_with_answers(text, ids), describe_only=describe_only)
        result = session.execute(request)
        if describe_only:
            session.account.results.put(request.query_id, result, session.user)
        ids.append(request.query_id)
    return _with_answers(chain[-1], ids)


def _with_answers(text: str, ids: Sequence[str]) -> str:
    """``$n`` where a source of rows stands, as a scan of the n-th answer counted from the end."""
    tokens = tokenize(text)
    for before, token in reversed(list(pairwise(tokens))):
        if before.upper in _BEFORE_A_SOURCE and token.kind == "variable" and token.text[1:].isdigit():
            text = f"{text[: token.start]}TABLE(RESULT_SCAN('{_answer(int(token.text[1:]), ids)}')){text[token.end :]}"
    return text


def _answer(number: int, ids: Sequence[str]) -> str:
    if not 0 < number <= len(ids):
        raise syntax_error(f"${number} names no statement of the chain before this one.")
    return ids[-number]
