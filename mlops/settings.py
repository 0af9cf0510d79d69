"""The only reader of the environment. All that is wrong is reported at once, by name and never by value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote as urlquote

from mlops.errors import SettingsError
from mlops.marks import MANUAL
from mlops.names import Schema, resolve
from mlops.secret import Secret

# Azure Pipelines leaves $(name) as it stands when no such variable exists.
# https://learn.microsoft.com/azure/devops/pipelines/process/variables#understand-variable-syntax
_UNEXPANDED = re.compile(r"\$\([^()]*\)")

_REQUIRED = ("ACCOUNT", "USER", "WAREHOUSE", "DATABASE")
_AUTHENTICATORS = ("SNOWFLAKE_JWT", "WORKLOAD_IDENTITY", "SNOWFLAKE")
# Of the providers that the connector knows, the one whose token comes from outside: those of clouds fetch it by themselves.
# https://docs.snowflake.com/en/user-guide/workload-identity-federation
_PROVIDERS = ("OIDC",)
_PROTOCOLS = ("http", "https")

# Keys of connections.toml that are not simply the lower-case end of the variable's name.
_CONNECTION_KEYS = {
    "PRIVATE_KEY_FILE": ("private_key_file", "private_key_path"),
    "PRIVATE_KEY_PASSPHRASE": ("private_key_passphrase", "private_key_file_pwd"),
}

Connections = Callable[[], Mapping[str, Mapping[str, object]]]


@dataclass(frozen=True)
class Build:
    """What Azure Pipelines tells of its run; empty where it tells nothing.

    `environment` is known to deployment jobs only. `api` is where the REST API of the project is, and `token` what it takes;
    `approved_by` is what need not be asked there. `job_status` is how the job goes so far: Succeeded, SucceededWithIssues, Failed
    or Canceled.
    https://learn.microsoft.com/azure/devops/pipelines/build/variables
    """

    branch: str = ""
    url: str = ""
    requested_by: str = ""
    environment: str = ""
    stage: str = ""
    api: str = ""
    token: Secret | None = None
    approved_by: str = ""
    number: str = ""
    job_status: str = ""


@dataclass(frozen=True)
class Settings:
    account: str
    user: str
    role: str | None
    warehouse: str
    database: str
    schema: str
    authenticator: str
    private_key_file: str | None
    private_key_passphrase: Secret | None
    password: Secret | None
    token: Secret | None
    token_file: str | None
    host: str | None
    port: int | None
    protocol: str | None
    commit: str
    run: str
    repository: str
    production: bool
    build: Build

    @property
    def home(self) -> Schema:
        """Where models, procedures, streams, tasks and outputs live."""
        return Schema(self.database, self.schema)

    @property
    def feature_store(self) -> Schema:
        # Fixed, because the queries of the content name it.
        return Schema(self.database, "FEATURE_STORE")


def read_settings(environ: Mapping[str, str], connections: Connections = dict) -> Settings:
    reader = _Reader(environ, connections)
    settings = _compose(reader)
    if sentences := reader.sentences():
        raise SettingsError(" ".join(sentences))
    return settings


def read_build(environ: Mapping[str, str]) -> Build:
    """Without the rest: what is to be told of a run whose settings are wrong."""
    return _read_build(_Reader(environ, dict))


def _compose(reader: _Reader) -> Settings:
    reader.require(_REQUIRED)
    authenticator = reader.choice("AUTHENTICATOR", _AUTHENTICATORS, "SNOWFLAKE_JWT", str.upper)
    _check_credentials(reader, authenticator)
    return Settings(
        account=reader.text("ACCOUNT") or "",
        user=resolve(reader.text("USER") or ""),
        role=_resolved(reader.text("ROLE")),
        warehouse=resolve(reader.text("WAREHOUSE") or ""),
        database=resolve(reader.text("DATABASE") or ""),
        schema=resolve(reader.text("SCHEMA") or "ML"),
        authenticator=authenticator,
        private_key_file=reader.text("PRIVATE_KEY_FILE"),
        private_key_passphrase=_secret(reader.text("PRIVATE_KEY_PASSPHRASE")),
        password=_secret(reader.text("PASSWORD")),
        token=_secret(reader.text("TOKEN")),
        token_file=reader.text("TOKEN_FILE_PATH"),
        host=reader.text("HOST"),
        port=reader.port("PORT"),
        protocol=reader.choice("PROTOCOL", _PROTOCOLS, "https", str.lower),
        commit=reader.variable("BUILD_SOURCEVERSION") or "unknown",
        run=reader.variable("BUILD_BUILDID") or MANUAL,
        repository=reader.variable("BUILD_REPOSITORY_NAME") or "unknown",
        production=(reader.variable("MLOPS_PRODUCTION") or "").lower() == "true",
        build=_read_build(reader),
    )


def _read_build(reader: _Reader) -> Build:
    number = reader.variable("BUILD_BUILDID")
    project = reader.variable("SYSTEM_TEAMPROJECT")
    page = _address(reader.variable("SYSTEM_COLLECTIONURI"), project)
    return Build(
        branch=reader.variable("BUILD_SOURCEBRANCH") or "",
        url=f"{page}/_build/results?buildId={number}" if number and page else "",
        requested_by=reader.variable("BUILD_REQUESTEDFOR") or "",
        environment=reader.variable("ENVIRONMENT_NAME") or "",
        stage=reader.variable("SYSTEM_STAGENAME") or "",
        # The same address, but the one that scripts are told to call.
        api=_address(reader.variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"), project),
        token=_secret(reader.variable("SYSTEM_ACCESSTOKEN")),
        number=number or "",
        job_status=reader.variable("AGENT_JOBSTATUS") or "",
    )


def _address(collection: str | None, project: str | None) -> str:
    """Of the project, without a slash at the end."""
    return f"{collection.rstrip('/')}/{urlquote(project)}" if collection and project else ""


def _check_credentials(reader: _Reader, authenticator: str) -> None:
    if authenticator == "SNOWFLAKE_JWT":
        reader.require(("PRIVATE_KEY_FILE",))
        return
    if authenticator == "WORKLOAD_IDENTITY":
        reader.choice("WORKLOAD_IDENTITY_PROVIDER", _PROVIDERS, "OIDC", str.upper)
        if not reader.text("TOKEN") and not reader.text("TOKEN_FILE_PATH"):
            reader.faults.append("A workload identity needs its token: set SNOWFLAKE_TOKEN_FILE_PATH, or SNOWFLAKE_TOKEN.")
        return
    if (reader.variable("MLOPS_ALLOW_PASSWORD") or "").lower() != "true":
        reader.faults.append("A password is refused: use a key pair, or set MLOPS_ALLOW_PASSWORD=true for a trial account.")
    reader.require(("PASSWORD",))


def _resolved(value: str | None) -> str | None:
    return resolve(value) if value else None


def _secret(value: str | None) -> Secret | None:
    return Secret(value) if value else None


class _Reader:
    """Environment first, then the named connection; collects faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str], connections: Connections) -> None:
        self.faults: list[str] = []
        self._missing: list[str] = []
        self._environ = environ
        self._connection: Mapping[str, object] = {}
        name = self.variable("SNOWFLAKE_DEFAULT_CONNECTION_NAME")
        if name:
            self._connection = self._find(name, connections())

    def _find(self, name: str, known: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
        if name not in known:
            self.faults.append("SNOWFLAKE_DEFAULT_CONNECTION_NAME names no connection of connections.toml.")
        return known.get(name, {})

    def variable(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip()
        return None if not value or _UNEXPANDED.fullmatch(value) else value

    def text(self, name: str) -> str | None:
        value = self.variable(f"SNOWFLAKE_{name}")
        if value:
            return value
        keys = _CONNECTION_KEYS.get(name, (name.lower(),))
        found = [str(self._connection[key]) for key in keys if self._connection.get(key)]
        return found[0] if found else None

    def require(self, names: tuple[str, ...]) -> None:
        self._missing += [f"SNOWFLAKE_{name}" for name in names if not self.text(name)]

    def sentences(self) -> list[str]:
        return [*([f"Not set: {', '.join(self._missing)}."] if self._missing else []), *self.faults]

    def choice(self, name: str, values: tuple[str, ...], default: str, fold: Callable[[str], str]) -> str:
        value = fold(self.text(name) or default)
        if value not in values:
            self.faults.append(f"SNOWFLAKE_{name} must be one of {', '.join(values)}.")
        return value

    def port(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
            self.faults.append(f"SNOWFLAKE_{name} must be a whole number from 1 to 65535.")
            return None
        return int(value)
