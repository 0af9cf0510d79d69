"""What is known of a patient when the patient is screened."""

from mlops.definitions import Entity, FeatureView

PATIENT = Entity(name="PATIENT", join_keys=("PATIENT_ID",), description="A person who may take part in a trial.")

PATIENT_AGE = FeatureView(
    name="PATIENT_AGE",
    version="V1",
    entities=("PATIENT",),
    timestamp="SCREENED_AT",
    reads=("SOURCE.PATIENTS", "SOURCE.SCREENINGS"),
    # Of a screening, only who and when: whether the patient was eligible stays out of every feature.
    query="""
        SELECT DISTINCT
            P.PATIENT_ID,
            S.SCREENED_AT,
            FLOOR(MONTHS_BETWEEN(S.SCREENED_AT, P.BIRTH_DATE)) / 12 AS AGE,
            P.SEX,
            P.CONDITION,
            P.COMORBIDITIES
        FROM SOURCE.PATIENTS P
        JOIN SOURCE.SCREENINGS S ON S.PATIENT_ID = P.PATIENT_ID
    """,
    features={
        "AGE": "Age in years at the time of screening, in completed months.",
        "SEX": "Sex as recorded at registration.",
        "CONDITION": "The condition that the patient is treated for.",
        "COMORBIDITIES": "How many other conditions the patient has.",
    },
    description="Age and other causes known before a screening.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
