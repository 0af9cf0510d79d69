"""What a worker may not do, and what becomes of one that does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest

from mlops_local.account.sandbox import (
    Cancellation,
    Handler,
    HandlerCancelledError,
    HandlerError,
    HandlerTimeoutError,
    ImportFile,
    IsolationError,
    Limits,
    Sandbox,
    SandboxSettings,
)

Batch = Callable[..., pa.RecordBatch]

ENDLESS = "import time\ndef compute(x):\n    print('still here', flush=True)\n    while True:\n        time.sleep(1)"


@pytest.fixture(scope="module")
def small() -> Iterator[Sandbox]:
    limits = Limits(memory_bytes=2 * 2**30, file_bytes=2**20, log_bytes=1000, answer_bytes=2**20)
    with Sandbox(SandboxSettings(limits=limits)) as opened:
        yield opened


def test_a_handler_that_does_not_end_is_ended(sandbox: Sandbox, batch: Batch) -> None:
    # The second is the handler's: what all of them are forked from is there before.
    sandbox.call_function(Handler("SHORT", "compute", "def compute(number):\n    return number"), ["INT"], "INT", batch([1]))
    with pytest.raises(HandlerTimeoutError, match=r"timeout of 1 second") as caught:
        sandbox.call_function(Handler("ENDLESS", "compute", ENDLESS), ["INT"], "INT", batch([1]), seconds=1)
    assert caught.value.log == "still here\n"


def test_so_is_one_that_never_finishes_loading(sandbox: Sandbox, batch: Batch) -> None:
    with pytest.raises(HandlerTimeoutError):
        sandbox.call_function(Handler("SLOW", "compute", "while True: pass"), ["INT"], "INT", batch([1]), seconds=0.3)


def test_its_children_end_with_it(sandbox: Sandbox, batch: Batch) -> None:
    body = (
        "import subprocess, time\ndef compute(ignored):\n"
        "    child = subprocess.Popen(['/bin/sleep', '600'])\n"
        "    print(child.pid, flush=True)\n    time.sleep(600)"
    )
    with pytest.raises(HandlerTimeoutError) as caught:
        sandbox.call_function(Handler("PARENT", "compute", body), ["INT"], "INT", batch([1]), seconds=2)
    assert not _runs(int(caught.value.log))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_call_can_be_cancelled(sandbox: Sandbox, batch: Batch) -> None:
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.cancel)
    timer.start()
    with pytest.raises(HandlerCancelledError):
        sandbox.call_function(Handler("ENDLESS", "compute", ENDLESS), ["INT"], "INT", batch([1]), cancellation=cancellation)
    timer.join()


def test_a_call_that_was_cancelled_before_it_began(sandbox: Sandbox, batch: Batch) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(HandlerCancelledError):
        sandbox.call_function(Handler("ENDLESS", "compute", ENDLESS), ["INT"], "INT", batch([1]), cancellation=cancellation)


def test_memory_is_limited(small: Sandbox, batch: Batch) -> None:
    body = "def compute(x):\n    return len(bytearray(x))"
    handler = Handler("GREEDY", "compute", body)
    assert small.call_function(handler, ["INT"], "INT", batch([1000])).to_pylist() == [1000]
    with pytest.raises(HandlerError, match="MemoryError"):
        small.call_function(handler, ["INT"], "INT", batch([4 * 2**30]))


def test_files_are_limited(small: Sandbox, batch: Batch) -> None:
    body = "def compute(x):\n    with open('big', 'wb') as file:\n        file.write(bytes(x))"
    with pytest.raises(HandlerError, match="File too large"):
        small.call_function(Handler("WRITER", "compute", body), ["INT"], "INT", batch([2**22]))


def test_answers_are_limited(small: Sandbox, batch: Batch) -> None:
    with pytest.raises(HandlerError, match="the answer of the worker was refused"):
        small.call_function(Handler("LONG", "compute", "def compute(x):\n    return 'x' * x"), ["INT"], "VARCHAR", batch([2**21]))


def test_output_is_cut(batch: Batch) -> None:
    printed: list[tuple[str, str]] = []
    settings = SandboxSettings(limits=Limits(log_bytes=100), on_log=lambda name, text: printed.append((name, text)))
    with Sandbox(settings) as noisy:
        body = "import os\ndef compute(x):\n    print('begin')\n    print('x' * 1000)\n    os.system('echo end')\n    return x"
        noisy.call_function(Handler("NOISY", "compute", body), ["INT"], "INT", batch([1]))
        noisy.call_function(Handler("QUIET", "compute", "def compute(x):\n    return x"), ["INT"], "INT", batch([1]))
    [(name, text)] = printed
    assert name == "NOISY"
    assert text.startswith("begin\nxxx")
    assert "output left out" in text
    assert text.endswith("x\nend\n")


@pytest.mark.parametrize(("code", "how"), [("os._exit(3)", "with status 3"), ("os.kill(os.getpid(), 9)", "by signal SIGKILL")])
def test_a_dead_worker_is_an_ordinary_error(sandbox: Sandbox, batch: Batch, code: str, how: str) -> None:
    body = f"import os\ndef compute(x):\n    if x: {code}\n    return x"
    handler = Handler("DIES", "compute", body)
    with pytest.raises(HandlerError, match=f"ended {how}"):
        sandbox.call_function(handler, ["INT"], "INT", batch([1]))
    assert sandbox.call_function(handler, ["INT"], "INT", batch([0])).to_pylist() == [0]


def test_a_dead_parent_of_workers_is_replaced(batch: Batch) -> None:
    body = "import os\ndef compute(x):\n    return os.getppid() if x else 0"
    with Sandbox(SandboxSettings()) as own:
        parent = own.call_function(Handler("PARENT", "compute", body), ["INT"], "INT", batch([1]))[0].as_py()
        os.kill(parent, signal.SIGKILL)
        assert own.call_function(Handler("OTHER", "compute", body), ["INT"], "INT", batch([0])).to_pylist() == [0]


def test_nothing_of_the_environment_is_inherited(monkeypatch: pytest.MonkeyPatch, batch: Batch) -> None:
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "planted")
    body = "import os\ndef compute(x):\n    return dict(os.environ)"
    with Sandbox(SandboxSettings()) as own:
        text = own.call_function(Handler("ENV", "compute", body), ["INT"], "OBJECT", batch([1]))[0].as_py()
    assert "planted" not in text
    assert str(Path.home()) not in text


def test_each_worker_has_a_folder_of_its_own(sandbox: Sandbox, batch: Batch) -> None:
    body = "import os, tempfile\ndef compute(x):\n    return [os.getcwd(), tempfile.gettempdir(), os.path.expanduser('~')]"
    first, second = (
        sandbox.call_function(Handler(name, "compute", body), ["INT"], "ARRAY", batch([1]))[0].as_py() for name in ("A", "B")
    )
    assert first != second


def test_workers_draw_different_numbers(sandbox: Sandbox, batch: Batch) -> None:
    body = "import numpy, random\ndef compute(x):\n    return [numpy.random.random(), random.random()]"
    results = [
        sandbox.call_function(Handler(name, "compute", body, packages=("numpy",)), ["INT"], "ARRAY", batch([1]))[0].as_py()
        for name in ("A", "B")
    ]
    assert results[0] != results[1]


def test_there_is_no_network(sandbox: Sandbox, batch: Batch) -> None:
    _needs_namespaces(sandbox)
    with socket.create_server(("127.0.0.1", 0)) as server:
        body = "import socket\ndef compute(port):\n    socket.create_connection(('127.0.0.1', port), timeout=5)"
        with pytest.raises(HandlerError, match="Connection refused"):
            sandbox.call_function(Handler("DIAL", "compute", body), ["INT"], "INT", batch([server.getsockname()[1]]))


def test_hidden_folders_are_empty(batch: Batch) -> None:
    """In the environment, since nothing of the machine's ``/tmp`` but what the handler runs on is to be seen at all."""
    with TemporaryDirectory(dir=Path(sys.prefix)) as place:
        hidden, seen = Path(place, "account"), Path(place, "other")
        for folder in (hidden, seen):
            folder.mkdir()
            (folder / "file").write_text("content")
        _hides(hidden, seen, batch)


def _hides(hidden: Path, seen: Path, batch: Batch) -> None:
    body = (
        "import ctypes, os\ndef compute(path):\n"
        "    ctypes.CDLL(None).umount2(path.encode(), 2)\n"
        "    os.system(f'umount {path} 2>/dev/null')\n"
        "    return os.listdir(path)"
    )
    with Sandbox(SandboxSettings(hidden=(hidden,))) as own:
        _needs_namespaces(own)
        result = own.call_function(Handler("LIST", "compute", body), ["VARCHAR"], "ARRAY", batch([str(hidden), str(seen)]))
    assert result.to_pylist() == ["[]", '["file"]']


def test_every_worker_has_a_tmp_of_its_own(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the machine")
    left = Path("/tmp", f"left-by-a-handler-{os.getpid()}")
    body = (
        "import os\nfrom pathlib import Path\ndef compute(secret, left):\n"
        "    found = [os.path.exists(path) for path in (secret, left)]\n"
        "    Path(left).write_text('here')\n    return str(found + [Path(left).read_text()])"
    )
    with Sandbox(SandboxSettings()) as own:
        _needs_namespaces(own)
        asked = ["VARCHAR", "VARCHAR"], "VARCHAR", batch([str(tmp_path / "secret")], [str(left)])
        first, second = (own.call_function(Handler(name, "compute", body), *asked).to_pylist() for name in ("A", "B"))
    assert first == second == ["[False, False, 'here']"]
    assert not left.exists()


def _needs_namespaces(sandbox: Sandbox) -> None:
    if "without network" not in sandbox.isolation():
        pytest.skip(f"this machine allows no namespaces: {sandbox.isolation()}")


def test_the_environment_cannot_be_hidden(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="they need"):
        Sandbox(SandboxSettings(hidden=(Path("/"),)))


def test_isolation_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(SandboxSettings(isolation="off")) as own:
        assert "with network: isolation is off" in own.isolation()
    monkeypatch.setattr("mlops_local.account.sandbox.sandbox._obstacle", lambda _: "forbidden")
    with Sandbox(SandboxSettings(isolation="prefer")) as own:
        assert "with network: namespaces cannot be had here (forbidden)" in own.isolation()
    with pytest.raises(IsolationError, match="required, and this machine does not allow it: forbidden"):
        Sandbox(SandboxSettings(isolation="require"))


@pytest.mark.parametrize("settings", [SandboxSettings(isolation="off"), SandboxSettings(warm_start=False)])
def test_it_works_without_namespaces_and_without_forks(settings: SandboxSettings, batch: Batch) -> None:
    body = "import sys\ndef compute(x):\n    return x + len(sys._xoptions['snowflake_import_directory'][-1])"
    with Sandbox(settings) as own:
        assert own.call_function(Handler("F", "compute", body), ["INT"], "INT", batch([1])).to_pylist() == [2]


def test_nothing_is_left_behind(batch: Batch, tmp_path: Path) -> None:
    body = "import os\ndef compute(x):\n    open('file', 'w').write('x')\n    return os.getpid()"
    with Sandbox(SandboxSettings(scratch=tmp_path)) as own:
        pid = own.call_function(Handler("F", "compute", body), ["INT"], "INT", batch([1]))[0].as_py()
        assert _runs(pid)
    assert not _runs(pid)
    assert list(tmp_path.iterdir()) == []


def test_the_stage_cannot_be_changed_through_an_import(sandbox: Sandbox, batch: Batch, tmp_path: Path) -> None:
    stage_file = tmp_path / "data.txt"
    stage_file.write_text("stage")
    body = (
        "import os, sys\ndef compute(x):\n"
        "    path = sys._xoptions['snowflake_import_directory'] + 'data.txt'\n"
        "    os.chmod(path, 0o600)\n    open(path, 'w').write('changed')"
    )
    handler = Handler("F", "compute", body, imports=(ImportFile(stage_file, "data.txt"),))
    sandbox.call_function(handler, ["INT"], "INT", batch([1]))
    assert stage_file.read_text() == "stage"


def test_what_a_killed_account_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    dead, alive, strange = (tmp_path / name for name in (f"sandbox-{ended.pid}-x1", f"sandbox-{os.getpid()}-x2", "sandbox-notes"))
    for folder in (dead, alive, strange):
        (folder / "imports").mkdir(parents=True)
        (folder / "imports").chmod(0o500)
    with Sandbox(SandboxSettings(scratch=tmp_path)):
        assert [folder.exists() for folder in (dead, alive, strange)] == [False, True, True]
