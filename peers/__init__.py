"""The suites of other projects, unmodified, against the embedded account: ``python -m peers --suites FOLDER``."""
