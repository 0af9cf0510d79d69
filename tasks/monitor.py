"""What is to be watched from day to day."""

from mlops.definitions import Column, Monitor, Procedure, Task

_RECENT = "SCREENED_AT > (SELECT DATEADD('day', -30, MAX(SCREENED_AT)) FROM SOURCE.SCREENINGS)"

TRIAL_ELIGIBILITY_MONITOR = Monitor(
    name="TRIAL_ELIGIBILITY_MONITOR",
    model="TRIAL_ELIGIBILITY",
    reads=("SOURCE.PATIENTS", "SOURCE.CLINICAL_TRIALS", "SOURCE.SCREENINGS"),
    measures={
        "PATIENTS": "SELECT COUNT(*) FROM SOURCE.PATIENTS",
        "TRIALS": "SELECT COUNT(DISTINCT TRIAL_ID) FROM SOURCE.CLINICAL_TRIALS",
        "SCREENINGS": "SELECT COUNT(*) FROM SOURCE.SCREENINGS",
        "ELIGIBLE_SHARE": "SELECT AVG(IFF(ELIGIBLE, 1, 0)) FROM SOURCE.SCREENINGS",
        "ELIGIBLE_SHARE_LAST_30_DAYS": f"SELECT AVG(IFF(ELIGIBLE, 1, 0)) FROM SOURCE.SCREENINGS WHERE {_RECENT}",
        "MEAN_AGE": "SELECT AVG(AGE) FROM FEATURE_STORE.PATIENT_AGE$V1",
        "MEAN_AGE_LAST_30_DAYS": f"SELECT AVG(AGE) FROM FEATURE_STORE.PATIENT_AGE$V1 WHERE {_RECENT}",
        "SHARE_OF_TRIALS_WITHOUT_AGE_LIMITS": (
            "SELECT AVG(IFF(MIN_AGE IS NULL AND MAX_AGE IS NULL, 1, 0)) FROM FEATURE_STORE.TRIAL_CRITERIA$V1"
        ),
    },
    description="Sizes, shares and shifts of what the model is trained on.",
)

MONITOR_MODEL = Procedure(
    name="MONITOR_MODEL",
    handler="mlops.inside.monitor.monitor_model",
    arguments=(Column("MONITOR_NAME", "VARCHAR"),),
    packages=("snowflake-snowpark-python",),
    writes=("MONITORING",),
    description="Writes the measures of a monitor into MONITORING.",
)

MONITOR_TRIAL_ELIGIBILITY = Task(
    name="MONITOR_TRIAL_ELIGIBILITY",
    schedule="USING CRON 0 4 * * * UTC",
    procedure="MONITOR_MODEL",
    arguments=("TRIAL_ELIGIBILITY_MONITOR",),
    description="Measures once a day, at 04:00 UTC.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
