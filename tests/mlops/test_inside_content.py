from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from mlops.archive import Archive, code_archive, function_archive
from mlops.collect import collect
from mlops.fingerprint import fingerprint

from .content import write_content

SHOW = """
from mlops.fingerprint import fingerprint
from mlops.inside.content import open_content
with open_content() as content:
    print(fingerprint(content, content.model("GUESS")))
"""


def run_from(archive: Archive, place: Path, program: str) -> str:
    """Run from the archive alone, as Snowflake imports it, and from nowhere else."""
    (place / "code.zip").write_bytes(archive.content)
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(place / 'code.zip')!r})\n{program}"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_content_in_an_archive_is_the_content_that_was_put_there(tmp_path: Path) -> None:
    definitions = collect(write_content(tmp_path))
    (tmp_path / "away").mkdir()
    assert run_from(code_archive(tmp_path), tmp_path / "away", SHOW) == fingerprint(definitions, definitions.model("GUESS"))


def test_a_folder_need_not_say_that_it_is_a_package(tmp_path: Path) -> None:
    (tmp_path / "features" / "parts").mkdir(parents=True)
    (tmp_path / "features" / "twice.py").write_text("from features.parts.two import TWO\n\ndef twice(x):\n    return TWO * x\n")
    (tmp_path / "features" / "parts" / "two.py").write_text("TWO = 2\n")
    (tmp_path / "away").mkdir()
    archive = function_archive(tmp_path, ("features/twice.py", "features/parts"))
    assert run_from(archive, tmp_path / "away", "import features.twice; print(features.twice.twice(21))") == "42"


def test_a_repository_without_one_of_the_families_has_an_archive_too(tmp_path: Path) -> None:
    write_content(tmp_path)
    whole = code_archive(tmp_path)
    shutil.rmtree(tmp_path / "tasks")
    assert code_archive(tmp_path).digest != whole.digest
