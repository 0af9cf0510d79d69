"""``NAME = value`` options as CREATE and ALTER take them; a name that is not expected is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlops_local.account.errors import syntax_error
from mlops_local.account.syntax.reader import Reader


def read_options(reader: Reader, expected: Mapping[str, type]) -> dict[str, Any]:
    """Reads options in any order, separated by blanks or commas, until a word that is none of them.

    ``expected`` gives each option's type: str, int, bool, tuple for texts in parentheses, or object for any constant.
    """
    found: dict[str, Any] = {}
    while reader.token.upper in expected:
        name = reader.next().upper
        if name in found:
            raise syntax_error(f"duplicate property '{name}'.")
        reader.accept("=")
        found[name] = _value(reader, expected[name], name)
        reader.accept(",")
    return found


def read_clauses(reader: Reader, expected: Mapping[str, type], clauses: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Options and, by the word that they begin with, clauses that are read in their own way; in any order to the end."""
    found: dict[str, Any] = {}
    while not reader.at_end:
        name = reader.token.upper
        if name in clauses and name not in found:
            reader.next()
            reader.accept("=")
            found[name] = clauses[name]()
            reader.accept(",")
        elif more := read_options(reader, {option: type_ for option, type_ in expected.items() if option not in found}):
            found.update(more)
        else:
            raise reader.refuse()
    return found


def _value(reader: Reader, type_: type, name: str) -> Any:
    if type_ is tuple:
        return () if reader.accept("(", ")") else tuple(reader.list(reader.string))
    token = reader.token
    value: Any
    if token.kind in {"string", "dollars"}:
        value = reader.string()
    elif token.kind == "number" or token.text == "-":
        value = reader.integer()
    elif token.upper in {"TRUE", "FALSE"}:
        value = reader.boolean()
    else:
        value = reader.identifier()
    if type_ is bool and isinstance(value, str) and value.upper() in {"TRUE", "FALSE"}:
        value = value.upper() == "TRUE"
    if type_ is str and not isinstance(value, str):
        value = str(value)
    if type_ is int and isinstance(value, str) and value.lstrip("-").isdigit():
        value = int(value)
    if type_ is not object and not isinstance(value, type_):
        raise syntax_error(f"invalid value '{value}' for property '{name}'.")
    return value
