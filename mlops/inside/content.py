from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import mlops
from mlops.collect import Definitions, collect


def read_content() -> Definitions:
    """The content that came in the same archive as this module, whether or not the archive has been unpacked."""
    archive = Path(mlops.__file__).parent.parent
    if archive.is_dir():
        return collect(archive)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        return collect(Path(folder))
