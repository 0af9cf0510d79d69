from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from mlops.archive import code_archive
from mlops.collect import collect
from mlops.fingerprint import fingerprint

from .content import write_content

SHOW = """
from mlops.fingerprint import fingerprint
from mlops.inside.content import open_content
with open_content() as content:
    print(fingerprint(content, content.model("GUESS")))
"""


def test_content_in_an_archive_is_the_content_that_was_put_there(tmp_path: Path) -> None:
    """Run from the archive alone, as Snowflake imports it, and from nowhere else."""
    definitions = collect(write_content(tmp_path))
    archive = tmp_path / "code.zip"
    archive.write_bytes(code_archive(tmp_path).content)
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(archive)!r})\n{SHOW}"],
        cwd=tmp_path / "features",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == fingerprint(definitions, definitions.model("GUESS"))


def test_a_repository_without_one_of_the_families_has_an_archive_too(tmp_path: Path) -> None:
    write_content(tmp_path)
    whole = code_archive(tmp_path)
    shutil.rmtree(tmp_path / "tasks")
    assert code_archive(tmp_path).digest != whole.digest
