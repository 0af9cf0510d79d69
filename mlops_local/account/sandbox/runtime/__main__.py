"""The process that workers are forked from, or with ``--once`` the one worker itself.

    python -m mlops_local.account.sandbox.runtime CONTROL_FD [--once] [MODULE ...]

It imports the modules, stays single threaded, and obeys on its control socket: ``S`` with two descriptors (job socket, log)
forks a worker and answers its process id; ``R`` with a process id waits for that worker's end and answers its exit status.
Workers stay zombies until then, so their ids cannot be given to a stranger whom the account would kill.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress

from mlops_local.account.sandbox.runtime.guard import library_folders
from mlops_local.account.sandbox.runtime.job import serve

_COMMAND = struct.Struct("!cI")
_ANSWER = struct.Struct("!i")


def main(arguments: Sequence[str]) -> int:
    control = socket.socket(fileno=int(arguments[0]))
    once = "--once" in arguments
    for module in arguments[1 + once :]:
        # A head start only: a handler that needs a module which is not there gets the error itself.
        with suppress(ImportError):
            importlib.import_module(module)
    _forget_checkout()
    gc.freeze()
    return _serve_once(control) if once else _serve_forks(control)


def _forget_checkout() -> None:
    """Handlers see the environment's packages, not the checkout that this file lies in, as a path or editable install."""
    folders = library_folders()
    sys.path[:] = [path for path in sys.path if f"{path}/".startswith(folders) or path.endswith(".zip")]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "__module__", "").startswith("__editable__")]


def _serve_forks(control: socket.socket) -> int:
    children: set[int] = set()
    while True:
        command, number, descriptors = _command(control)
        if command == b"S":
            pid = _fork(control, descriptors)
            children.add(pid)
            control.sendall(_ANSWER.pack(pid))
        elif command == b"R":
            children.discard(number)
            control.sendall(_ANSWER.pack(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])))
        else:
            for pid in children:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            return 0


def _serve_once(control: socket.socket) -> int:
    command, _, descriptors = _command(control)
    if command == b"S":
        control.sendall(_ANSWER.pack(os.getpid()))
        _work(control, descriptors)
    return 0


def _command(control: socket.socket) -> tuple[bytes, int, list[int]]:
    data, descriptors, _, _ = socket.recv_fds(control, _COMMAND.size, 2)
    if len(data) < _COMMAND.size:
        return b"", 0, descriptors
    command, number = _COMMAND.unpack(data)
    return command, number, descriptors


def _fork(control: socket.socket, descriptors: list[int]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            _work(control, descriptors)
            code = 0
        finally:
            # Past the parent's exit handlers, which are not this process's business.
            os._exit(code)
    # Both sides say it, whoever comes first: the account may kill the group at once.
    with suppress(OSError):
        os.setpgid(pid, pid)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _work(control: socket.socket, descriptors: list[int]) -> None:
    job, log = descriptors
    control.close()
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)
    serve(socket.socket(fileno=job))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
