from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlops
from mlops.collect import Definitions, collect


@contextmanager
def open_content() -> Iterator[Definitions]:
    """The content that came in the same archive as this module, whether or not the archive has been unpacked."""
    archive = Path(mlops.__file__).parent.parent
    if archive.is_dir():
        yield collect(archive)
        return
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        yield collect(Path(folder))
