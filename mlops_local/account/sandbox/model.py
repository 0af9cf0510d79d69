"""The handler of one method of a model version, from the version's folder and the manifest in it.

https://docs.snowflake.com/en/developer-guide/snowflake-ml/model-registry/overview
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mlops_local.account.sandbox.errors import SandboxError
from mlops_local.account.sandbox.spec import Handler, ImportFile


def model_handler(folder: Path, method: str, *, name: str | None = None) -> Handler:
    """``method`` as the manifest names it; ``name`` is what error messages call it. The whole version is laid out."""
    manifest = read_manifest(folder)
    found = next((entry for entry in manifest["methods"] if entry["name"] == method), None)
    if found is None:
        methods = ", ".join(entry["name"] for entry in manifest["methods"])
        raise SandboxError(f"This model version has no method '{method}'. It has: {methods}.")
    runtime = manifest["runtimes"][found["runtime"]]
    return Handler(
        name=name or method,
        handler=found["handler"],
        imports=tuple(_files(folder)),
        packages=tuple(_requirements(folder, runtime)),
        runtime_version=str(runtime["version"]),
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    try:
        return dict(yaml.safe_load((folder / "MANIFEST.yml").read_text()))
    except OSError as error:
        raise SandboxError(f"The model version has no readable MANIFEST.yml: {error.strerror}.") from error


def _files(folder: Path) -> Iterator[ImportFile]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield ImportFile(path, path.relative_to(folder).as_posix())


def _requirements(folder: Path, runtime: dict[str, Any]) -> Iterator[str]:
    """Of pip or of conda: both are files that the manifest names."""
    dependencies = runtime.get("dependencies") or {}
    if "pip" in dependencies:
        lines = (folder / dependencies["pip"]).read_text().splitlines()
        yield from (line.strip() for line in lines if line.strip() and not line.startswith(("#", "-")))
    if "conda" in dependencies:
        yield from _conda_requirements(folder / dependencies["conda"])


def _conda_requirements(path: Path) -> Iterator[str]:
    for entry in yaml.safe_load(path.read_text()).get("dependencies") or []:
        lines = entry.get("pip", []) if isinstance(entry, dict) else [entry.rpartition("::")[2]]
        yield from (line for line in lines if not line.startswith(("python=", "python>", "python<", "pip")) and line != "python")
