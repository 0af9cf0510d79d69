from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from samples.errors import SampleError
from samples.patients import generate_patients
from samples.screenings import generate_screenings
from samples.tables import CLINICAL_TRIALS, PATIENTS, SCREENINGS
from samples.trials import generate_trials


@dataclass(frozen=True)
class Sizes:
    """The defaults keep the whole pipeline quick on a laptop."""

    patients: int = 600
    trials: int = 80
    screenings: int = 6000
    seed: int = 7

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.patients} patients, {self.trials} trials, {self.screenings} screenings"


def generate(sizes: Sizes) -> dict[str, pd.DataFrame]:
    """The tables by name. Equal sizes and seed give equal tables, on any machine."""
    if min(sizes.patients, sizes.trials, sizes.screenings) < 0:
        raise SampleError("A number of rows cannot be negative.")
    if sizes.screenings and not (sizes.patients and sizes.trials):
        raise SampleError("Screenings need patients and trials: ask for at least one of each, or for --screenings 0.")
    # One stream of chance for each table: more screenings leave the patients as they are.
    chance = [np.random.default_rng(seed) for seed in np.random.SeedSequence(sizes.seed).spawn(3)]
    patients = generate_patients(sizes.patients, chance[0])
    trials = generate_trials(sizes.trials, chance[1])
    return {
        PATIENTS.name: patients,
        CLINICAL_TRIALS.name: trials.table,
        SCREENINGS.name: generate_screenings(sizes.screenings, patients, trials, chance[2]),
    }
