"""A user's own trials from a CSV file, such as an export of ClinicalTrials.gov."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from samples.errors import SampleError

# Each column with the names that registries give it; the first one is what the messages ask for.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "TRIAL_ID": ("nct_id", "trial_id", "nctid", "nct number"),
    "TITLE": ("title", "brief_title", "official_title", "study title"),
    "INCLUSION_CRITERIA": ("eligibility_criteria", "inclusion_criteria", "criteria"),
}
# The csv module refuses fields over 128 KiB; criteria are long, but not that long by far.
LONGEST_FIELD = 8 * 1024 * 1024


@dataclass(frozen=True)
class TrialsFile:
    """TRIAL_ID, TITLE and INCLUSION_CRITERIA as they are in the file, and what a reader should know."""

    table: pd.DataFrame
    warnings: tuple[str, ...]


def read_trials_csv(path: Path) -> TrialsFile:
    rows = _rows(path, _read_text(path))
    header, body = rows[0], rows[1:]
    positions = _find_columns(path, header)
    _check_widths(path, header, body)
    # Exports that were joined from several repeat the header in the middle.
    records = [{name: row[at].strip() for name, at in positions.items()} for row in body if row != header]
    if not records:
        raise SampleError(f"{path} has a header and no trials: nothing was loaded.")
    return _compose(path, records)


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SampleError(f"{path} cannot be read ({error.strerror}): give the path of a CSV file with trials.") from None
    if not content.strip():
        raise SampleError(f"{path} is empty: give a CSV file with the columns {_wanted()}.")
    if b"\0" in content:
        raise SampleError(f"{path} is no CSV file, it holds binary data: give a CSV file with the columns {_wanted()}.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SampleError(f"{path} is not in UTF-8: save it as CSV in UTF-8 and load it again.") from None


def _rows(path: Path, text: str) -> list[list[str]]:
    csv.field_size_limit(LONGEST_FIELD)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise SampleError(f"{path} is no CSV file ({error}): check its quotes, or give another file.") from None


def _find_columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    names = [name.strip().lstrip("#").strip().lower() for name in header]
    found = {column: next((names.index(name) for name in known if name in names), None) for column, known in COLUMNS.items()}
    missing = [COLUMNS[column][0] for column, position in found.items() if position is None]
    if missing:
        has = ", ".join(names)[:200]
        raise SampleError(
            f"{path} has no column {' and no column '.join(missing)}; it has: {has}. A CSV file with a header is needed."
        )
    return {column: position for column, position in found.items() if position is not None}


def _check_widths(path: Path, header: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise SampleError(
                f"{path}: record {number} ({row[0][:40]!r}) has {len(row)} fields instead of {len(header)}: "
                "a quote or a comma is wrong in it."
            )


def _compose(path: Path, records: Sequence[Mapping[str, str]]) -> TrialsFile:
    nameless = sum(not record["TRIAL_ID"] for record in records)
    if nameless:
        raise SampleError(f"{path}: {nameless} trials have no {COLUMNS['TRIAL_ID'][0]}: fill it in, it is how a trial is known.")
    table = pd.DataFrame(records, columns=list(COLUMNS), dtype=object)
    again = table["TRIAL_ID"].duplicated(keep="last")
    table = table[~again].reset_index(drop=True)
    for column in ("TITLE", "INCLUSION_CRITERIA"):
        table[column] = table[column].where(table[column] != "", None)
    return TrialsFile(table, tuple(_warnings(records, again, table)))


def _warnings(records: Sequence[Mapping[str, str]], again: pd.Series, table: pd.DataFrame) -> Iterator[str]:
    for record, is_again in zip(records, again, strict=True):
        if is_again:
            yield f"{record['TRIAL_ID']} occurs more than once: the last one is taken."
    for trial in table.loc[table["INCLUSION_CRITERIA"].isna(), "TRIAL_ID"]:
        yield f"{trial} has no eligibility criteria: it is kept, without any limit."


def _wanted() -> str:
    return ", ".join(names[0] for names in COLUMNS.values())
