"""Will a screening find this patient eligible for this trial?"""

from mlops.definitions import Column, Estimator, Gate, Model, Quality, Table, TrainingSet

TRIAL_SCREENINGS = TrainingSet(
    name="TRIAL_SCREENINGS",
    spine="SELECT PATIENT_ID, TRIAL_ID, SCREENED_AT, ELIGIBLE FROM SOURCE.SCREENINGS",
    keys=("PATIENT_ID", "TRIAL_ID"),
    timestamp="SCREENED_AT",
    label="ELIGIBLE",
    # One patient is screened for several trials: a split by row would show the test what the training has seen.
    group="PATIENT_ID",
    feature_views=("PATIENT_AGE/V1", "TRIAL_CRITERIA/V1"),
    reads=("SOURCE.SCREENINGS",),
    description="Past screenings with what was known of patient and trial at that time.",
    # The samples end with 2025; of screenings that go on, three months without a new one are a fault.
    quality=Quality(oldest_days=3650, ranges={"AGE": (0, 125)}),
)

PREDICTIONS = Table(
    name="PREDICTIONS",
    columns=(
        Column("RUN_ID", "VARCHAR"),
        Column("MODEL_VERSION", "VARCHAR"),
        Column("PATIENT_ID", "VARCHAR"),
        Column("TRIAL_ID", "VARCHAR"),
        Column("AGE", "FLOAT"),
        Column("MIN_AGE", "FLOAT"),
        Column("MAX_AGE", "FLOAT"),
        Column("PREDICTION", "NUMBER(38, 0)"),
        Column("MATCH_PERCENTAGE", "FLOAT"),
        Column("ELIGIBLE", "BOOLEAN"),
    ),
    description="What a version said about the screenings that were held out of its training.",
)

TRIAL_ELIGIBILITY = Model(
    name="TRIAL_ELIGIBILITY",
    training_set="TRIAL_SCREENINGS",
    numeric=("AGE", "MIN_AGE", "MAX_AGE", "COMORBIDITIES"),
    # Whole years are counted in birthdays: up to 65 holds until the 66th, over 18 begins with the 19th.
    derived={
        "AGE_ALLOWED": """IFF(
            (MIN_AGE IS NULL OR IFF(MIN_AGE = FLOOR(MIN_AGE), FLOOR(AGE), AGE) - MIN_AGE >= IFF(MIN_INCLUSIVE, -0.01, 0.01))
            AND (MAX_AGE IS NULL OR IFF(MAX_AGE = FLOOR(MAX_AGE), FLOOR(AGE), AGE) - MAX_AGE <= IFF(MAX_INCLUSIVE, 0.01, -0.01)),
            1, 0)""",
        "SEX_ALLOWED": "IFF(REQUIRED_SEX IN ('ALL', SEX), 1, 0)",
        "CONDITION_MATCHES": "IFF(REQUIRED_CONDITION = CONDITION, 1, 0)",
    },
    categorical=("SEX", "CONDITION"),
    estimator=Estimator(
        "sklearn.ensemble.RandomForestClassifier", {"n_estimators": 100, "min_samples_leaf": 10, "max_features": "sqrt"}
    ),
    holdout=0.3,
    seed=42,
    gates=(Gate("ROC_AUC", 0.6),),
    procedure="TRAIN_MODEL",
    predictions="PREDICTIONS",
    shown=("AGE", "MIN_AGE", "MAX_AGE"),
    description="Chance that a screening finds a patient eligible for a trial.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
