"""Chromium without a window, spoken to by two pipes: no port, no driver, nothing to install beside the browser itself.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_MISSING = (
    "This test looks at the report in Chromium, and there is none: install it (Debian: sudo apt-get install chromium), or leave "
    "such tests out by `make test WITHOUT=browser`."
)
# What the page itself may ask for is nothing; the rest keeps the browser from looking for updates and accounts.
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
)
# The browser reads from 3 and writes to 4.
_START = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"


@dataclass
class Browser:
    """One tab. `events` are all that the browser has told so far."""

    requests: IO[bytes]
    answers: Iterator[dict[str, Any]]
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        request = {"id": number, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        self.requests.write(json.dumps(request).encode() + b"\0")
        self.requests.flush()
        for answer in self.answers:
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)
        raise AssertionError(f"The browser ended before it answered {method}.")

    def attach(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def open(self, file: Path) -> None:
        self.call("Page.navigate", url=file.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(next(self.answers))

    def look(self, expression: str) -> Any:
        """The value of an expression of JavaScript: the page has none of its own, the one who looks at it has."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def resize(self, width: int, height: int = 800) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str, media: str = "screen") -> None:
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key: str, text: str = "") -> None:
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        pressed = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def told(self, *methods: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") in methods]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail(_MISSING, pytrace=False)
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    pipes = (to_read, from_write)
    command = [sys.executable, "-c", _START, *map(str, pipes), program, *_OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(command, pass_fds=pipes, stderr=subprocess.DEVNULL)
    os.close(to_read)
    os.close(from_write)
    with os.fdopen(to_write, "wb") as requests, os.fdopen(from_read, "rb") as answers:
        found = Browser(requests, _messages(answers))
        try:
            found.attach()
            yield found
        finally:
            process.terminate()
            process.wait(30)


def _messages(pipe: IO[bytes]) -> Iterator[dict[str, Any]]:
    rest = b""
    while chunk := os.read(pipe.fileno(), 1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(json.loads, whole)
