"""The files of one worker: its imports (read only), a place to work in, what it sees as ``/tmp``, and a log. Removed with the worker."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from mlops_local.account.sandbox.errors import SandboxError
from mlops_local.account.sandbox.spec import ImportFile

_SCRATCH = re.compile(r"sandbox-(\d+)-\w+")
_LOG_CUT = "\n.. output left out ..\n"


class WorkerFolder:
    def __init__(self, scratch: Path, imports: Sequence[ImportFile]) -> None:
        self._root = Path(mkdtemp(prefix="worker-", dir=scratch))
        self.imports, self.work = self._root / "imports", self._root / "work"
        self.private = self._root / "tmp"
        for folder in (self.imports, self.work, self.private):
            folder.mkdir()
        for file in imports:
            _copy(file, self.imports)
        _forbid_writing(self.imports)
        self.log = os.open(self._root / "log", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def take_log(self, limit: int) -> str:
        """What was printed since the last time; the middle is left out when it is long."""
        size = os.fstat(self.log).st_size
        if size <= limit:
            data = os.pread(self.log, size, 0)
        else:
            data = os.pread(self.log, limit // 2, 0) + _LOG_CUT.encode() + os.pread(self.log, limit // 2, size - limit // 2)
        os.ftruncate(self.log, 0)
        return data.decode(errors="replace")

    def remove(self) -> None:
        os.close(self.log)
        _remove(self._root)


def make_scratch(base: Path) -> Path:
    """A folder for one sandbox. Those of accounts that were killed, and could not clean up, are removed on the way."""
    for folder in base.glob("sandbox-*"):
        match = _SCRATCH.fullmatch(folder.name)
        if match and not _is_alive(int(match[1])):
            _remove(folder)
    return Path(mkdtemp(prefix=f"sandbox-{os.getpid()}-", dir=base)).resolve()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(root: Path) -> None:
    """Folders of imports forbid writing, also to the one who removes what is in them."""
    for folder, _, _ in os.walk(root):
        with suppress(OSError):
            os.chmod(folder, 0o700)
    shutil.rmtree(root, ignore_errors=True)


def _copy(file: ImportFile, folder: Path) -> None:
    """A copy and no hard link: the same user could write through a link into the stage."""
    name = PurePosixPath(file.name)
    if name.is_absolute() or ".." in name.parts or not name.parts:
        raise SandboxError(f"An import cannot be named '{file.name}': it would lie outside of the imports folder.")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file.path, target)
    except OSError as error:
        raise SandboxError(f"The import '{file.name}' cannot be read: {error.strerror}. Upload it again.") from error


def _forbid_writing(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for file in files:
            os.chmod(Path(folder, file), 0o400)
        os.chmod(folder, 0o500)
