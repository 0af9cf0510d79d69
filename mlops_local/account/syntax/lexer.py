"""Snowflake SQL text as tokens with their places, for the statements that sqlglot does not know.

Clients send comments in the middle of statements, odd blanks and unquoted locations (``snow://..``, ``@stage/path``);
tokens cope with them where patterns over the text do not.
https://docs.snowflake.com/en/sql-reference/data-types-text#string-constants
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops_local.account.errors import syntax_error

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<dollars>\$\$.*?\$\$)
  | (?P<string>'(?:[^'\\]|''|\\.)*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<location>(?:snow|file|s3|gcs|azure)://[^\s;(),]*|@(?:"(?:[^"]|"")*"|[^\s;(),"'])*)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<variable>\$[A-Za-z_][A-Za-z0-9_]*|\$\d+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<comment>//[^\n]*)
  | (?P<mark>::|:=|=>|->>|->|<=|>=|<>|!=|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"''|\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)


@dataclass(frozen=True)
class Token:
    """``kind`` is word, quoted, string, dollars, number, variable, location or mark; ``start``/``end`` its place."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The keyword that a bare word may be; quoted names are never keywords."""
        return self.text.upper() if self.kind == "word" else self.text if self.kind == "mark" else ""

    @property
    def value(self) -> str:
        """The content of a string, a quoted name or ``$$..$$``; the text of all else."""
        if self.kind == "string":
            return _ESCAPE.sub(_unescape, self.text[1:-1])
        if self.kind == "dollars":
            return self.text[2:-2]
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"')
        return self.text


def _unescape(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped is None:
        return "'"
    if len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return _ESCAPES.get(escaped, escaped)


def tokenize(text: str) -> list[Token]:
    """All tokens but blanks and comments; refused when a string or a name is not closed."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise syntax_error(f"unexpected character at position {position}.")
        kind, position = match.lastgroup, match.end()
        if kind in {"space", "comment"}:
            continue
        if kind == "mark" and match[0] in {"'", '"'}:
            raise syntax_error(f"parse error at position {match.start()}: the text that starts there is not closed.")
        tokens.append(Token(kind, match[0], match.start(), match.end()))
    return tokens


def split_statements(text: str) -> list[str]:
    """The statements of a text. A ``BEGIN .. END`` or ``DECLARE`` block counts as one."""
    statements: list[str] = []
    current: list[Token] = []
    for token in [*tokenize(text), Token("mark", ";", len(text), len(text))]:
        if token.text == ";" and token.kind == "mark" and not _in_block(current):
            if current:
                statements.append(text[current[0].start : current[-1].end])
            current = []
        else:
            current.append(token)
    if current:
        statements.append(text[current[0].start : current[-1].end])
    return statements


# A block is a statement, or the body of what is created: AS of a procedure or task, THEN and ACTION of an alert.
_BEFORE_BLOCK = {"AS", "THEN", "ACTION"}
_TRANSACTION_WORDS = {"", "TRANSACTION", "WORK", "NAME", ";"}


def _in_block(tokens: list[Token]) -> bool:
    """Whether a scripting block that has begun in these tokens is still open."""
    words = [token.upper for token in tokens]
    start = next(
        (i for i, word in enumerate(words) if word in {"BEGIN", "DECLARE"} and (i == 0 or words[i - 1] in _BEFORE_BLOCK)), None
    )
    if start is None:
        return False
    opens = 0
    for i in range(start, len(words)):
        word, after = words[i], words[i + 1] if i + 1 < len(words) else ""
        if word == "BEGIN" and after not in _TRANSACTION_WORDS:
            opens += 1
        elif word in {"CASE", "IF", "FOR", "WHILE", "LOOP", "REPEAT"} and words[i - 1] != "END" and opens:
            opens += 1 if word != "IF" or after not in {"EXISTS", "NOT"} else 0
        elif word == "END" and opens:
            opens -= 1
    return opens > 0 or ("BEGIN" not in words[start:])


_IN_QUOTES = re.compile(r'"(?:[^"]|"")*"')


def fold_quoted(text: str) -> str:
    """The names in double quotes in upper case, as QUOTED_IDENTIFIERS_IGNORE_CASE wants them; keys of a path into a value stay.

    https://docs.snowflake.com/en/sql-reference/identifiers-syntax
    """
    tokens = tokenize(text)
    parts: list[str] = []
    done, in_path = 0, False
    for i, token in enumerate(tokens):
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if token.kind == "location" or (token.kind == "quoted" and not in_path):
            parts += [text[done : token.start], _IN_QUOTES.sub(lambda match: match[0].upper(), token.text)]
            done = token.end
        in_path = token.text == ":" or (in_path and (token.text in {".", "["} or following in {".", "[", "]"}))
    return "".join([*parts, text[done:]])
