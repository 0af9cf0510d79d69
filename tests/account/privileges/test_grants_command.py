"""``python -m mlops_local grants``: what was granted and used, what never, of an account that is closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local import grants
from mlops_local.account.account import Account

SETUP = (
    "CREATE DATABASE D",
    "CREATE TABLE T (A INT)",
    "CREATE VIEW V AS SELECT A FROM T",
    "CREATE ROLE R",
    "GRANT ROLE R TO USER ADMIN",
    "GRANT USAGE ON DATABASE D TO ROLE R",
    "GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA D.PUBLIC TO ROLE R",
    "GRANT SELECT, INSERT ON TABLE T TO ROLE R",
    "GRANT SELECT ON VIEW V TO ROLE R",
    "GRANT SELECT, DELETE ON FUTURE TABLES IN SCHEMA D.PUBLIC TO ROLE R",
    "GRANT EXECUTE TASK ON ACCOUNT TO ROLE R",
    "CREATE TABLE N (A INT)",
)
RUN = ("SELECT * FROM D.PUBLIC.V", "INSERT INTO D.PUBLIC.T VALUES (1)", "SELECT * FROM D.PUBLIC.N")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grants") / "account"
    with Account.open(folder) as account:
        administrator = account.open_session("ADMIN", role="ACCOUNTADMIN")
        for text in SETUP:
            administrator.run(text)
        one = account.open_session("ADMIN", role="R")
        one.secondary_roles = ()
        for text in RUN:
            one.run(text)
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert grants.main(arguments) == 0
    return [line.partition(",")[0].strip() for line in capsys.readouterr().out.splitlines()]


def test_it_tells_used_from_never_used(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--data", str(data)) == [
        "R has used 5 of 10 granted privileges",
        "used   USAGE ON DATABASE D",
        "used   SELECT ON FUTURE TABLES IN SCHEMA D.PUBLIC",
        "used   USAGE ON SCHEMA D.PUBLIC",
        "used   INSERT ON TABLE D.PUBLIC.T",
        "used   SELECT ON VIEW D.PUBLIC.V",
        "never  EXECUTE TASK ON ACCOUNT",
        "never  DELETE ON FUTURE TABLES IN SCHEMA D.PUBLIC",
        "never  CREATE TABLE ON SCHEMA D.PUBLIC",
        "never  CREATE VIEW ON SCHEMA D.PUBLIC",
        "never  SELECT ON TABLE D.PUBLIC.T",
    ]


def test_what_it_says_to_revoke_can_be_revoked_and_the_run_goes_on(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    revokes = said(capsys, "--data", str(data), "--role", "r", "--unused")
    assert len(revokes) == 5
    with Account.open(data) as account:
        administrator = account.open_session("ADMIN", role="ACCOUNTADMIN")
        for text in revokes:
            administrator.run(text.rstrip(";"))
        one = account.open_session("ADMIN", role="R")
        one.secondary_roles = ()
        for text in RUN:
            one.run(text)
    assert said(capsys, "--data", str(data), "--unused") == []


def test_uses_before_a_moment_do_not_count(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--data", str(data), "--since", "2999-01-01")[0].startswith("R has used 0 of")


def test_a_folder_without_an_account_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grants.main(["--data", str(tmp_path)]) == 1
    assert "holds no account" in capsys.readouterr().err
