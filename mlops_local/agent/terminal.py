"""Asking the person at the terminal."""

from __future__ import annotations

import selectors
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Protocol

from mlops_local.agent.approvals import Answer, Asker, Silence

_WORDS = {"y": Answer.YES, "yes": Answer.YES, "n": Answer.NO, "no": Answer.NO}
# How soon a cancelled run stops to wait for a line.
_TICK = 0.25


class Screen(Protocol):
    """What is drawn on the terminal, and can be held while a person reads a question."""

    def held(self) -> AbstractContextManager[None]: ...


class Terminal:
    """One question at a time, however many stages ask."""

    def __init__(self, screen: Screen, source: IO[str], target: IO[str]) -> None:
        self._screen = screen
        self._source = source
        self._target = target
        self._turn = threading.Lock()

    def ask(self, question: str, until: float | None, canceled: Callable[[], bool]) -> Answer:
        with self._turn, self._screen.held():
            self._target.write(f"\n{question}\n")
            while True:
                self._target.write("yes or no? ")
                self._target.flush()
                line = self._line(until, canceled)
                if isinstance(line, Answer):
                    self._target.write("\n")
                    return line
                if line.strip().lower() in _WORDS:
                    return _WORDS[line.strip().lower()]

    def _line(self, until: float | None, canceled: Callable[[], bool]) -> str | Answer:
        with selectors.DefaultSelector() as selector:
            selector.register(self._source, selectors.EVENT_READ)
            while not selector.select(_TICK):
                if canceled():
                    return Answer.CANCELED
                if until is not None and time.monotonic() > until:
                    return Answer.LATE
        return self._source.readline() or Answer.NOBODY


def terminal_of(screen: Screen) -> Asker:
    return Terminal(screen, sys.stdin, sys.stdout) if sys.stdin.isatty() and sys.stdout.isatty() else Silence()
