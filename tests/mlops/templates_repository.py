"""A small repository of templates, with tags, as the real one is one: scaffold, version, history."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRON = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SNOWFLAKE_", "BUILD_"))},
    **{f"GIT_{who}_{what}": "nobody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, env=ENVIRON, capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class Templates:
    folder: Path

    def release(self, tag: str, files: Mapping[str, str]) -> None:
        """The scaffold is exactly these files from this tag on."""
        scaffold = self.folder / "mlops" / "scaffold" / "files"
        if scaffold.exists():
            git(self.folder, "rm", "-r", "--quiet", "mlops/scaffold/files")
        for path, text in files.items():
            (scaffold / path).parent.mkdir(parents=True, exist_ok=True)
            (scaffold / path).write_text(text)
        (self.folder / "pyproject.toml").write_text(f'[project]\nname = "mlops"\nversion = "{tag.removeprefix("v")}"\n')
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", tag)
        git(self.folder, "tag", tag)


def make_templates(folder: Path) -> Templates:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return Templates(folder)
