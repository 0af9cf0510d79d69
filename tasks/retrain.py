"""New screenings train the model anew."""

from mlops.definitions import Stream, Task

SCREENINGS_STREAM = Stream(
    name="SCREENINGS_STREAM",
    table="SOURCE.SCREENINGS",
    description="Screenings that no training has seen yet.",
)

RETRAIN_TRIAL_ELIGIBILITY = Task(
    name="RETRAIN_TRIAL_ELIGIBILITY",
    schedule="1 MINUTE",
    when="SCREENINGS_STREAM",
    procedure="TRAIN_MODEL",
    arguments=("TRIAL_ELIGIBILITY", "new screenings", "SCREENINGS_STREAM"),
    description="Trains when the stream has data; the procedure takes the data from the stream, so one change is one run.",
)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
