"""File patterns as the tasks of Azure take them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.globs import choose, files_below, find_anywhere, find_files

FILES = ["a.txt", "b.md", ".hidden", "d/a.txt", "d/e/c.txt", "d/.git/config", "{a,b}.md", "[x].txt", "#remark"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return tmp_path / "in"


def shown(folder: Path, paths: list[Path]) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["*"], {"a.txt", "b.md", ".hidden", "{a,b}.md", "[x].txt", "#remark"}),
        (["**/*.txt"], {"a.txt", "d/a.txt", "d/e/c.txt", "[x].txt"}),
        (["d/**"], {"d/a.txt", "d/e/c.txt", "d/.git/config"}),
        (["**", "!**/*.txt", "!d/**"], {"b.md", ".hidden", "{a,b}.md", "#remark"}),
        (["**", "!d/**", "d/a.txt"], {"a.txt", "b.md", ".hidden", "{a,b}.md", "[x].txt", "#remark", "d/a.txt"}),
        (["!!a.txt"], {"a.txt"}),
        (["!a.txt"], set()),
        (["# a remark", "#remark", "", "b.md"], {"b.md"}),
        (["{a,b}.md"], {"{a,b}.md"}),
        (["[[]x].txt"], {"[x].txt"}),
        (["@(a|b).*"], {"a.txt", "b.md"}),
        (["!(a).txt"], {"[x].txt"}),
        (["?.txt"], {"a.txt"}),
        (["./d/../b.md"], {"b.md"}),
        (["B.MD"], set()),
        (["d/**/c.txt"], {"d/e/c.txt"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_patterns(folder: Path, patterns: list[str], found: set[str]) -> None:
    assert shown(folder, find_files(folder, patterns)) == found


def test_what_single_tasks_choose_of_patterns(folder: Path) -> None:
    files = list(files_below(folder))
    assert shown(folder, choose(files, folder, ["{a,b}.*"], braces=True)) == {"a.txt", "b.md"}
    assert shown(folder, choose(files, folder, ["c.txt"], names=True)) == {"d/e/c.txt"}
    assert shown(folder, choose(files, folder, ["*"], hidden=False)) == {"a.txt", "b.md", "{a,b}.md", "[x].txt", "#remark"}


def test_a_path_from_the_root_leaves_the_folder_only_where_the_task_looks_everywhere(folder: Path) -> None:
    outside = folder.parent / "out" / "x.xml"
    outside.parent.mkdir()
    outside.write_text("")
    for pattern in (str(outside), f"{outside.parent}/*.xml"):
        assert find_files(folder, [pattern]) == []
        assert find_anywhere(folder, [pattern]) == [outside]
    assert find_files(folder, [f"{folder}/*.md", f"!{folder}/b.md"]) == [folder / "{a,b}.md"]


def test_links_are_followed_and_lead_to_no_end(folder: Path) -> None:
    (folder / "d" / "back").symlink_to(folder)
    (folder / "link").symlink_to(folder / "d" / "e")
    assert shown(folder, find_files(folder, ["**/c.txt"])) == {"d/e/c.txt", "link/c.txt"}


NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=5))
def test_patterns_that_name_everything_find_everything(paths: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for parts in paths:
            target = folder.joinpath(*parts)
            if not target.exists() and all(not parent.is_file() for parent in target.parents):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("")
        every = sorted(path for path in folder.rglob("*") if path.is_file())
        assert find_files(folder, ["**"]) == every
        assert find_files(folder, ["**/*"]) == every
        assert find_files(folder, ["**", "!**/*a*"]) == [path for path in every if "a" not in path.name]
