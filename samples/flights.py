"""Departures with their delays, from causes that the pipeline can know, cannot know, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samples.airports import ABROAD, AIRPORTS, PLANES
from samples.errors import SampleError
from samples.tables import AIRPORT_WEATHER_STATION, PLANE_MODEL_ATTRIBUTES, US_FLIGHT_SCHEDULES
from samples.weather import MINUTES_A_DAY, Rain, generate_rain, mean_before

FIRST_DAY = np.datetime64("2025-06-01T00:00:00", "s")
# Planes start between five and eleven in the evening, no two of an airport in the same minute.
FIRST_MINUTE, LAST_MINUTE = 5 * 60, 23 * 60
FLEET_A_MODEL = 12
LOAD_FACTOR = 0.82
DELAYED_SHARE = 0.05
# Log-odds of a late departure: a millimetre an hour, an hour later in the day, Fridays and Sundays, a full plane.
PER_RAIN, PER_HOUR, OF_BUSY_DAYS, OF_FULL = 0.45, 0.12, 0.5, 1.5
# Crews, gates and traffic stand in no table.
UNMEASURED_SPREAD = 0.5

Numbers = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FlightSizes:
    """`departures` are those of an airport and day, `minutes` those from one reading of a weather station to the next."""

    airports: int = len(AIRPORTS)
    days: int = 30
    departures: int = 16
    minutes: int = 1
    seed: int = 7

    def __str__(self) -> str:
        readings = f", read every {self.minutes} minutes" if self.minutes != 1 else ""
        return f"seed {self.seed}, {self.airports} airports, {self.days} days, {self.departures} departures{readings}"


@dataclass(frozen=True)
class _Departures:
    """By flight: positions of the airport, the minute of the record and the plane's model, and how full it is."""

    airport: Positions
    minute: Positions
    plane: Positions
    tickets: Positions


def generate_flights(sizes: FlightSizes) -> dict[str, pd.DataFrame]:
    """The tables by name. Equal sizes and seed give equal tables, on any machine."""
    _check(sizes)
    chance = [np.random.default_rng(seed) for seed in np.random.SeedSequence([sizes.seed, 2]).spawn(2)]
    rain = generate_rain(sizes.airports, sizes.days, chance[0])
    flights = _schedule(sizes, chance[1])
    return {
        PLANE_MODEL_ATTRIBUTES.name: _planes() if rain.size else _planes()[:0],
        AIRPORT_WEATHER_STATION.name: _weather(rain, sizes.minutes),
        US_FLIGHT_SCHEDULES.name: _flights(flights, _delays(flights, rain, chance[1]), chance[1]),
    }


def _check(sizes: FlightSizes) -> None:
    if not 0 <= sizes.airports <= len(AIRPORTS):
        raise SampleError(f"There are {len(AIRPORTS)} airports: ask for no more of them, and for no less than 0.")
    if sizes.days < 0 or not 0 <= sizes.departures <= LAST_MINUTE - FIRST_MINUTE:
        raise SampleError(f"Days and departures are not negative, and departures of a day at most {LAST_MINUTE - FIRST_MINUTE}.")
    if not 1 <= sizes.minutes <= MINUTES_A_DAY:
        raise SampleError(f"A weather station is read every minute, or less often: every {MINUTES_A_DAY} minutes at the least.")


def _schedule(sizes: FlightSizes, rng: np.random.Generator) -> _Departures:
    pairs, each = sizes.airports * sizes.days, sizes.departures
    day = np.tile(np.arange(sizes.days), sizes.airports).repeat(each)
    minutes = np.tile(np.arange(FIRST_MINUTE, LAST_MINUTE), (pairs, 1))
    minute = np.sort(rng.permuted(minutes, axis=1)[:, :each], axis=1).ravel() + day * MINUTES_A_DAY
    plane = rng.integers(0, len(PLANES), size=pairs * each)
    seats = np.array([one.seats for one in PLANES])[plane]
    return _Departures(np.arange(sizes.airports).repeat(sizes.days * each), minute, plane, rng.binomial(seats, LOAD_FACTOR))


def _delays(flights: _Departures, rain: Rain, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The share is exact: those whose log-odds and chance together are the highest."""
    count = len(flights.airport)
    score = _log_odds(flights, rain) + rng.normal(0, UNMEASURED_SPREAD, count) + rng.logistic(size=count)
    delayed = np.zeros(count, dtype=np.bool_)
    delayed[np.argsort(score)[count - round(count * DELAYED_SHARE) :]] = True
    return delayed


def _log_odds(flights: _Departures, rain: Rain) -> Numbers:
    seats = np.array([one.seats for one in PLANES])[flights.plane]
    hour = flights.minute % MINUTES_A_DAY / 60
    # The first day is a Sunday.
    weekday = flights.minute // MINUTES_A_DAY % 7
    odds: Numbers = (
        PER_RAIN * np.minimum(mean_before(rain, flights.airport, flights.minute, 60), 12.0)
        + PER_HOUR * (hour - 12)
        + OF_BUSY_DAYS * np.isin(weekday, (0, 5))
        + OF_FULL * (flights.tickets / seats - LOAD_FACTOR)
        + np.array([one.trouble for one in PLANES])[flights.plane]
    )
    return odds


def _flights(flights: _Departures, delayed: npt.NDArray[np.bool_], rng: np.random.Generator) -> pd.DataFrame:
    count = len(flights.airport)
    codes = np.array([airport.code for airport in AIRPORTS] + list(ABROAD), dtype=object)
    # Anywhere but the airport itself.
    step = rng.integers(1, len(codes), size=count)
    destination = (flights.airport + step) % len(codes)
    tail = flights.plane * FLEET_A_MODEL + rng.integers(0, FLEET_A_MODEL, size=count)
    return pd.DataFrame(
        {
            "AIRPORT_NAME": np.array([airport.name for airport in AIRPORTS], dtype=object)[flights.airport],
            "AIRPORT_ZIP_CODE": _zip_codes(len(AIRPORTS))[flights.airport],
            "SCHEDULED_DEPARTURE_UTC": FIRST_DAY + flights.minute.astype("timedelta64[m]"),
            "DEPARTURE_CODE": codes[flights.airport],
            "DOMESTIC_CODE": np.where(destination < len(AIRPORTS), "D", "I").astype(object),
            "TICKETS_SOLD": flights.tickets,
            "TAIL_NUMBER": np.array([f"N{100 + one}ML" for one in range(len(PLANES) * FLEET_A_MODEL)], dtype=object)[tail],
            "PLANE_MODEL": np.array([one.model for one in PLANES], dtype=object)[flights.plane],
            "DESTINATION_CODE": codes[destination],
            "DEPARTING_DELAY": delayed,
        }
    )


def _weather(rain: Rain, step: int) -> pd.DataFrame:
    """What the stations have written down of it."""
    airports, minutes = rain.shape
    read = np.arange(0, minutes, step)
    return pd.DataFrame(
        {
            "DATETIME_UTC": np.tile(FIRST_DAY + read.astype("timedelta64[m]"), airports),
            "AIRPORT_ZIP_CODE": _zip_codes(airports).repeat(len(read)),
            "RAIN_MM_H": rain[:, read].ravel(),
        }
    )


def _planes() -> pd.DataFrame:
    rows = [(one.model, one.seats, one.range_km, one.km_per_litre) for one in PLANES]
    return pd.DataFrame(rows, columns=PLANE_MODEL_ATTRIBUTES.column_names)


def _zip_codes(count: int) -> npt.NDArray[np.object_]:
    return np.array([airport.zip_code for airport in AIRPORTS[:count]], dtype=object)
