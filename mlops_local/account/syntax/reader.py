"""Reads the statements that the account parses itself, token by token."""

from __future__ import annotations

from collections.abc import Callable

from mlops_local.account.errors import AccountError, syntax_error, unexpected
from mlops_local.account.syntax.lexer import Token, tokenize
from mlops_local.account.syntax.names import fold

_END = Token("mark", "", 0, 0)


class Reader:
    """A place in a statement. ``accept`` moves on when the words are there; ``expect`` refuses when they are not."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokenize(text)
        while self._tokens and self._tokens[-1].text == ";":
            self._tokens.pop()
        self._at = 0
        self.copies_grants = False

    @property
    def token(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self, ahead: int = 1) -> Token:
        return self._tokens[self._at + ahead] if self._at + ahead < len(self._tokens) else _END

    @property
    def place(self) -> int:
        """Where the reader stands, for :meth:`back_to`."""
        return self._at

    def back_to(self, place: int) -> None:
        self._at = place

    def next(self) -> Token:
        token = self.token
        self._at += 1
        return token

    def refuse(self) -> AccountError:
        """The syntax error for the token that stands here."""
        token = self.token
        before = self.text[: token.start]
        line = before.count("\n") + 1
        return unexpected(token.text or "<EOF>", line=line, position=token.start - (before.rfind("\n") + 1))

    def accept(self, *words: str) -> bool:
        """Moves past the words (keywords or marks, one token each) when all of them come next."""
        for i, word in enumerate(words):
            if self.peek(i).upper != word:
                return False
        self._at += len(words)
        return True

    def accept_any(self, *words: str) -> str | None:
        """Moves past the one of these words that comes next, and returns it."""
        word = self.token.upper
        if word and word in words:
            self._at += 1
            return word
        return None

    def accept_copy_grants(self) -> bool:
        """``COPY GRANTS`` of a CREATE OR REPLACE: who dispatches the statement sees to it."""
        found = self.accept("COPY", "GRANTS")
        self.copies_grants = self.copies_grants or found
        return found

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.refuse()

    def end(self) -> None:
        """Refuses whatever is left: no clause is ever ignored."""
        if not self.at_end:
            raise self.refuse()

    def identifier(self) -> str:
        """One name part, folded as Snowflake stores it; ``IDENTIFIER('..')`` is read by :meth:`path`."""
        token = self.token
        if token.kind not in {"word", "quoted"}:
            raise self.refuse()
        self._at += 1
        return fold(token.value, quoted=token.kind == "quoted")

    def path(self) -> tuple[str, ...]:
        """A dotted name of one to three parts: ``A``, ``"s".A``, ``IDENTIFIER('D.S.A')``; ``D..A`` has an empty part."""
        if self.token.upper == "IDENTIFIER" and self.peek().text == "(":
            self._at += 2
            inner = Reader(self.string())
            parts = inner.path()
            inner.end()
            self.expect(")")
            return parts
        if self.token.kind == "string":
            inner = Reader(self.string())
            parts = inner.path()
            inner.end()
            return parts
        parts_: list[str] = [self.identifier()]
        while self.accept("."):
            parts_.append("" if self.token.text == "." else self.identifier())
        return tuple(parts_)

    def string(self) -> str:
        """The value of a string constant, ``'..'`` or ``$$..$$``."""
        token = self.token
        if token.kind not in {"string", "dollars"}:
            raise self.refuse()
        self._at += 1
        return token.value

    def integer(self) -> int:
        sign = -1 if self.accept("-") else 1
        token = self.token
        if token.kind != "number" or not token.text.isdigit():
            raise self.refuse()
        self._at += 1
        return sign * int(token.text)

    def boolean(self) -> bool:
        word = self.accept_any("TRUE", "FALSE")
        if word is None:
            raise self.refuse()
        return word == "TRUE"

    def rest(self) -> str:
        """The text from here to the end, verbatim."""
        if self.at_end:
            return ""
        start, end = self.token.start, self._tokens[-1].end
        self._at = len(self._tokens)
        return self.text[start:end]

    def parenthesised(self) -> str:
        """The text between the parenthesis here and its match, verbatim."""
        self.expect("(")
        start, depth = self.token.start, 1
        while not self.at_end:
            token = self.next()
            if token.kind == "mark" and token.text in {"(", "["}:
                depth += 1
            elif token.kind == "mark" and token.text in {")", "]"}:
                depth -= 1
                if depth == 0:
                    return self.text[start : token.start]
        raise syntax_error("a parenthesis is not closed.")

    def list(self, item: Callable[[], str]) -> list[str]:
        """``( item, item, .. )``."""
        self.expect("(")
        items = [item()]
        while self.accept(","):
            items.append(item())
        self.expect(")")
        return items

    def until(self, *words: str) -> str:
        """The text up to the first of these words outside parentheses, verbatim; the reader stops before it."""
        start, end, depth = self.token.start, self.token.start, 0
        while not self.at_end:
            token = self.token
            if depth == 0 and token.upper and token.upper in words:
                break
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text if token.kind == "mark" else "", 0)
            if depth < 0:
                break
            end = token.end
            self._at += 1
        return self.text[start:end]


def parse_name(text: str) -> tuple[str, ...]:
    """The parts of an object name that a function was given as text."""
    reader = Reader(text)
    try:
        path = reader.path()
        reader.end()
    except AccountError as error:
        raise syntax_error(f"'{text}' is not the name of an object.") from error
    return path
