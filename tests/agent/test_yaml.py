"""YAML files as nodes: places, quoting, pairs that dictionaries would lose, and what Azure does not read."""

from __future__ import annotations

import pytest

from mlops_local.agent.emit import plain, to_yaml
from mlops_local.agent.errors import Origin, PipelineError
from mlops_local.agent.nodes import Mapping, Scalar, Sequence, load, typed

FILE = Origin("file.yml")


def mapping(text: str) -> Mapping:
    node = load(text, FILE)
    assert isinstance(node, Mapping)
    return node


def test_every_node_knows_its_place() -> None:
    node = mapping("a: 1\nb:\n  - c\n")
    assert str(node.find("a").mark) == "file.yml:1:4"  # type: ignore[union-attr]
    assert str(node.key("b").mark) == "file.yml:2:1"  # type: ignore[union-attr]
    assert isinstance(listed := node.find("b"), Sequence)
    assert str(listed.items[0].mark) == "file.yml:3:5"


def test_equal_keys_stay_two_pairs() -> None:
    assert len(mapping("${{ if a }}: 1\n${{ if a }}: 2\n").pairs) == 2


def test_scalars_are_text_until_an_object_parameter_types_them() -> None:
    node = mapping("{a: 3.10, b: true, c: 'true', d: yes, e: , f: 0777, g: 1:30}")
    assert [value.value for _, value in node.pairs if isinstance(value, Scalar)] == [
        "3.10",
        "true",
        "true",
        "yes",
        "",
        "0777",
        "1:30",
    ]
    by_type = typed(node)
    assert isinstance(by_type, Mapping)
    assert [type(value.value).__name__ for _, value in by_type.pairs if isinstance(value, Scalar)] == [
        "Decimal", "bool", "str", "str", "NoneType", "Decimal", "str",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a: [1", "file.yml:2:1", "This is not YAML"),
        ("a: &x 1\nb: *x", "file.yml:1:4", "anchors"),
        ("a: 1\n---\nb: 2", "file.yml:2:1", "one YAML document"),
        ("? [a]\n: 1", "file.yml:1:3", "complex keys"),
        ("a:\n\t- b", "file.yml:2:1", "This is not YAML"),
    ],
)
def test_what_azure_does_not_read_is_refused_with_its_place(text: str, place: str, sentence: str) -> None:
    with pytest.raises(PipelineError) as caught:
        load(text, FILE)
    assert place in str(caught.value)
    assert sentence in str(caught.value)


def test_an_empty_file_is_an_empty_scalar() -> None:
    assert isinstance(load("", FILE), Scalar)


def test_text_is_printed_so_that_every_reader_takes_it_for_text() -> None:
    text = "env:\n  a: true\n  b: 3.10\n  c: 60\nenabled: true\nscript: |\n  one\n  two\n"
    assert to_yaml(load(text, FILE)) == text.replace("a: true", "a: 'true'").replace("3.10", "'3.10'")


def test_the_emitted_text_reads_back_as_the_same_tree() -> None:
    node = load("a: {b: [1, 'two', null, '', 'x: y', '# no comment']}\nc: \"tab\\tand\\nline \"\n", FILE)
    assert plain(load(to_yaml(node), FILE)) == plain(node)
