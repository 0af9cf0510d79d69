from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.account.files.file_formats import make_format
from mlops_local.account.sql.csv_escapes import has_escapes, records, rewrite

ENCLOSED = {"FIELD_OPTIONALLY_ENCLOSED_BY": '"'}


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1,a\\,b\n2,c\\\\d\n", {}, [["1", "a,b"], ["2", "c\\d"]]),
        ("a\\tb\\nc,\\x41\\102\n", {}, [["a\tb\nc", "AB"]]),
        ("\\N,x\\N\n", {}, [[None, "xN"]]),
        ("1,\n", {}, [["1", None]]),
        ("1,\n", {"EMPTY_FIELD_AS_NULL": False}, [["1", ""]]),
        ('1,"a\\n ""q"", b"\n', ENCLOSED, [["1", 'a\\n "q", b']]),
        ('1,"a\\"b\\n"\r\n2,x', {**ENCLOSED, "ESCAPE": "\\"}, [["1", 'a"b\n'], ["2", "x"]]),
        ("a\\b|c\n", {"FIELD_DELIMITER": "|", "ESCAPE_UNENCLOSED_FIELD": "NONE"}, [["a\\b", "c"]]),
        ("a||b\\||c\n", {"FIELD_DELIMITER": "||"}, [["a", "b||c"]]),
        ("", {}, []),
    ],
)
def test_records(text: str, options: dict[str, Any], expected: list[list[str | None]]) -> None:
    assert list(records(text, make_format(dict(options)))) == expected


@pytest.mark.parametrize(
    ("text", "options", "found"),
    [
        ("1,a\n", {}, False),
        ("1,\\N\n\\N,2", {}, False),
        ("1,\\Nope\n", {}, True),
        ("1,C:\\dir\n", {}, True),
        ("1,C:\\dir\n", {"ESCAPE_UNENCLOSED_FIELD": "NONE"}, False),
        ('1,"C:\\dir"\n', ENCLOSED, False),
        ('1,"C:\\dir"\n', {**ENCLOSED, "ESCAPE": "\\"}, True),
    ],
)
def test_a_file_is_rewritten_only_when_it_has_to_be(text: str, options: dict[str, Any], found: bool) -> None:
    assert has_escapes(io.StringIO(text), make_format(dict(options))) is found


FIELD = st.text(alphabet='ab,"\\\n\t ', min_size=1, max_size=6)


@given(rows=st.lists(st.lists(FIELD, min_size=2, max_size=3), min_size=1, max_size=4))
def test_what_is_escaped_comes_back(rows: list[list[str]]) -> None:
    marks = {"\\": "\\\\", ",": "\\,", "\n": "\\n", "\t": "\\t"}
    text = "".join(",".join("".join(marks.get(c, c) for c in field) for field in row) + "\n" for row in rows)
    assert list(records(text, make_format({"NULL_IF": []}))) == rows


@given(rows=st.lists(st.lists(st.one_of(st.none(), FIELD), min_size=2, max_size=3), min_size=1, max_size=4))
def test_a_rewritten_file_says_the_same(rows: list[list[str | None]]) -> None:
    options: dict[str, Any] = {**ENCLOSED, "NULL_IF": []}
    text = "".join(
        ",".join("" if field is None else '"' + field.replace('"', '""') + '"' for field in row) + "\n" for row in rows
    )
    target = io.StringIO()
    rewrite(io.StringIO(text), target, make_format(dict(options)))
    assert target.getvalue() == text
