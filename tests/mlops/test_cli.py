from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mlops.arguments import make_parser
from mlops.cli import main, run_file
from mlops.verbs.request import Request

from .content import write_content

ROOT = Path(__file__).parents[2]


def test_check_needs_no_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--content", str(write_content(tmp_path))], {}) == 0
    assert "GUESS" in capsys.readouterr().out


def test_the_token_of_the_job_is_for_the_machine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_content(tmp_path, tasks="import os\nassert 'SYSTEM_ACCESSTOKEN' not in os.environ\n")
    monkeypatch.setenv("SYSTEM_ACCESSTOKEN", "t0ken")
    assert main(["check", "--content", str(root)]) == 0


def test_the_code_of_procedures_is_written_for_others_to_deploy(tmp_path: Path) -> None:
    archive = tmp_path / "new" / "code.zip"
    assert main(["check", "--content", str(write_content(tmp_path)), "--archive", str(archive)], {}) == 0
    with zipfile.ZipFile(archive) as opened:
        assert {"mlops/inside/train.py", "tasks/all.py"} <= set(opened.namelist())


def test_a_wrong_definition_is_one_sentence_and_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_content(
        tmp_path, tasks="from mlops.definitions import Stream\nS = Stream(name='s', table='T', description='x')\n"
    )
    assert main(["check", "--content", str(root)], {}) == 5
    assert "tasks/all.py: Stream s: the name of a stream" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["connect"], ["plan"], ["apply", "tasks"], ["status"], ["run", "GUESS"]])
def test_settings_are_read_before_anything_is_tried(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(verb, {}) == 3
    assert "SNOWFLAKE_ACCOUNT" in capsys.readouterr().err


def test_results_that_are_not_there_are_a_wrong_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["report", "--results", str(tmp_path / "nowhere")], {})
    assert raised.value.code == 2
    assert "there is no folder" in capsys.readouterr().err


def test_an_unknown_verb_is_a_wrong_command_line() -> None:
    with pytest.raises(SystemExit) as raised:
        main(["deploy"], {})
    assert raised.value.code == 2


def test_a_file_of_the_content_runs_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_content(tmp_path)
    assert run_file(str(root / "tasks" / "all.py"), [], {}) == 3
    assert "SNOWFLAKE_ACCOUNT" in capsys.readouterr().err


def test_a_request_narrows_to_families(tmp_path: Path) -> None:
    request = Request({}, write_content(tmp_path), ("features",))
    assert [one.definition.name for one in request.desired] == ["DOUBLE", "PERSON", "AGE"]


def test_the_connection_test_is_the_connect_verb() -> None:
    done = subprocess.run([sys.executable, ROOT / "test_connection.py"], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Not set: SNOWFLAKE_ACCOUNT" in done.stderr


def test_of_the_plans_of_several_attempts_the_last_one_is_meant(tmp_path: Path) -> None:
    for attempt in (9, 10, 2):
        (tmp_path / f"report-Plan.{attempt}").mkdir()
        (tmp_path / f"report-Plan.{attempt}" / "plan.json").touch()
    pattern = str(tmp_path / "report-Plan.*" / "plan.json")
    assert make_parser().parse_args(["apply", "--plan", pattern]).plan == tmp_path / "report-Plan.10" / "plan.json"
    assert make_parser().parse_args(["apply", "--plan", "absent.*"]).plan == Path("absent.*")
