from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samples.errors import SampleError
from samples.flights import FlightSizes, generate_flights
from samples.tables import FLIGHT_TABLES
from samples.weather import mean_before


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return generate_flights(FlightSizes())


def test_the_tables_have_the_stated_columns_and_sizes(tables: dict[str, pd.DataFrame]) -> None:
    assert {name: list(rows.columns) for name, rows in tables.items()} == {
        table.name: table.column_names for table in FLIGHT_TABLES
    }
    assert {name: len(rows) for name, rows in tables.items()} == {
        "US_FLIGHT_SCHEDULES": 8640,
        "AIRPORT_WEATHER_STATION": 777_600,
        "PLANE_MODEL_ATTRIBUTES": 12,
    }


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_five_of_a_hundred_are_late_for_causes(seed: int) -> None:
    tables = generate_flights(FlightSizes(seed=seed))
    flights, rain = tables["US_FLIGHT_SCHEDULES"], tables["AIRPORT_WEATHER_STATION"]
    late = flights["DEPARTING_DELAY"]
    assert late.sum() == 432
    last_hour = rain.assign(RAIN=rain.groupby("AIRPORT_ZIP_CODE")["RAIN_MM_H"].transform(lambda one: one.rolling(60).mean()))
    known = flights.merge(
        last_hour, left_on=["AIRPORT_ZIP_CODE", "SCHEDULED_DEPARTURE_UTC"], right_on=["AIRPORT_ZIP_CODE", "DATETIME_UTC"]
    )
    assert late[known["RAIN"] > 5].mean() > 3 * late[known["RAIN"] == 0].mean()
    assert late[flights["SCHEDULED_DEPARTURE_UTC"].dt.hour >= 18].mean() > 1.5 * late.mean()
    by_plane = late.groupby(flights["PLANE_MODEL"]).mean()
    assert by_plane["Boeing 717-200"] > 1.5 * by_plane["Airbus A220-300"]


def test_equal_sizes_give_equal_tables_and_another_seed_others() -> None:
    small = FlightSizes(3, 4, 5)
    for name, rows in generate_flights(small).items():
        pd.testing.assert_frame_equal(rows, generate_flights(small)[name])
    other = generate_flights(FlightSizes(3, 4, 5, seed=8))["US_FLIGHT_SCHEDULES"]
    assert not other.equals(generate_flights(small)["US_FLIGHT_SCHEDULES"])


def test_a_station_that_is_read_less_often_writes_down_less_of_the_same_rain() -> None:
    each, seldom = generate_flights(FlightSizes(3, 4, 5)), generate_flights(FlightSizes(3, 4, 5, minutes=10))
    pd.testing.assert_frame_equal(seldom["US_FLIGHT_SCHEDULES"], each["US_FLIGHT_SCHEDULES"])
    read = each["AIRPORT_WEATHER_STATION"]
    expected = read[read["DATETIME_UTC"].dt.minute % 10 == 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(seldom["AIRPORT_WEATHER_STATION"], expected)


def test_no_two_planes_start_from_an_airport_in_the_same_minute(tables: dict[str, pd.DataFrame]) -> None:
    flights = tables["US_FLIGHT_SCHEDULES"]
    assert not flights.duplicated(["AIRPORT_ZIP_CODE", "SCHEDULED_DEPARTURE_UTC"]).any()
    assert flights.groupby("TAIL_NUMBER")["PLANE_MODEL"].nunique().max() == 1
    assert (flights["DEPARTURE_CODE"] != flights["DESTINATION_CODE"]).all()


def test_a_mean_takes_the_minute_itself_and_begins_with_the_record() -> None:
    rain = np.array([[1.0, 2.0, 3.0, 4.0]])
    means = mean_before(rain, np.array([0, 0]), np.array([3, 0]), 2)
    assert means.tolist() == [3.5, 1.0]


@pytest.mark.parametrize(
    "sizes", [FlightSizes(19), FlightSizes(-1), FlightSizes(days=-1), FlightSizes(departures=1081), FlightSizes(minutes=0)]
)
def test_impossible_sizes_are_refused(sizes: FlightSizes) -> None:
    with pytest.raises(SampleError):
        generate_flights(sizes)


def test_no_airports_make_no_rows() -> None:
    assert all(rows.empty for rows in generate_flights(FlightSizes(0)).values())
