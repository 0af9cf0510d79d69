"""Reads eligibility criteria from free text. Standard library only: the package is imported by a function inside Snowflake."""
