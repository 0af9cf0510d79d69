"""Will a flight depart late?"""

from dataclasses import replace

from mlops.definitions import Column, Estimator, Gate, Model, Quality, Table, TrainingSet

US_FLIGHT_DELAYS_V1 = TrainingSet(
    name="US_FLIGHT_DELAYS",
    version="V1",
    spine="""
        SELECT AIRPORT_ZIP_CODE, PLANE_MODEL, SCHEDULED_DEPARTURE_UTC, TICKETS_SOLD, DEPARTING_DELAY
        FROM SOURCE.US_FLIGHT_SCHEDULES
    """,
    keys=("AIRPORT_ZIP_CODE", "PLANE_MODEL", "SCHEDULED_DEPARTURE_UTC"),
    timestamp="SCHEDULED_DEPARTURE_UTC",
    label="DEPARTING_DELAY",
    feature_views=("AIRPORT_WEATHER/V1", "PLANE/V1"),
    reads=("SOURCE.US_FLIGHT_SCHEDULES",),
    description="Past departures with the rain before them and the plane.",
    quality=Quality(
        # The samples are of one June.
        oldest_days=3650,
        nulls={"TICKETS_SOLD": 0.05, "SEATING_CAPACITY": 0.05},
        ranges={"TICKETS_SOLD": (0, 1000), "RAIN_30_MIN": (0, 500), "RAIN_60_MIN": (0, 500)},
    ),
)

US_FLIGHT_DELAYS_V2 = replace(US_FLIGHT_DELAYS_V1, version="V2", feature_views=("AIRPORT_WEATHER/V2", "PLANE/V1"))

FLIGHT_DELAY_PREDICTIONS = Table(
    name="FLIGHT_DELAY_PREDICTIONS",
    columns=(
        Column("RUN_ID", "VARCHAR"),
        Column("MODEL_VERSION", "VARCHAR"),
        Column("AIRPORT_ZIP_CODE", "VARCHAR"),
        Column("PLANE_MODEL", "VARCHAR"),
        Column("SCHEDULED_DEPARTURE_UTC", "TIMESTAMP_NTZ"),
        Column("RAIN_60_MIN", "FLOAT"),
        Column("PREDICTION", "NUMBER(38, 0)"),
        Column("MATCH_PERCENTAGE", "FLOAT"),
        Column("DEPARTING_DELAY", "BOOLEAN"),
    ),
    description="What a version said about the departures that came after those of its training.",
)

AIRLINE_FLIGHT_DELAY_MODEL = Model(
    name="AIRLINE_FLIGHT_DELAY_MODEL",
    training_set="US_FLIGHT_DELAYS/V2",
    numeric=(
        *("TICKETS_SOLD", "SEATING_CAPACITY", "MAX_RANGE_KM", "FUEL_EFFICIENCY_KM_PER_L"),
        *("RAIN_30_MIN", "RAIN_60_MIN", "RAIN_120_MIN"),
    ),
    derived={"HOUR": "HOUR(SCHEDULED_DEPARTURE_UTC)", "WEEKDAY": "DAYOFWEEKISO(SCHEDULED_DEPARTURE_UTC)"},
    categorical=("PLANE_MODEL",),
    impute="median",
    estimator=Estimator(
        "sklearn.ensemble.GradientBoostingClassifier",
        {"n_estimators": 100, "max_depth": 3, "learning_rate": 0.05, "subsample": 0.7, "min_samples_leaf": 20},
    ),
    holdout=0.3,
    seed=42,
    # Delays are few: always saying "in time" would be right in 95 of 100, so accuracy tells nothing. A guess has an
    # average precision of 0.05.
    gates=(Gate("ROC_AUC", 0.65), Gate("AVERAGE_PRECISION", 0.08)),
    procedure="TRAIN_MODEL",
    predictions="FLIGHT_DELAY_PREDICTIONS",
    shown=("RAIN_60_MIN",),
    description="Chance that a flight departs late.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
