"""The same tables as CSV files, for whoever wants to look at them or load them by other means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from samples.errors import SampleError


def write_files(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(rows, folder / f"{name.lower()}.csv") for name, rows in tables.items()]
    except OSError as error:
        raise SampleError(f"{folder} cannot be written to ({error.strerror}): give another folder.") from None


def _write(rows: pd.DataFrame, path: Path) -> Path:
    rows.to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S")
    return path
