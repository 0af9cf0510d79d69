"""When things happen: patients and trials are known first, screenings come after, amendments come between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.datetime64]

DAYS_A_YEAR = 365.25
REGISTRATION_START = np.datetime64("2023-01-01T00:00:00", "s")
SCREENING_START = np.datetime64("2024-01-01T00:00:00", "s")
SCREENING_DAYS = 730


def random_times(count: int, start: np.datetime64, days: int, rng: np.random.Generator) -> Times:
    return start + rng.integers(0, days * 86400, size=count).astype("timedelta64[s]")
