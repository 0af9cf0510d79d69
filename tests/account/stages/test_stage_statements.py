from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_local.account.account import Account
from mlops_local.account.errors import AccountError
from mlops_local.account.session.session import Session

Run = Callable[[str], list[tuple[Any, ...]]]
Put = Callable[..., None]


def test_a_stage_is_created_shown_described_and_dropped(run: Run, session: Session) -> None:
    assert run("CREATE STAGE ST FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1) DIRECTORY = (ENABLE = TRUE) COMMENT = 'it''s'") == [
        ("Stage area ST successfully created.",)
    ]
    answer = session.run("SHOW STAGES LIKE 'S_'")
    shown = dict(zip([column.name for column in answer.columns], run("SHOW STAGES LIKE 'S_'")[0], strict=True))
    assert (shown["name"], shown["comment"], shown["type"], shown["directory_enabled"]) == ("ST", "it's", "INTERNAL", "Y")
    assert ("STAGE_FILE_FORMAT", "SKIP_HEADER", "Integer", "1", "0") in run("DESC STAGE ST")
    assert run("DROP STAGE ST") == [("ST successfully dropped.",)]
    assert run("DROP STAGE IF EXISTS ST") == [("Drop statement executed successfully (ST already dropped).",)]


def test_it_exists_already(run: Run) -> None:
    run("CREATE STAGE ST")
    assert run("CREATE STAGE IF NOT EXISTS ST") == [("ST already exists, statement succeeded.",)]
    with pytest.raises(AccountError) as refused:
        run("CREATE STAGE ST")
    assert refused.value.number == 2002


@pytest.mark.parametrize(
    "text", ["CREATE STAGE E URL = 's3://b/c'", "CREATE STAGE E NO_SUCH_OPTION = 1", "CREATE STAGE E FILE_FORMAT = (TYPE = XML)"]
)
def test_what_it_cannot_do_is_refused(run: Run, text: str) -> None:
    with pytest.raises(AccountError):
        run(text)
    assert run("SHOW STAGES") == []


def test_a_file_format_keeps_its_options(run: Run) -> None:
    run("CREATE FILE FORMAT F TYPE = CSV FIELD_DELIMITER = ';' COMMENT = 'c'")
    assert ("FIELD_DELIMITER", "String", ";", ",") in run("DESC FILE FORMAT F")
    run("ALTER FILE FORMAT F SET SKIP_HEADER = 2")
    assert ("SKIP_HEADER", "Integer", "2", "0") in run("DESC FILE FORMAT F")
    assert ("FIELD_DELIMITER", "String", ";", ",") in run("DESC FILE FORMAT F")
    run("DROP FILE FORMAT F")
    with pytest.raises(AccountError) as refused:
        run("CREATE STAGE ST FILE_FORMAT = F")
    assert refused.value.number == 2003


def test_files_are_listed_by_prefix_and_pattern(run: Run, put: Put) -> None:
    run("CREATE STAGE ST")
    for name in ("a.csv", "b.csv", "c.txt"):
        put(name, "@ST/day", b"x")
    assert [row[0] for row in run("LIST @ST")] == ["st/day/a.csv", "st/day/b.csv", "st/day/c.txt"]
    assert [row[0] for row in run("LS @ST/day PATTERN = '.*[.]csv'")] == ["st/day/a.csv", "st/day/b.csv"]
    name, size, md5, modified = run("LIST '@D.S.ST/day/c'")[0]
    assert (name, size, md5) == ("st/day/c.txt", 1, "9dd4e461268c8034f5c8564e155c67a6")
    assert str(modified).endswith(" GMT")
    assert run("REMOVE @ST/day PATTERN = '.*[.]csv'") == [("st/day/a.csv", "removed"), ("st/day/b.csv", "removed")]
    assert len(run("LS @ST")) == 1


def test_user_and_table_stages(run: Run, put: Put) -> None:
    run("CREATE TABLE T (A INT)")
    put("u", "@~/dir", b"u")
    put("t", "@%T", b"t")
    assert [row[0] for row in run("LS @~")] == ["dir/u"]
    assert [row[0] for row in run("LS @%T")] == ["t"]


def test_overwrite_false_keeps_the_file(run: Run, put: Put, session: Session, account: Account) -> None:
    run("CREATE STAGE ST")
    put("f", "@ST", b"old")
    put("f", "@ST", b"new")
    assert run("LS @ST")[0][1:3] == (3, "149603e6c03516362a8da23f624db945")
    put("f", "@ST", b"newer", "OVERWRITE = TRUE AUTO_COMPRESS = FALSE")
    assert run("LS @ST")[0][1] == 5


def test_a_body_compressed_on_the_way_gets_its_ending(run: Run, put: Put) -> None:
    run("CREATE STAGE ST")
    put("a.csv", "@ST", b"\x1f\x8b..", "")
    put("b.tgz", "@ST", b"\x1f\x8b..", "")
    put("c.bin", "@ST", b"\x1f\x8b..", "AUTO_COMPRESS = FALSE")
    assert [row[0] for row in run("LS @ST")] == ["st/a.csv.gz", "st/b.tgz", "st/c.bin"]


def test_a_put_that_is_sent_again_finds_the_target_it_had(session: Session) -> None:
    session.run("CREATE STAGE ONE")
    session.run("CREATE STAGE TWO")
    session.run("PUT 'file:///here/x.csv' '@ONE/p'")
    session.run("PUT 'file:///here/*.json' '@TWO'")
    again = session.run("PUT 'file://x.csv.gz' ?").transfer
    assert again is not None
    assert again["stageInfo"]["path"] == "p"
    matched = session.run("PUT 'file://a.json.gz' ?").transfer
    assert matched is not None
    assert matched["stageInfo"]["location"] != again["stageInfo"]["location"]
    with pytest.raises(AccountError):
        session.run("PUT 'file://other.txt' ?")


def test_replacing_and_dropping_take_the_files_along(run: Run, put: Put, account: Account) -> None:
    run("CREATE STAGE ST")
    put("f", "@ST", b"x")
    run("CREATE OR REPLACE STAGE ST")
    assert run("LS @ST") == []
    put("f", "@ST", b"x")
    run("ALTER SCHEMA S SET DATA_RETENTION_TIME_IN_DAYS = 0")
    run("DROP SCHEMA S")
    assert list((account.stages.root / "stages").iterdir()) == []


def test_a_rename_keeps_the_files(run: Run, put: Put) -> None:
    run("CREATE STAGE ST")
    put("f", "@ST", b"x")
    run("ALTER STAGE ST RENAME TO OTHER")
    assert [row[0] for row in run("LS @OTHER")] == ["other/f"]


def test_temporary_stages_end_with_their_session(account: Account, run: Run, put: Put, session: Session) -> None:
    run("CREATE SCOPED TEMPORARY STAGE ST")
    put("f", "@ST", b"x")
    other = account.open_session("ADMIN", role="ACCOUNTADMIN", database="D", schema="S")
    with pytest.raises(AccountError):
        other.run("LS @ST")
    session.close()
    assert list((account.stages.root / "stages").iterdir()) == []


def test_files_outlive_the_process_and_orphans_do_not(tmp_path: Path) -> None:
    with Account.open(tmp_path) as first:
        session = first.open_session("ADMIN", role="ACCOUNTADMIN")
        session.run("CREATE DATABASE D")
        session.run("CREATE STAGE ST")
        entry = session.get("STAGE", ("ST",))
        folder = first.stages.folder(entry)
        folder.mkdir(parents=True)
        (folder / "f").write_text("x")
        orphan = first.stages.root / "stages" / "999999"
        orphan.mkdir()
    with Account.open(tmp_path) as second:
        session = second.open_session("ADMIN", role="ACCOUNTADMIN", database="D")
        assert session.run("LS @D.PUBLIC.ST").row_count == 1
        assert not orphan.exists()


@pytest.mark.parametrize(
    "text", ["LS @NOPE", "LS snow://dataset/NOPE/versions/v", "PUT 'file:///x' @NOPE", "GET @NOPE 'file:///x'", "RM @%NOPE"]
)
def test_what_does_not_exist(run: Run, text: str) -> None:
    with pytest.raises(AccountError) as refused:
        run(text)
    assert refused.value.number == 2003


def test_files_are_copied_from_stage_to_stage(run: Run, put: Put) -> None:
    run("CREATE STAGE ONE")
    run("CREATE STAGE TWO")
    for name in ("a.csv", "b.txt"):
        put(name, "@ONE/dir/in", name.encode())
    assert run("COPY FILES INTO @TWO/to/ FROM @ONE/dir/ PATTERN = '.*csv'") == [("in/a.csv",)]
    assert run("COPY FILES INTO @TWO FROM @ONE/dir/in FILES = ('b.txt') DETAILED_OUTPUT = FALSE") == [(1,)]
    assert [row[0] for row in run("LS @TWO")] == ["two/in/b.txt", "two/to/in/a.csv"]
    with pytest.raises(AccountError, match="was not found"):
        run("COPY FILES INTO @TWO FROM @ONE FILES = ('nope')")
