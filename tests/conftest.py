"""Settings that every test shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline measures the machine and its load, not the rule.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# What runs whole pipelines comes first, so that no worker is left alone with it at the end. The first run is waited for by
# others, so something that does not need it is next.
DEAREST = (
    "pipeline/test_first_run.py",
    "pipeline/test_shipped.py",
    "content/test_killed.py",
    "consumers",
    "pipeline",
    "content",
    "clients",
    "account/faults",
    "account/test_serve.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path))


def _place(file: Path) -> int:
    """A stable sort leaves the tests of one file, and files of one place, in their order."""
    path = file.relative_to(Path(__file__).parent).as_posix()
    return next((at for at, start in enumerate(DEAREST) if path.startswith(start)), len(DEAREST))
