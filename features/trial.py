"""What a trial asks for, as its text said at the time."""

from mlops.definitions import Check, Column, Entity, FeatureView, PythonFunction

TRIAL = Entity(name="TRIAL", join_keys=("TRIAL_ID",), description="A clinical trial.")

READ_CRITERIA = PythonFunction(
    name="READ_CRITERIA",
    files=("features/criteria_text.py", "features/criteria"),
    handler="features.criteria_text.read_criteria_object",
    arguments=(Column("CRITERIA", "VARCHAR"),),
    returns="OBJECT",
    description="Age limits, sex and condition that a free text of eligibility criteria states.",
)

TRIAL_CRITERIA = FeatureView(
    name="TRIAL_CRITERIA",
    version="V1",
    entities=("TRIAL",),
    timestamp="RECORDED_AT",
    reads=("SOURCE.CLINICAL_TRIALS",),
    functions=("READ_CRITERIA",),
    # A trial has a row for each amendment; a screening is judged by the one that was valid then.
    query="""
        SELECT
            TRIAL_ID,
            RECORDED_AT,
            CRITERIA:MIN_AGE::FLOAT AS MIN_AGE,
            CRITERIA:MIN_INCLUSIVE::BOOLEAN AS MIN_INCLUSIVE,
            CRITERIA:MAX_AGE::FLOAT AS MAX_AGE,
            CRITERIA:MAX_INCLUSIVE::BOOLEAN AS MAX_INCLUSIVE,
            CRITERIA:SEX::VARCHAR AS REQUIRED_SEX,
            CRITERIA:CONDITION::VARCHAR AS REQUIRED_CONDITION
        FROM (
            SELECT TRIAL_ID, RECORDED_AT, FEATURE_STORE.READ_CRITERIA(INCLUSION_CRITERIA) AS CRITERIA
            FROM SOURCE.CLINICAL_TRIALS
        )
    """,
    features={
        "MIN_AGE": "Least age in years; NULL when the text states none.",
        "MIN_INCLUSIVE": "Whether the least age itself is let in.",
        "MAX_AGE": "Greatest age in years; NULL when the text states none.",
        "MAX_INCLUSIVE": "Whether the greatest age itself is let in.",
        "REQUIRED_SEX": "The only sex that is let in; ALL when both are.",
        "REQUIRED_CONDITION": "The condition that the trial is about; NULL when the text names none.",
    },
    description="Age limits, sex and condition, read from the text of the criteria.",
    checks=(
        Check(
            query="SELECT COUNT(*) FROM SOURCE.CLINICAL_TRIALS WHERE INCLUSION_CRITERIA IS NULL OR TRIM(INCLUSION_CRITERIA) = ''",
            sentence="{count} trials have no text of criteria: they get no limit of any kind.",
        ),
    ),
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
