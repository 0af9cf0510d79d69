"""Options of `python -m samples` for tests that are not about how much there is: the defaults make 777,600 rows of weather."""

from __future__ import annotations

# Weather that is read every ten minutes: the means of 30 minutes and more are still means.
FEW_FLIGHTS = ("--days", "10", "--minutes", "10")
FLIGHTS = 10 * 18 * 16
NO_FLIGHTS = ("--airports", "0")
FEW_TRIALS = ("--patients", "50", "--trials", "10", "--screenings", "200")
NO_TRIALS = ("--patients", "0", "--trials", "0", "--screenings", "0")
