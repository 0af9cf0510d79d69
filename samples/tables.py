"""The source tables, as the pipeline expects them."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "SOURCE"


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


PATIENTS = Table(
    "PATIENTS",
    (
        Column("PATIENT_ID", "VARCHAR"),
        Column("BIRTH_DATE", "DATE"),
        Column("SEX", "VARCHAR"),
        Column("CONDITION", "VARCHAR"),
        Column("REGISTERED_AT", "TIMESTAMP_NTZ"),
        # Known from the patient's record, so before any screening.
        Column("COMORBIDITIES", "NUMBER(38, 0)"),
    ),
)
# An amended text is one more row of the same trial: what held at a time is the latest row recorded before it.
CLINICAL_TRIALS = Table(
    "CLINICAL_TRIALS",
    (
        Column("TRIAL_ID", "VARCHAR"),
        Column("TITLE", "VARCHAR"),
        Column("INCLUSION_CRITERIA", "VARCHAR"),
        Column("RECORDED_AT", "TIMESTAMP_NTZ"),
    ),
)
SCREENINGS = Table(
    "SCREENINGS",
    (
        Column("SCREENING_ID", "VARCHAR"),
        Column("PATIENT_ID", "VARCHAR"),
        Column("TRIAL_ID", "VARCHAR"),
        Column("SCREENED_AT", "TIMESTAMP_NTZ"),
        Column("ELIGIBLE", "BOOLEAN"),
    ),
)
TABLES = (PATIENTS, CLINICAL_TRIALS, SCREENINGS)

US_FLIGHT_SCHEDULES = Table(
    "US_FLIGHT_SCHEDULES",
    (
        Column("AIRPORT_NAME", "VARCHAR"),
        Column("AIRPORT_ZIP_CODE", "VARCHAR"),
        Column("SCHEDULED_DEPARTURE_UTC", "TIMESTAMP_NTZ"),
        Column("DEPARTURE_CODE", "VARCHAR"),
        Column("DOMESTIC_CODE", "VARCHAR"),
        Column("TICKETS_SOLD", "NUMBER(38, 0)"),
        Column("TAIL_NUMBER", "VARCHAR"),
        Column("PLANE_MODEL", "VARCHAR"),
        Column("DESTINATION_CODE", "VARCHAR"),
        Column("DEPARTING_DELAY", "BOOLEAN"),
    ),
)
# One row a minute and airport.
AIRPORT_WEATHER_STATION = Table(
    "AIRPORT_WEATHER_STATION",
    (Column("DATETIME_UTC", "TIMESTAMP_NTZ"), Column("AIRPORT_ZIP_CODE", "VARCHAR"), Column("RAIN_MM_H", "FLOAT")),
)
PLANE_MODEL_ATTRIBUTES = Table(
    "PLANE_MODEL_ATTRIBUTES",
    (
        Column("PLANE_MODEL", "VARCHAR"),
        Column("SEATING_CAPACITY", "NUMBER(38, 0)"),
        Column("MAX_RANGE_KM", "NUMBER(38, 0)"),
        Column("FUEL_EFFICIENCY_KM_PER_L", "FLOAT"),
    ),
)
FLIGHT_TABLES = (PLANE_MODEL_ATTRIBUTES, AIRPORT_WEATHER_STATION, US_FLIGHT_SCHEDULES)
ALL_TABLES = (*TABLES, *FLIGHT_TABLES)
