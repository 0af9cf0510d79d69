"""Versions of models as they are stored, and their methods."""
