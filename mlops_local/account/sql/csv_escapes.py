"""CSV files with backslashes: Snowflake takes them for escapes in fields that are not enclosed, DuckDB has no such rule.

Such a file is written anew with every field enclosed and nothing escaped; NULL is a field that is empty and not enclosed.
https://docs.snowflake.com/en/sql-reference/sql/create-file-format#label-create-or-alter-file-format-escape-unenclosed-field
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from mlops_local.account.files.file_formats import FileFormat

PLAIN = {"FIELD_DELIMITER": ",", "FIELD_OPTIONALLY_ENCLOSED_BY": '"', "ESCAPE": "NONE", "ESCAPE_UNENCLOSED_FIELD": "NONE"}

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def has_escapes(text: IO[str], format_: FileFormat) -> bool:
    """Whether a backslash stands where it means something; ``\\N`` as a whole field is only a mark for NULL."""
    if "\\" not in (format_.text("ESCAPE"), format_.text("ESCAPE_UNENCLOSED_FIELD")):
        return False
    delimiter, enclosed = re.escape(format_.text("FIELD_DELIMITER")), re.escape(format_.text("FIELD_OPTIONALLY_ENCLOSED_BY"))
    inside = rf"{enclosed}(?:[^{enclosed}]|{enclosed}{enclosed})*{enclosed}"
    skipped = re.compile(inside) if enclosed and format_.text("ESCAPE") != "\\" else None
    meaningful = re.compile(rf"\\(?!N(?:{delimiter or '$'}|\r|\n|\Z))")
    content = text.read()
    if "\\" not in content:
        return False
    return meaningful.search(skipped.sub("", content) if skipped else content) is not None


def rewrite(text: IO[str], target: IO[str], format_: FileFormat) -> None:
    """The same records in the form that ``PLAIN`` describes."""
    for record in records(text.read(), format_):
        target.write(",".join("" if field is None else '"' + field.replace('"', '""') + '"' for field in record) + "\n")


def records(content: str, format_: FileFormat) -> Iterator[list[str | None]]:
    """The records of a text by Snowflake's rules, None for NULL."""
    record: list[str | None] = []
    for match in _field_pattern(format_).finditer(content):
        if match.start() == len(content) and not record:
            return
        record.append(_field(match, format_))
        if match["end"] != format_.text("FIELD_DELIMITER"):
            if record != [None] or not format_["SKIP_BLANK_LINES"]:
                yield record
            record = []


def _field_pattern(format_: FileFormat) -> re.Pattern[str]:
    delimiter = re.escape(format_.text("FIELD_DELIMITER"))
    enclosed = re.escape(format_.text("FIELD_OPTIONALLY_ENCLOSED_BY"))
    end = rf"(?P<end>{delimiter}|\r\n|\r|\n|\Z)" if delimiter else r"(?P<end>\r\n|\r|\n|\Z)"
    bare = rf"(?P<bare>(?:\\.|(?!{delimiter or '(?!)'})[^\\\r\n])*)"
    if format_.text("ESCAPE_UNENCLOSED_FIELD") != "\\":
        bare = rf"(?P<bare>(?:(?!{delimiter or '(?!)'})[^\r\n])*)"
    if not enclosed:
        return re.compile(bare + end, re.DOTALL)
    escaped = r"\\.|" if format_.text("ESCAPE") == "\\" else ""
    inside = rf"{enclosed}(?P<inside>(?:{escaped}{enclosed}{enclosed}|[^{enclosed}])*){enclosed}"
    return re.compile(rf"(?:{inside}|{bare}){end}", re.DOTALL)


def _field(match: re.Match[str], format_: FileFormat) -> str | None:
    enclosed = format_.text("FIELD_OPTIONALLY_ENCLOSED_BY")
    inside = match.groupdict().get("inside")
    if inside is not None:
        plain = inside.replace(enclosed * 2, enclosed)
        return _ESCAPE.sub(_unescape, plain) if format_.text("ESCAPE") == "\\" else plain
    bare: str = match["bare"]
    if bare in format_["NULL_IF"] or (not bare and format_["EMPTY_FIELD_AS_NULL"]):
        return None
    return _ESCAPE.sub(_unescape, bare) if format_.text("ESCAPE_UNENCLOSED_FIELD") == "\\" else bare


def _unescape(match: re.Match[str]) -> str:
    found = match[1]
    if len(found) == 3:
        return chr(int(found[1:], 16) if found[0] == "x" else int(found, 8))
    return _LETTERS.get(found, found)
