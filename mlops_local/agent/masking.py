"""Secrets become `***` in everything that is written: the value, its trimmed, escaped, quoted and base64 forms."""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from functools import lru_cache
from html import escape
from urllib.parse import quote

MASK = "***"
# A line of a multi-line secret that is shorter than this says nothing and would blot out ordinary text.
_SHORTEST_LINE = 4
# So many characters of a secret may be chance.
_SHORTEST_PART = 4


class Masker:
    """One per run and shared by its jobs, because all of them write into the same folder and terminal."""

    def __init__(self) -> None:
        self._ordered: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def add(self, secret: str) -> None:
        with self._lock:
            # Longest first, so that a secret that contains another one is masked as a whole.
            self._ordered = tuple(sorted({*self._ordered, *forms_of(secret)}, key=len, reverse=True))

    def mask(self, text: str) -> str:
        return _pattern(self._ordered).sub(MASK, text) if self._holds(text) else text

    def _holds(self, text: str) -> bool:
        # Hundreds of forms make a slow pattern; asking for each of them is many times quicker, and most lines hold none.
        return any(form in text for form in self._ordered)

    def cut(self, text: str, near: int) -> int:
        """The place before `near` at which the text can be cut in two without cutting a secret."""
        place = near
        while (start := self._start_of_cut(text, place)) is not None:
            place = start
        return place

    def _start_of_cut(self, text: str, place: int) -> int | None:
        for form in self._ordered:
            start = text.find(form, max(place - len(form) + 1, 0), place + len(form) - 1)
            if -1 < start < place:
                return start
        return None

    def mask_end(self, text: str) -> str:
        """For a text that ends before its line does: the beginning of a secret at the very end becomes `***`, too."""
        for form in self._ordered:
            for length in range(min(len(form) - 1, len(text)), _SHORTEST_PART - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MASK
        return text

    def finds(self, content: bytes) -> bool:
        """Whether a file holds a secret; for what is copied and not rewritten."""
        return self._holds(content.decode("utf-8", errors="replace"))


@lru_cache(maxsize=8)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, forms)))


def forms_of(secret: str) -> set[str]:
    """Every text under which a secret may come back."""
    if not secret.strip():
        return set()
    lines = [line for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE]
    bare = {secret, secret.strip(), secret.strip().strip("'\""), *(lines if "\n" in secret or "\r" in secret else [])}
    bare |= {line.strip() for line in lines}
    forms: set[str] = set()
    for text in bare:
        forms |= _written(text)
        forms |= _encoded(text)
    return {form for form in forms if form.strip()}


def _written(text: str) -> set[str]:
    """As commands, JSON, Python, XML, URLs and shells write it."""
    escaped = text.replace("\r", "%0D").replace("\n", "%0A")
    return {
        text,
        escaped,
        escaped.replace(";", "%3B").replace("]", "%5D"),
        text.replace("%", "%AZP25"),
        text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A").replace(";", "%3B").replace("]", "%5D"),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        escape(text),
        escape(text, quote=False),
        quote(text),
        quote(text, safe=""),
        shlex.quote(text)[1:-1] if shlex.quote(text) != text else text,
        text.replace("'", "'\\''"),
    }


def _encoded(text: str) -> set[str]:
    """Base64 of the text alone, with a line end after it, and inside of something longer at each of the three offsets."""
    raw = text.encode()
    forms: set[str] = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms |= {encode(raw).decode(), encode(raw + b"\n").decode(), encode(raw).decode().rstrip("=")}
        forms |= {
            inner for shift in range(3) if len(inner := _inside(encode(b"\0" * shift + raw).decode(), shift, len(raw))) >= 8
        }
    return forms


def _inside(encoded: str, shift: int, length: int) -> str:
    """The characters that depend on the secret alone: none that shares bits with what stands before or after it."""
    first = -(-shift * 8 // 6)
    last = (shift + length) * 8 // 6
    return encoded[first:last]
