"""This machine as an agent sees it: its caches, its installer, and what of its environment a job may inherit."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

# A job gets what any agent machine would have: where programs are, its language, and how it reaches the network.
_INHERITED = {"LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL"}
_INHERITED_PREFIXES = ("LC_",)
_NETWORK = {
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_TRUSTED_HOST",
    "PIP_CONFIG_FILE",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_FIND_LINKS",
}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
_OS_NAMES = {"Linux": "Linux", "Darwin": "Darwin", "Windows": "Windows_NT"}
_ARCHITECTURES = {"x86_64": "X64", "amd64": "X64", "arm64": "ARM64", "aarch64": "ARM64"}


@dataclass(frozen=True)
class Machine:
    """`environment` is all that a job inherits; everything else comes from the pipeline."""

    environment: dict[str, str]
    cache: Path
    uv: str
    uv_cache: Path
    os: str
    architecture: str
    name: str
    home: Path

    @property
    def issuer_keys(self) -> Path:
        """The folder of the key that signs tokens of service connections; an account that should know it reads its JWKS."""
        return self.cache / "oidc"


def this_machine(cache: Path | None = None) -> Machine:
    """The only reader of this process's environment in the agent."""
    surrounding = os.environ
    home = Path(surrounding.get("HOME", "/"))
    shared = Path(surrounding.get("XDG_CACHE_HOME") or home / ".cache")
    chosen = cache or Path(surrounding.get("MLOPS_LOCAL_CACHE") or shared / "mlops-local")
    return Machine(
        environment=_inherited(surrounding),
        cache=chosen.resolve(),
        uv=find_uv_bin(),
        uv_cache=Path(surrounding.get("UV_CACHE_DIR") or shared / "uv"),
        os=_OS_NAMES.get(platform.system(), platform.system()),
        architecture=_ARCHITECTURES.get(platform.machine().lower(), platform.machine().upper()),
        name=platform.node() or "localhost",
        home=home,
    )


def _inherited(surrounding: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in surrounding.items()
        if name in _INHERITED | _NETWORK or name.upper() in _PROXIES or name.startswith(_INHERITED_PREFIXES)
    }
    kept.setdefault("LANG", "C.UTF-8")
    kept["PATH"] = _path_without_environment(surrounding)
    return kept


def _path_without_environment(surrounding: Mapping[str, str]) -> str:
    """PATH without the virtual environment in which the agent itself runs: a job's python is none of the agent's."""
    active = surrounding.get("VIRTUAL_ENV")
    folders = surrounding.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder and folder != f"{active}/bin")


def find_program(name: str, environment: dict[str, str]) -> str | None:
    return shutil.which(name, path=environment.get("PATH"))
