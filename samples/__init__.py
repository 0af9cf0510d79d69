"""Seeded source data for the use cases, and loaders for a user's own files."""
