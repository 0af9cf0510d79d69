"""Settings that every test shares."""

from __future__ import annotations

from hypothesis import settings

# A deadline measures the machine and its load, not the rule.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
