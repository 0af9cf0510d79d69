from __future__ import annotations

import numpy as np
import pandas as pd

DIGITS = 7


def number_rows(prefix: str, count: int) -> pd.Series:
    """P0000001, P0000002, ...: equal for equal counts, so that a load can be compared with what is there."""
    return prefix + pd.Series(np.arange(1, count + 1)).astype(str).str.zfill(DIGITS)
