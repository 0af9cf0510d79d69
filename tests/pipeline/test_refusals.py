"""What a person sees who got something wrong: one sentence on standard error, an exit code, and an account as it was."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.content.account_state import differences, read_account

from .conftest import Run, copy_account
from .stand import Stand, stand

PASSPHRASE = "planted passphrase 271828"


@dataclass(frozen=True)
class Keys:
    """Private keys in files: one that the pipeline's user signs in with, encrypted, and one of nobody."""

    own: Path
    other: Path


@pytest.fixture(scope="module")
def served(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """With a task taken away, so that there is something to make."""
    with stand(copy_account(first_run, tmp_path_factory.mktemp("refused"))) as found:
        found.admin.query("DROP TASK ML.MONITOR_TRIAL_ELIGIBILITY")
        yield found


@pytest.fixture(scope="module")
def keys(served: Stand, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    public = write_key(folder / "own.p8", BestAvailableEncryption(PASSPHRASE.encode()))
    served.admin.query(f"ALTER USER MLOPS_DEV_PIPELINE SET RSA_PUBLIC_KEY = '{public}'")
    write_key(folder / "other.p8", NoEncryption())
    return Keys(folder / "own.p8", folder / "other.p8")


def write_key(file: Path, encryption: KeySerializationEncryption) -> str:
    private = rsa.generate_private_key(65537, 2048)
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return base64.b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def state(served: Stand) -> dict[str, Any]:
    with served.admin.connect() as connection:
        return read_account(connection)


@pytest.fixture(scope="module")
def before(served: Stand) -> dict[str, Any]:
    return state(served)


def refused(served: Stand, before: dict[str, Any], *arguments: str, code: int, says: str, **changed: str | None) -> None:
    done = served.pipeline.machine(*arguments, **changed)
    assert done.returncode == code, done
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert says in line
    assert line.endswith(".")
    assert "Traceback" not in done.stdout
    assert PASSPHRASE not in done.stdout + done.stderr
    assert differences(before, state(served)) == []


def test_a_key_file_that_is_not_there(served: Stand, before: dict[str, Any]) -> None:
    refused(
        served, before, "apply", code=4, says="The private key file gone.p8 cannot be read", SNOWFLAKE_PRIVATE_KEY_FILE="gone.p8"
    )


def test_a_file_that_is_no_key(served: Stand, before: dict[str, Any]) -> None:
    refused(served, before, "apply", code=4, says="README.md is no private key", SNOWFLAKE_PRIVATE_KEY_FILE="README.md")


@pytest.mark.parametrize(
    ("passphrase", "says"),
    [
        (PASSPHRASE + "x", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE does not open it"),
        (None, "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE is not set"),
    ],
)
def test_a_passphrase_that_is_wrong_or_not_set(
    served: Stand, before: dict[str, Any], keys: Keys, passphrase: str | None, says: str
) -> None:
    key = {"SNOWFLAKE_PRIVATE_KEY_FILE": str(keys.own), "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": passphrase}
    refused(served, before, "apply", code=4, says=says, **key)


def test_the_key_of_another_user(served: Stand, before: dict[str, Any], keys: Keys) -> None:
    says = "the public key registered for MLOPS_DEV_PIPELINE is another one"
    refused(served, before, "apply", code=4, says=says, SNOWFLAKE_PRIVATE_KEY_FILE=str(keys.other))


def test_an_unknown_warehouse(served: Stand, before: dict[str, Any]) -> None:
    refused(served, before, "apply", code=6, says="The warehouse ABSENT_WH does not exist", SNOWFLAKE_WAREHOUSE="ABSENT_WH")


def test_variables_that_are_not_set_are_named_all_at_once(served: Stand, before: dict[str, Any]) -> None:
    unset: dict[str, str | None] = {"SNOWFLAKE_USER": None, "SNOWFLAKE_DATABASE": "$(database)", "SNOWFLAKE_WAREHOUSE": ""}
    says = "Not set: SNOWFLAKE_USER, SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE."
    refused(served, before, "apply", code=3, says=says, **unset)


def test_a_source_table_that_is_absent(served: Stand, before: dict[str, Any]) -> None:
    served.admin.query("ALTER TABLE SOURCE.SCREENINGS RENAME TO SOURCE.AWAY")
    refused(served, before, "apply", code=6, says="The table MLOPS_DEV.SOURCE.SCREENINGS does not exist, or may not be read")
    served.admin.query("ALTER TABLE SOURCE.AWAY RENAME TO SOURCE.SCREENINGS")


def test_an_empty_source(served: Stand) -> None:
    """Training is refused; the model that is there stays, and so does everything that its run left."""
    served.admin.query("TRUNCATE TABLE SOURCE.SCREENINGS")
    says = "there is no row to learn from in SOURCE.SCREENINGS. Load the source first."
    refused(served, state(served), "run", "TRIAL_ELIGIBILITY", code=6, says=says)


def test_a_trial_without_text_is_a_warning(served: Stand) -> None:
    served.admin.query("UPDATE SOURCE.CLINICAL_TRIALS SET INCLUSION_CRITERIA = NULL WHERE TRIAL_ID LIKE '%1'")
    done = served.pipeline.machine("apply", "features")
    assert (done.returncode, done.stderr) == (0, "")
    assert "trials have no text of criteria: they get no limit of any kind." in done.stdout
    limits = served.pipeline.query(
        "SELECT DISTINCT MIN_AGE, MAX_AGE FROM FEATURE_STORE.TRIAL_CRITERIA$V1 WHERE TRIAL_ID LIKE '%1'"
    )
    assert limits == [{"MIN_AGE": None, "MAX_AGE": None}]
