from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mlops.errors import SignInError
from mlops.keys import load_private_key, load_token
from mlops.secret import Secret

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DER = KEY.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write(folder: Path, passphrase: str | None = None, form: str = "PKCS8") -> str:
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    file = folder / "key.p8"
    file.write_bytes(KEY.private_bytes(serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), lock))
    return str(file)


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("passphrase", [None, "open sesame"])
def test_keys_with_and_without_passphrase_give_the_same_key(tmp_path: Path, passphrase: str | None, form: str) -> None:
    assert load_private_key(write(tmp_path, passphrase, form), Secret(passphrase or "")) == DER


def test_a_passphrase_that_the_key_does_not_need_is_no_fault(tmp_path: Path) -> None:
    assert load_private_key(write(tmp_path), Secret("unused")) == DER


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(SignInError, match=r"absent\.p8 cannot be read: No such file") as raised:
        load_private_key(str(tmp_path / "absent.p8"), None)
    assert str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x00" * 100_000])
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(SignInError, match=r"notes\.txt is no private key"):
        load_private_key(str(file), None)


def test_the_public_key_is_no_private_key(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_bytes(KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(SignInError, match="no private key"):
        load_private_key(str(file), None)


def test_a_damaged_key(tmp_path: Path) -> None:
    file = Path(write(tmp_path))
    file.write_text(file.read_text().replace("MII", "XXX", 1))
    with pytest.raises(SignInError, match="damaged"):
        load_private_key(str(file), None)


@pytest.mark.parametrize(("given", "said"), [(None, "is not set"), (Secret("wrong"), "does not open it")])
def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, given: Secret | None, said: str) -> None:
    with pytest.raises(SignInError, match=f"SNOWFLAKE_PRIVATE_KEY_PASSPHRASE {said}") as raised:
        load_private_key(write(tmp_path, "right"), given)
    assert "wrong" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_secret_is_shown_to_nobody() -> None:
    secret = Secret("hidden")
    assert {str(secret), repr(secret), f"{secret}", f"{[secret]}"} == {"***", "[***]"}


def test_the_token_of_a_file_wins_over_the_other(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("head.body.signature\n")
    assert load_token(str(file), Secret("other")).reveal() == "head.body.signature"
    assert load_token(None, Secret("other")).reveal() == "other"


@pytest.mark.parametrize("content", ["", "secret-but-no-token", "a.b", "a.b.c d.e.f", "a.b.\u00e9"])
def test_a_file_that_holds_no_token_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(SignInError, match="token holds no token") as raised:
        load_token(str(file), None)
    assert not content or content not in str(raised.value)


def test_a_token_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SignInError, match=r"token file absent cannot be read: No such file.*SNOWFLAKE_TOKEN_FILE_PATH"):
        load_token(str(tmp_path / "absent"), None)
