"""Where planes start, how wet it is there, and what flies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Airport:
    name: str
    zip_code: str
    code: str
    # Storms a day.
    storms: float


@dataclass(frozen=True)
class Plane:
    model: str
    seats: int
    range_km: int
    km_per_litre: float
    # Log-odds of a late departure: some models need more time at the gate, and break more often.
    trouble: float


AIRPORTS = (
    Airport("Hartsfield-Jackson Atlanta International", "30320", "ATL", 0.9),
    Airport("Los Angeles International", "90045", "LAX", 0.3),
    Airport("Chicago O'Hare International", "60666", "ORD", 0.8),
    Airport("Dallas Fort Worth International", "75261", "DFW", 0.7),
    Airport("Denver International", "80249", "DEN", 0.6),
    Airport("John F. Kennedy International", "11430", "JFK", 0.9),
    Airport("San Francisco International", "94128", "SFO", 0.5),
    Airport("Seattle-Tacoma International", "98158", "SEA", 1.2),
    Airport("Harry Reid International", "89119", "LAS", 0.2),
    Airport("Orlando International", "32827", "MCO", 1.3),
    Airport("Miami International", "33142", "MIA", 1.4),
    Airport("Phoenix Sky Harbor International", "85034", "PHX", 0.2),
    Airport("George Bush Intercontinental", "77032", "IAH", 1.0),
    Airport("Boston Logan International", "02128", "BOS", 0.9),
    Airport("Minneapolis-Saint Paul International", "55450", "MSP", 0.7),
    Airport("Detroit Metropolitan", "48242", "DTW", 0.8),
    Airport("Philadelphia International", "19153", "PHL", 0.9),
    Airport("Charlotte Douglas International", "28208", "CLT", 0.9),
)
ABROAD = ("YYZ", "MEX", "LHR", "CDG", "NRT")

PLANES = (
    Plane("Airbus A220-300", 137, 6297, 0.62, -0.4),
    Plane("Airbus A319", 128, 6950, 0.52, 0.0),
    Plane("Airbus A320", 150, 6150, 0.49, 0.1),
    Plane("Airbus A321neo", 196, 7400, 0.51, -0.2),
    Plane("Airbus A330-300", 277, 11750, 0.24, 0.4),
    Plane("Boeing 717-200", 110, 2645, 0.45, 1.0),
    Plane("Boeing 737-800", 160, 5436, 0.47, 0.1),
    Plane("Boeing 737 MAX 8", 172, 6480, 0.54, -0.3),
    Plane("Boeing 757-200", 199, 7250, 0.36, 0.8),
    Plane("Boeing 767-300ER", 211, 11070, 0.26, 0.9),
    Plane("Boeing 787-9", 276, 14010, 0.31, -0.1),
    Plane("Embraer E175", 76, 3704, 0.68, -0.2),
)
