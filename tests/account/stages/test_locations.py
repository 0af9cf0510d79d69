from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.errors import AccountError
from mlops_local.account.files.locations import Location, parse_location
from mlops_local.account.files.stages import list_files, safe_path
from mlops_local.account.syntax.names import quote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@st", ("STAGE", ("ST",), "", None)),
        ('@d."s".St/a//b/', ("STAGE", ("D", "s", "ST"), "a/b/", None)),
        ('@"D"."S"."X.y/z"/f.csv', ("STAGE", ("D", "S", "X.y/z"), "f.csv", None)),
        ("@~", ("USER", (), "", None)),
        ("@~/a", ("USER", (), "a", None)),
        ("@%t/a", ("TABLE", ("T",), "a", None)),
        ('@d.s.%"t"', ("TABLE", ("D", "S", "t"), "", None)),
        ("snow://dataset/D.S.N/versions/v 1/a/b", ("DATASET", ("D", "S", "N"), "a/b", "v 1")),
        ('snow://dataset/"D"."S".N/versions/v', ("DATASET", ("D", "S", "N"), "", "v")),
        ("snow://dataset/n", ("DATASET", ("N",), "", None)),
        ("snow://model/M/versions/V1/model/", ("MODEL", ("M",), "model/", "V1")),
    ],
)
def test_reads_locations(text: str, expected: tuple[object, ...]) -> None:
    found = parse_location(text)
    assert (found.kind, found.parts, found.path, found.version) == expected
    assert found.text == text


@pytest.mark.parametrize(
    "text", ["@", "@st/../x", "@st/a/..", '@"st', "snow://nothing/X", "snow://model/M/files/x", "s3://b/c", "st"]
)
def test_refuses_what_is_no_location(text: str) -> None:
    with pytest.raises(AccountError):
        parse_location(text)


@given(name=st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_a_quoted_name_stands_for_itself(name: str) -> None:
    assert parse_location(f"@{quote(name)}/f") == Location(f"@{quote(name)}/f", "STAGE", (name,), "f")


@given(relative=st.text(alphabet="ab./\\\0 ", max_size=20))
def test_no_path_leads_out_of_its_folder(relative: str) -> None:
    folder = Path("/folder")
    try:
        path = folder / safe_path(relative)
    except AccountError:
        return
    assert path.resolve().is_relative_to(folder)


def test_a_prefix_is_text_not_a_folder(tmp_path: Path) -> None:
    for name in ("day1/a", "day10/a", "night/a"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x")
    assert [file.relative for file in list_files(tmp_path, "day1")] == ["day1/a", "day10/a"]
    assert [file.relative for file in list_files(tmp_path, "day1/")] == ["day1/a"]
