"""Private keys and tokens: from a file to what the connector takes, in memory only."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from mlops.errors import SignInError
from mlops.secret import Secret

_TOO_LARGE = 64 * 1024


def load_private_key(file: str, passphrase: Secret | None) -> bytes:
    """The key as unencrypted PKCS#8 DER, as the connector wants it."""
    key = _parse(_read_key(file), passphrase)
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def load_token(file: str | None, given: Secret | None) -> Secret:
    """A workload identity's token (a JSON web token): of the file when one is named, as the connector has it too."""
    if not file and given:
        return given
    content = _read(file or "", "token", "SNOWFLAKE_TOKEN_FILE_PATH").decode(errors="replace").strip()
    if content.count(".") != 2 or not content.isascii() or len(content.split()) != 1:
        raise SignInError(f"{Path(file or '').name} holds no token: a JSON web token has three parts with dots between them.")
    return Secret(content)


def _read_key(file: str) -> bytes:
    content = _read(file, "private key", "SNOWFLAKE_PRIVATE_KEY_FILE")
    if b"PRIVATE KEY-----" not in content:
        name = Path(file).name
        raise SignInError(f"{name} is no private key: it has no PEM block of one. Upload the .p8 file itself.")
    return content


def _read(file: str, what: str, setting: str) -> bytes:
    path = Path(file).expanduser()
    try:
        if path.stat().st_size > _TOO_LARGE:
            raise SignInError(f"{path.name} is no {what}: it is far too large. Check {setting}.")
        return path.read_bytes()
    except OSError as error:
        raise SignInError(f"The {what} file {path.name} cannot be read: {error.strerror}. Check {setting}.") from error


def _parse(pem: bytes, passphrase: Secret | None) -> PrivateKeyTypes:
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise SignInError("The private key is encrypted, and SNOWFLAKE_PRIVATE_KEY_PASSPHRASE is not set.")
    # A passphrase that stands in a variable group although the key needs none is no reason to stop.
    password = passphrase.reveal().encode() if encrypted and passphrase else None
    try:
        return serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError):
        what = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE does not open it" if encrypted else "its content is damaged"
        # The cause is not chained: its text may quote the key.
        raise SignInError(f"The private key could not be read: {what}.") from None
