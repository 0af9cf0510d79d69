"""The Python of a job: its version, its pip, and the feeds that pip reads."""

from __future__ import annotations

import base64
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.pip_shim import by_content, from_settings, settings_of, translated
from mlops_local.agent.tasks.use_python_version import matches

Project = Any


def test_each_job_has_a_python_of_its_own(project: Project) -> None:
    ran = project.root("""
        jobs:
        - job: A
          steps:
          - {task: UsePythonVersion@0, name: py, inputs: {versionSpec: '3.11'}}
          - script: |
              python -c "import sys; print(sys.version_info[:2], sys.prefix == '$(py.pythonLocation)')"
              pip install --quiet --no-index --find-links wheels tiny
              python -c "import tiny; print(tiny.__file__.startswith('$(py.pythonLocation)'))"
              pip uninstall -y -q tiny 2>/dev/null; python -c "import tiny" 2>/dev/null || echo gone
              pip --version | cut -d' ' -f1
              python -m pip install --upgrade pip
              which pip
            name: show
        - job: B
          steps:
          - script: pip install six || python3 -m pip install six || echo protected
            name: none
        """)
    _tiny_wheel(project)
    ran = ran.run()
    lines = ran.log("show")
    assert lines[:4] == ["(3, 11) True", "True", "gone", "pip"]
    assert lines[4].startswith("Requirement already satisfied: pip")
    assert lines[5].startswith(str(project.cache))
    assert ran.log("none")[-1] == "protected"


def test_a_folder_of_packages_gets_another_path_when_a_wheel_is_built_anew(project: Project, tmp_path: Path) -> None:
    wheel = _tiny_wheel(project)
    folder, links = wheel.parent, tmp_path / "links"
    given = ["install", "--find-links", str(folder), "tiny"]
    first, again = by_content(given, links), by_content(given, links)
    assert first == again
    assert Path(first[2], wheel.name).resolve() == wheel
    assert by_content(["install", "--find-links", "https://a/b", "x"], links)[2] == "https://a/b"
    os.utime(wheel, ns=(1, 1))
    assert by_content(given, links)[2] not in (first[2], str(folder))
    assert len(list(links.iterdir())) == 2


def test_two_jobs_that_link_a_folder_at_once_leave_one_behind(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links, both, make = tmp_path / "links", threading.Barrier(2), tempfile.mkdtemp

    def make_when_both_are_there(**options: Any) -> str:
        both.wait(30)
        return make(**options)

    monkeypatch.setattr(tempfile, "mkdtemp", make_when_both_are_there)
    given = ["install", "--find-links", str(_tiny_wheel(project).parent), "tiny"]
    with ThreadPoolExecutor(2) as pool:
        found = {answer[2] for answer in pool.map(lambda _: by_content(given, links), range(2))}
    assert [str(path) for path in links.iterdir()] == list(found)


def _tiny_wheel(project: Project) -> Path:
    folder = Path(project.folder / "wheels")
    folder.mkdir()
    file = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        info = "tiny-1.0.dist-info"
        wheel.writestr("tiny.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return file


@contextmanager
def _feed(wheel: Path, asked: list[str]) -> Iterator[str]:
    """An index of one package that wants a password; `asked` collects what it was asked for rightly."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"build:s3cret-token").decode()
            page = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
            body = b"" if not allowed else wheel.read_bytes() if self.path.endswith(".whl") else page
            self.send_response(200 if allowed else 401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Type", "text/html" if body == page else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            asked.extend([self.path] * allowed)

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()


def test_pip_installs_from_a_feed_that_wants_a_password(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_")) and name != "UV_CACHE_DIR"]:
        monkeypatch.delenv(name)
    asked: list[str] = []
    with _feed(_tiny_wheel(project), asked) as address:
        project.feed("team", url=address, token="s3cret-token")
        ran = project.root("""
            steps:
            - {task: UsePythonVersion@0, inputs: {versionSpec: '3.11'}}
            - {task: PipAuthenticate@1, inputs: {artifactFeeds: team}}
            - bash: |
                pip install -v tiny; python -c "import tiny; print('there')"; env | grep s3cret
              name: show
            """).run()
    assert ran.log("show")[-2:] == ["there", "PIP_INDEX_URL=***"]
    assert [path for path in asked if path.startswith("/simple/tiny")]


def test_a_python_that_is_not_there_fails_with_a_sentence(project: Project) -> None:
    ran = project.root("""
        steps:
        - {task: UsePythonVersion@0, inputs: {versionSpec: '2.9', disableDownloadFromRegistry: true}}
        """).run()
    assert ran.issues()[0].startswith("Python 2.9 is not on this machine, which has ")


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        ("3.x", (3, 12, 1), True),
        ("3.11", (3, 11, 9), True),
        ("3.1", (3, 11, 9), False),
        ("3.11.7", (3, 11, 8), False),
        (">=3.10 <3.13", (3, 12, 9), True),
        (">=3.10 <3.13", (3, 13, 0), False),
        ("3.9 || 3.12", (3, 12, 0), True),
        ("~3.11", (3, 11, 3), True),
        ("^3.10", (3, 13, 0), True),
        ("", (3, 10, 0), True),
    ],
)
def test_version_ranges(wanted: str, version: tuple[int, ...], fits: bool) -> None:
    assert matches(wanted, version) is fits


@pytest.mark.parametrize(
    ("pip", "uv"),
    [
        (["install", "-r", "r.txt", "-q"], ["install", "--requirements", "r.txt", "--quiet"]),
        (["install", "--upgrade", "a==1", "-c=c.txt"], None),
        (["install", "--constraint=c.txt", "a"], ["install", "--constraints", "c.txt", "a"]),
        (["install", "--extra-index-url", "u", "--no-cache-dir", "a"], ["install", "--index", "u", "a"]),
        (["install", "-e", ".[x]", "--no-deps"], ["install", "--editable", ".[x]", "--no-deps"]),
        (["install", "-f", "wheels", "a"], ["install", "--find-links", "wheels", "a"]),
        (
            ["wheel", "-q", "--no-deps", "-w", "out", "."],
            ["build", "--quiet", "--wheel", "--no-create-gitignore", "--out-dir", "out", "."],
        ),
        (["wheel", "--wheel-dir", "out", "."], None),
        (["wheel", "--no-deps", "--wheel-dir", "out", "a==1"], None),
        (["wheel", "--no-deps", "."], None),
        (["install", "--user", "a"], None),
        (["install", "--dry-run", "a"], None),
        (["uninstall", "-y", "a"], ["uninstall", "a"]),
        (["download", "a"], None),
        (["list"], None),
        ([], None),
    ],
)
def test_pip_is_translated_when_every_option_is_known(
    pip: list[str], uv: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    strategy = ["--index-strategy", "unsafe-best-match"]
    expected = uv and ([uv[0], *strategy, *uv[1:]] if uv[0] != "uninstall" else uv)
    assert translated(pip) == expected


def test_settings_of_pip_are_heeded(tmp_path: Any) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://a/simple\ntimeout = 5\n[install]\nfind-links =\n  /\n  /nowhere\n")
    settings = settings_of({"PIP_INDEX_URL": "https://b/simple", "PIP_NO_INDEX": "0", "HOME": "/"}, [file])
    assert from_settings(settings) == [
        "--index-strategy", "unsafe-best-match", "--default-index", "https://b/simple", "--find-links", "/",
    ]  # fmt: skip
    assert from_settings({"global-option": "x"}) is None
