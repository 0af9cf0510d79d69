"""Rain at each airport, minute by minute: storms that come, grow and go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samples.airports import AIRPORTS

MINUTES_A_DAY = 1440
STORM_MINUTES = 110.0
# Millimetres an hour at a storm's height: shape and scale of a gamma distribution.
HEIGHT = (1.6, 4.0)

Rain = npt.NDArray[np.float64]


def generate_rain(airports: int, days: int, rng: np.random.Generator) -> Rain:
    """Millimetres an hour, by airport and minute."""
    return np.array([_rain_at(airport.storms, days, rng) for airport in AIRPORTS[:airports]]).reshape(
        airports, days * MINUTES_A_DAY
    )


def mean_before(rain: Rain, airport: npt.NDArray[np.int64], minute: npt.NDArray[np.int64], minutes: int) -> Rain:
    """The mean of so many minutes up to and with this one; fewer where the record begins later."""
    sums = np.concatenate([np.zeros((len(rain), 1)), rain.cumsum(axis=1)], axis=1)
    begin = np.maximum(minute + 1 - minutes, 0)
    means: Rain = (sums[airport, minute + 1] - sums[airport, begin]) / (minute + 1 - begin)
    return means


def _rain_at(storms: float, days: int, rng: np.random.Generator) -> Rain:
    rain = np.zeros(days * MINUTES_A_DAY)
    for start in rng.integers(0, max(1, len(rain)), size=rng.poisson(storms * days)):
        length = 10 + int(rng.exponential(STORM_MINUTES))
        curve = rng.gamma(*HEIGHT) * np.sin(np.linspace(0, np.pi, length)) * rng.uniform(0.6, 1.4, length)
        part = rain[start : start + length]
        part += curve[: len(part)]
    return rain.round(2)
