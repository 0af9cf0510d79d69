from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlops.marks import Mark, read_mark


@given(st.text(), st.text(alphabet="0123456789abcdef", min_size=1), st.text(), st.text())
def test_a_mark_is_found_again_after_any_description(description: str, definition: str, commit: str, run: str) -> None:
    found = read_mark(Mark(definition, commit, run).after(description))
    assert found is not None
    assert found.definition == definition


@given(st.text())
def test_a_comment_of_somebody_else_has_no_mark(comment: str) -> None:
    assert read_mark(comment) is None


def test_no_comment_has_no_mark() -> None:
    assert read_mark(None) is None
    assert read_mark("[mlops definition=abc commit=1 run=2] and more") is None
