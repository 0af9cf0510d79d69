"""Child processes of a step: output line by line as it comes, and an end in every case."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mlops_local.agent.masking import Masker

# https://github.com/microsoft/azure-pipelines-agent: an interrupt, then a request to end, then the end.
_INTERRUPT_SECONDS = 7.5
_TERMINATE_SECONDS = 2.5
_TICK = 0.1
# What children of a finished script may still have in the pipe.
_DRAIN_SECONDS = 0.3
# A "line" without an end is handed on at this number of bytes, all but its tail, which may be half of a secret.
_LONGEST_LINE = 1 << 20

# Variable by which the processes of a job are known.
MARK = "VSTS_PROCESS_LOOKUP_ID"


class Stopped(Exception):  # noqa: N818 - an outcome, not an error
    """The process was ended because its step was cancelled or ran out of time."""


@dataclass
class _Stream:
    """Lines as they come. A line is handed on in one piece, because a mask must see a secret as a whole."""

    pipe: IO[bytes]
    on_line: Callable[[str], None]
    masker: Masker
    rest: bytearray = field(default_factory=bytearray)

    def read(self) -> bool:
        """False at the end of the stream."""
        chunk = os.read(self.pipe.fileno(), 1 << 16)
        self.rest += chunk
        *lines, tail = self.rest.split(b"\n")
        self.rest = bytearray(tail)
        for line in lines:
            self.on_line(_text(bytes(line)))
        if len(self.rest) > _LONGEST_LINE:
            self._hand_on_half()
        return bool(chunk)

    def _hand_on_half(self) -> None:
        """Characters of several bytes may be cut, and are put together again by keeping bytes that are none yet."""
        text = self.rest.decode("utf-8", errors="surrogateescape")
        place = self.masker.cut(text, len(text) - _LONGEST_LINE // 2)
        if place > 0:
            self.on_line(text[:place].encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace"))
            self.rest = bytearray(text[place:].encode("utf-8", errors="surrogateescape"))

    def close(self) -> None:
        if self.rest:
            self.on_line(self.masker.mask_end(_text(bytes(self.rest))))
        self.pipe.close()


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def run_process(
    arguments: Sequence[str],
    *,
    environment: dict[str, str],
    folder: Path,
    on_line: Callable[[str], None],
    on_error_line: Callable[[str], None] | None = None,
    should_stop: Callable[[], bool],
    at_once: Callable[[], bool],
    groups: list[int],
    masker: Masker,
) -> int:
    """The exit code. A process that should stop is asked to before it is made to, unless it must end at once.

    `groups` collects the process groups, so that a job can end what its steps left behind.
    """
    process = subprocess.Popen(
        list(arguments),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if on_error_line else subprocess.STDOUT,
        start_new_session=True,
    )
    groups.append(process.pid)
    streams = [
        _Stream(pipe, handler, masker)
        for pipe, handler in ((process.stdout, on_line), (process.stderr, on_error_line))
        if pipe and handler
    ]
    try:
        _pump(process, streams, should_stop)
        return process.wait()
    except BaseException:
        _stop(process, at_once)
        raise
    finally:
        for stream in streams:
            stream.close()


def _pump(process: subprocess.Popen[bytes], streams: list[_Stream], should_stop: Callable[[], bool]) -> None:
    ended: float | None = None
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream.pipe, selectors.EVENT_READ, stream)
        while selector.get_map():
            ready = selector.select(_TICK)
            for key, _ in ready:
                if not key.data.read():
                    selector.unregister(key.fileobj)
            if should_stop():
                raise Stopped
            if process.poll() is not None and not ready:
                ended = ended or time.monotonic()
                if time.monotonic() - ended > _DRAIN_SECONDS:
                    return
    while process.poll() is None:
        if should_stop():
            raise Stopped
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TICK)


def _stop(process: subprocess.Popen[bytes], at_once: Callable[[], bool]) -> None:
    for number, seconds in ((signal.SIGINT, _INTERRUPT_SECONDS), (signal.SIGTERM, _TERMINATE_SECONDS)):
        if process.poll() is not None or at_once():
            break
        signal_group(process.pid, number)
        _wait(process, seconds, at_once)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float, at_once: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not at_once():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TICK)
            return


def signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_marked(mark: str) -> None:
    """End processes with this in their environment, also those that have left their group; where the system shows environments.

    https://github.com/microsoft/azure-pipelines-agent does so by the same variable.
    """
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
