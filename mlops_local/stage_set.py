"""What stands around a pipeline that runs on this machine: an embedded account, set up and filled, and a library for the agent.

The account is set up by the very script that a real one is (``setup/account.sql``), and filled by ``python -m samples load``
over the wire. The library holds what Azure DevOps would: a variable group, and the ways to sign in: an encrypted private key as
a secure file and in a key vault, and a service connection whose tokens the account takes for the pipeline's user. So it does for the
user of clones, where there are such (``setup/clones.sql``).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.server import Server
from mlops_local.agent import oidc
from mlops_local.agent.machine import this_machine
from mlops_local.agent.predefined import COLLECTION, PROJECT
from mlops_local.agent.subjects import subject_of
from mlops_local.environments import DEVELOPMENT, SCHEMA, Environment, Login
from mlops_local.serve import connection_settings, open_account, running, sign_in_key

_PLACEHOLDER = re.compile(r"<%\s*(\w+)\s*%>")


class StageSetError(Exception):
    """Why the account or the library could not be made; the message is for the user."""


@dataclass(frozen=True)
class StageSet:
    """``library`` is for the agent, ``facts`` go into ``run.json``."""

    library: Path
    facts: dict[str, str]
    account: Account


@contextmanager
def embedded(
    project: Path,
    data: Path,
    *,
    fresh: bool,
    environments: tuple[Environment, ...] = (DEVELOPMENT,),
    sample_options: tuple[str, ...] = (),
) -> Iterator[StageSet]:
    """The account of folder ``data`` on a port of its own, for as long as a pipeline runs; made anew when ``fresh``."""
    scripts = _read_scripts(project)
    if fresh:
        _remove_account(data)
    with open_account(data) as account, tempfile.TemporaryDirectory(prefix="library-") as library, _serve(account) as server:
        # The first one last, so that it is where the administrator begins.
        for environment in reversed(environments):
            keys = {login: _new_key() for login in scripts.logins(environment)}
            _set_up(account, scripts, environment, keys)
            _load_samples(project, server, sample_options)
            for login, key in keys.items():
                _write_library(Path(library), server, environment, login, key)
            _write_checks(Path(library), environment)
        with running(account):
            yield StageSet(Path(library), {"account_data": str(data.resolve())}, account)


def _serve(account: Account) -> Server:
    """The account on a port; it takes the tokens that the agent of this machine signs."""
    return Server(account, issuers=Issuers({oidc.NAME: str(this_machine().issuer_keys / oidc.KEYS_FILE)}))


def _remove_account(data: Path) -> None:
    """Only a folder that holds an account is ever removed."""
    if data.exists() and any(data.iterdir()) and not (data / "data.duckdb").exists():
        raise StageSetError(f"{data} is not empty and holds no account; name another folder with --account.")
    shutil.rmtree(data, ignore_errors=True)


@dataclass(frozen=True)
class _Key:
    """An encrypted private key (PEM), its passphrase, and the public half as Snowflake takes it."""

    pem: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    public: str


def _new_key() -> _Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    passphrase = secrets.token_urlsafe(24)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return _Key(pem, passphrase, "".join(public.splitlines()[1:-1]))


@dataclass(frozen=True)
class _Scripts:
    """What an administrator runs; `clones` for what is cloned, and empty where there is no such script."""

    account: str
    clones: str

    def of(self, environment: Environment) -> dict[str, str]:
        """By the file's name, in their order."""
        if environment.cloned and not self.clones:
            raise StageSetError(
                f"{environment.clones.group} is for the user of clones, whom setup/clones.sql makes: it is not here."
            )
        cloned = (environment.cloned or environment.is_production) and self.clones
        return {"setup/account.sql": self.account, **({"setup/clones.sql": self.clones} if cloned else {})}

    def logins(self, environment: Environment) -> tuple[Login, ...]:
        """Those that they make, in their order."""
        return (environment.pipeline, environment.clones)[: len(self.of(environment))]


def _read_scripts(project: Path) -> _Scripts:
    try:
        account, clones = (project / "setup" / name for name in ("account.sql", "clones.sql"))
        return _Scripts(account.read_text(encoding="utf-8"), clones.read_text(encoding="utf-8") if clones.exists() else "")
    except FileNotFoundError:
        raise StageSetError(
            f"There is no setup/account.sql in {project}: run where the repository begins, or name a folder by --library."
        ) from None


def _render(name: str, script: str, values: Mapping[str, str]) -> str:
    """``<% name %>`` is filled in as Snowflake CLI would."""
    if unknown := sorted(set(_PLACEHOLDER.findall(script)) - set(values)):
        raise StageSetError(f"{name} asks for {', '.join(unknown)}; here it is given {', '.join(values)}.")
    return _PLACEHOLDER.sub(lambda match: values[match[1]], script)


def _set_up(account: Account, scripts: _Scripts, environment: Environment, keys: Mapping[Login, _Key]) -> None:
    """Runs ``setup/account.sql`` as ACCOUNTADMIN, and ``setup/clones.sql`` for production and what else is cloned."""
    names = environment.names
    with account.system_session() as session:
        for (name, script), (login, key), kind in zip(
            scripts.of(environment).items(), keys.items(), ("", "clones_"), strict=False
        ):
            values = {**names, f"{kind}user": login.user, f"{kind}public_key": key.public}
            try:
                for statement in session.split(_render(name, script, values)):
                    session.run(statement)
            except AccountError as error:
                raise StageSetError(f"{name} was refused: {error}") from error
        for login in keys:
            session.run(_trust(login))
        session.run(
            f"ALTER USER ADMIN SET DEFAULT_WAREHOUSE = '{names['warehouse']}' DEFAULT_NAMESPACE = '{names['database']}.{SCHEMA}'"
        )


def _trust(login: Login) -> str:
    """Lets the user sign in by the tokens of its service connection."""
    return (
        f"ALTER USER {login.user} SET WORKLOAD_IDENTITY = (TYPE = OIDC ISSUER = '{oidc.NAME}' "
        f"SUBJECT = '{subject_of(COLLECTION, PROJECT, login.connection)}' OIDC_AUDIENCE_LIST = ('{oidc.AUDIENCE}'))"
    )


def _load_samples(project: Path, server: Server, options: tuple[str, ...]) -> None:
    """As the administrator: the pipeline's own role may read the source tables, not write them."""
    if not (project / "samples").is_dir():
        sys.stderr.write("There is no samples/ here, so the source tables are those that setup/account.sql makes, if any.\n")
        return
    with tempfile.TemporaryDirectory(prefix="keys-") as keys:
        settings = connection_settings(server, "ADMIN", sign_in_key(server.account, "ADMIN", Path(keys)))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")}
        done = subprocess.run(
            [sys.executable, "-m", "samples", "load", *options],
            cwd=project,
            env=environment | settings,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise StageSetError(f"The samples could not be loaded: {done.stderr.strip() or done.stdout.strip()}")


def _write_library(folder: Path, server: Server, environment: Environment, login: Login, key: _Key) -> None:
    """https://learn.microsoft.com/azure/devops/pipelines/library/"""
    group = {
        "account": server.account.name,
        "database": environment.names["database"],
        "warehouse": environment.names["warehouse"],
        "role": login.role,
        "user": login.user,
        "schema": SCHEMA,
        "private_key_file_name": login.key_file,
        "private_key_passphrase": {"value": key.passphrase, "secret": True},
        "host": server.host,
        "port": str(server.port),
        "protocol": "http",
        # The connector shows a workload's token to Snowflake's own hosts, and to those that this variable names.
        "SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES": server.host,
    }
    vault = {"snowflake-private-key": key.pem.decode(), "snowflake-private-key-passphrase": key.passphrase}
    connection = {"type": "azurerm", "servicePrincipalId": login.user, "tenantId": "local"}
    _write_private(folder / "variable-groups" / f"{login.group}.yml", yaml.safe_dump(group).encode())
    _write_private(folder / "secure-files" / login.key_file, key.pem)
    _write_private(folder / "key-vaults" / f"{login.connection}.yml", yaml.safe_dump(vault).encode())
    _write_private(folder / "service-connections" / f"{login.connection}.yml", yaml.safe_dump(connection).encode())


def _write_checks(folder: Path, environment: Environment) -> None:
    """Of the Azure DevOps environment that is called like the variable group."""
    checks = {"exclusiveLock": True, **({"approval": {"approvers": ["you"]}} if environment.is_production else {})}
    _write_private(folder / "environments" / f"{environment.group}.yml", yaml.safe_dump(checks).encode())


def _write_private(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
