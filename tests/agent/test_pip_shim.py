"""When a job's pip may leave the index alone: exact versions, in requirements files, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local.agent.pip_shim import is_pinned, without_credentials


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("a==1.0\nb[x]==2.0  # why\n\n# note\n", True),
        ("a==1.0; python_version < '3.12'\n", True),
        ("-r more.txt\na==1\n", True),
        ("-r loose.txt\na==1\n", False),
        ("-r absent.txt\n", False),
        ("a>=1.0\n", False),
        ("a==1.*\n", False),
        ("a\n", False),
        ("-e .\n", False),
        ("--index-url somewhere\na==1\n", False),
    ],
)
def test_a_file_is_pinned_when_every_line_is(tmp_path: Path, text: str, pinned: bool) -> None:
    (tmp_path / "more.txt").write_text("c==3\n")
    (tmp_path / "loose.txt").write_text("c\n")
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    assert is_pinned(["install", "--quiet", "--requirements", str(file)]) is pinned


@pytest.mark.parametrize("more", [["a"], ["--editable", "."], ["a==1"]])
def test_what_is_named_beside_the_file_is_asked_for(tmp_path: Path, more: list[str]) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("a==1\n")
    assert not is_pinned(["install", "--requirements", str(file), *more])


def test_without_a_file_the_index_is_asked() -> None:
    assert not is_pinned(["install", "a==1"])
    assert not is_pinned(["uninstall", "--yes", "a"])


def test_addresses_with_passwords_are_no_arguments() -> None:
    plain = ["--index-strategy", "x", "--default-index", "https://a/simple", "--index", "https://b/simple", "tiny"]
    assert without_credentials(plain) == (plain, {})
    secret = [*plain, "--index", "https://me:pw@c/simple"]
    assert without_credentials(secret) == (
        ["--index-strategy", "x", "tiny"],
        {"UV_DEFAULT_INDEX": "https://a/simple", "UV_INDEX": "https://b/simple https://me:pw@c/simple"},
    )
