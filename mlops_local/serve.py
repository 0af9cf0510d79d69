"""Runs the embedded account alone: ``python -m mlops_local serve --port N --data DIR``.

Prints the settings that any Snowflake client signs in with, then serves until it is told to stop.
"""

from __future__ import annotations

import argparse
import base64
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from mlops_local.account.account import Account
from mlops_local.account.scheduling.scheduler import Scheduler
from mlops_local.account.wire.issuers import Issuers
from mlops_local.account.wire.server import Server

_BITS = 2048


class ServeError(Exception):
    """Why the account cannot be served; the message is for the user."""


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with serving(
            options.data,
            host=options.host,
            port=options.port,
            beyond_this_machine=options.beyond_this_machine,
            user=options.user,
            issuers=dict(options.oidc_issuer),
        ) as settings:
            sys.stdout.write("".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()))
            sys.stdout.flush()
            stop.wait()
    except ServeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


@contextmanager
def serving(
    data: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    beyond_this_machine: bool = False,
    user: str = "ADMIN",
    issuers: Mapping[str, str] | None = None,
) -> Iterator[dict[str, str]]:
    """The account of that folder on a port, and the settings to reach it with."""
    account = open_account(data)
    with account:
        key_file = sign_in_key(account, user, keys_folder(data))
        try:
            known = Issuers(issuers or {})
            server = Server(account, host, port, beyond_this_machine=beyond_this_machine, issuers=known)
        except OSError as error:
            raise ServeError(f"Port {port} cannot be used: {error.strerror}. Choose another one, or 0 for any.") from error
        except ValueError as error:
            raise ServeError(str(error)) from error
        with server, running(account):
            yield connection_settings(server, user, key_file)


@contextmanager
def running(account: Account) -> Iterator[None]:
    """Tasks and dynamic tables run when they are due, and Python handlers start quickly."""
    sys.stderr.write(account.runtime.warm() + "\n")
    scheduler = Scheduler(account).start()
    try:
        yield
    finally:
        scheduler.stop()


def keys_folder(data: Path) -> Path:
    """Beside the data, so that who copies or publishes the data does not take the keys along."""
    data = data.resolve()
    return data.with_name(f"{data.name}.keys")


def sign_in_key(account: Account, user: str, folder: Path) -> Path:
    """The file of a private key that the user can sign in with; made, and registered with the user, when there is none."""
    found = account.find_user(user)
    if found is None:
        raise ServeError(f"User {user} does not exist in this account; create it or name another with --user.")
    file = folder / f"{user.lower()}.p8"
    if not file.exists():
        _write_key(file)
    public = _public_half(file)
    if public not in {found.rsa_public_key, found.rsa_public_key_2}:
        slot = "RSA_PUBLIC_KEY" if found.rsa_public_key is None else "RSA_PUBLIC_KEY_2"
        # Not by a statement: the first one imports pandas with its answer, which would be a fifth of the way to the first login.
        with account.system_session() as session, session.ddl():
            session.catalogue.update(session.catalogue.get("USER", "", "", user), **{slot: public})
    return file


def connection_settings(server: Server, user: str, key_file: Path) -> dict[str, str]:
    """The environment of a client; places that the user has no default for are left out."""
    session = server.account.open_session(user)
    places = {
        "SNOWFLAKE_ROLE": session.role,
        "SNOWFLAKE_WAREHOUSE": session.warehouse,
        "SNOWFLAKE_DATABASE": session.database,
        "SNOWFLAKE_SCHEMA": session.schema,
    }
    session.close()
    return {
        "SNOWFLAKE_ACCOUNT": server.account.name,
        "SNOWFLAKE_USER": user,
        "SNOWFLAKE_AUTHENTICATOR": "SNOWFLAKE_JWT",
        "SNOWFLAKE_PRIVATE_KEY_FILE": str(key_file),
        "SNOWFLAKE_HOST": server.host,
        "SNOWFLAKE_PORT": str(server.port),
        "SNOWFLAKE_PROTOCOL": "http",
        **_present(places),
    }


def _present(places: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in places.items() if value}


def open_account(data: Path) -> Account:
    """Of a folder that holds one, or of an empty or new one: files of somebody else's are never mixed with an account's."""
    if data.is_dir() and any(data.iterdir()) and not (data / "data.duckdb").exists():
        raise ServeError(f"{data} is not empty and holds no account; name another folder.")
    try:
        return Account.open(data)
    except duckdb.IOException as error:
        reason = str(error).split("\n", 1)[0]
        raise ServeError(f"The account in {data} cannot be opened; is another process serving it? {reason}") from error


def _write_key(file: Path) -> None:
    """Readable by its owner only, from the first moment."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(pem)


def _public_half(file: Path) -> str:
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ServeError(f"{file} is not a private key without passphrase; remove it, and a new one is made.") from error
    return base64.b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mlops_local serve", description="Run the embedded Snowflake account.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--beyond-this-machine",
        action="store_true",
        help="let --host be an address that other machines reach: without encryption, whoever listens on the way reads along",
    )
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default)")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the account; made when it does not exist")
    parser.add_argument("--user", type=str.upper, default="ADMIN", help="user that the printed settings sign in (default: ADMIN)")
    parser.add_argument(
        "--oidc-issuer",
        type=_issuer,
        action="append",
        default=[],
        metavar="ISSUER=KEYS",
        help="issuer of workload identity tokens, and its keys: a JWKS file, or an http address on this machine; may be repeated",
    )
    return parser


def _issuer(text: str) -> tuple[str, str]:
    issuer, _, keys = text.rpartition("=")
    if not issuer or not keys:
        raise argparse.ArgumentTypeError(f"'{text}' is not ISSUER=KEYS.")
    return issuer, keys
