from __future__ import annotations

from mlops.errors import MlopsError


class SampleError(MlopsError):
    """A file that cannot be read, or tables that already hold something else."""

    exit_code = 8
