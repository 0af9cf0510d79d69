"""`python -m mlops update`: what the templates change comes, what the owner has changed stays."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops.cli import main
from mlops.scaffold.answers import Answers
from mlops.scaffold.changes import Comparison
from mlops.scaffold.record import Record, make_record, read_record, to_toml

from .templates_repository import ENVIRON, Templates, git, make_templates

LINES = "".join(f"line {number}\n" for number in range(1, 10))
OLD = {"README.md": f"# @@name@@\n{LINES}", "pipeline.yml": "ref: @@ref@@\n", "old.txt": "old\n", "dot-gitignore": "out/\n"}
NEW = {"README.md": OLD["README.md"].replace("line 8", "line eight"), "pipeline.yml": OLD["pipeline.yml"]}
NEW |= {"new.txt": "new\n", "dot-gitignore": "out/\n.local/\n"}


@dataclass(frozen=True)
class Consumer:
    folder: Path
    templates: Templates

    def update(self, *options: str) -> int:
        return main(["update", "--content", str(self.folder), "--from", str(self.templates.folder), *options], ENVIRON)

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def edit(self, path: str, before: str, after: str) -> None:
        assert before in self.read(path)
        (self.folder / path).write_text(self.read(path).replace(before, after))

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.folder.iterdir()}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    templates = make_templates(tmp_path_factory.mktemp("templates") / "mlops")
    templates.release("v1.0.0", OLD)
    templates.release("v1.9.0", {**OLD, "new.txt": "between\n"})
    templates.release("v1.10.0", NEW)
    git(templates.folder, "tag", "v2-rehearsal")
    git(templates.folder, "branch", "v1.11.0")
    return templates


@pytest.fixture
def consumer(templates: Templates, tmp_path: Path) -> Consumer:
    """As `init` of v1.0.0 would have written it."""
    files = {path.replace("dot-", "."): text.replace("@@name@@", "orders") for path, text in OLD.items()}
    files["pipeline.yml"] = "ref: refs/tags/v1.0.0\n"
    record = make_record("1.0.0", "refs/tags/v1.0.0", Answers("orders", "mlops"), files)
    for path, text in {**files, ".mlops.toml": to_toml(record)}.items():
        (tmp_path / path).write_text(text)
    return Consumer(tmp_path, templates)


def test_it_shows_first_and_writes_only_when_told(consumer: Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    before = consumer.files()
    assert consumer.update() == 2
    shown = capsys.readouterr().out
    assert "Update from v1.0.0 to v1.10.0" in shown
    assert "--- a/pipeline.yml\n+++ b/pipeline.yml\n@@ -1 +1 @@\n-ref: refs/tags/v1.0.0\n+ref: refs/tags/v1.10.0\n" in shown
    assert "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n" in shown
    assert consumer.files() == before


def test_what_was_not_edited_is_replaced_and_what_is_new_comes(consumer: Consumer) -> None:
    assert consumer.update("--apply") == 0
    assert consumer.read("pipeline.yml") == "ref: refs/tags/v1.10.0\n"
    assert consumer.read(".gitignore") == "out/\n.local/\n"
    assert consumer.read("new.txt") == "new\n"
    record = read_record(consumer.folder)
    assert (record.version, record.ref) == ("1.10.0", "refs/tags/v1.10.0")
    assert consumer.update() == 0


def test_edits_are_merged(consumer: Consumer) -> None:
    consumer.edit("README.md", "line 2", "my line 2")
    assert consumer.update("--apply") == 0
    assert "my line 2\n" in consumer.read("README.md")
    assert "line eight\n" in consumer.read("README.md")


def test_edits_of_the_same_lines_stay_and_the_new_text_stands_beside(
    consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    consumer.edit("README.md", "line 8", "my line 8")
    mine = consumer.read("README.md")
    assert consumer.update("--apply") == 0
    assert consumer.read("README.md") == mine
    assert consumer.read("README.md.new") == NEW["README.md"].replace("@@name@@", "orders")
    told = capsys.readouterr().out
    assert "README.md: you have edited the lines that change: it stays, and the new text goes to README.md.new." in told
    assert "--- a/README.md\n+++ b/README.md.new\n" in told
    assert "-my line 8\n+line eight\n" in told


def test_an_edited_file_that_does_not_change_is_left_alone(consumer: Consumer) -> None:
    consumer.edit("README.md", "line 2", "my line 2")
    mine = consumer.read("README.md")
    assert consumer.update("--apply", "--to", "v1.9.0") == 0
    assert consumer.read("README.md") == mine
    assert consumer.update("--apply") == 0
    assert "line eight\n" in consumer.read("README.md")


def test_what_the_owner_removed_does_not_come_back(consumer: Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    (consumer.folder / "README.md").unlink()
    assert consumer.update("--apply") == 0
    assert "you have removed it" in capsys.readouterr().out
    assert not (consumer.folder / "README.md").exists()


def test_a_file_of_the_owner_stands_where_a_new_one_would(consumer: Consumer) -> None:
    (consumer.folder / "new.txt").write_text("mine\n")
    assert consumer.update("--apply") == 0
    assert (consumer.read("new.txt"), consumer.read("new.txt.new")) == ("mine\n", "new\n")


def test_what_is_retired_is_only_named(consumer: Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    assert consumer.update("--apply") == 0
    assert "the templates do not bring it any more" in capsys.readouterr().out
    assert consumer.read("old.txt") == "old\n"


def test_a_mode_stays(consumer: Consumer) -> None:
    (consumer.folder / "pipeline.yml").chmod(0o755)
    consumer.update("--apply")
    assert (consumer.folder / "pipeline.yml").stat().st_mode & 0o777 == 0o755


def test_what_is_no_text_stays(consumer: Consumer) -> None:
    (consumer.folder / "README.md").write_bytes(b"\xff\x00mine")
    assert consumer.update("--apply") == 0
    assert (consumer.folder / "README.md").read_bytes() == b"\xff\x00mine"


def test_an_update_that_was_broken_off_is_begun_again(consumer: Consumer, tmp_path_factory: pytest.TempPathFactory) -> None:
    consumer.edit("README.md", "line 2", "my line 2")
    begun = Consumer(Path(shutil.copytree(consumer.folder, tmp_path_factory.mktemp("begun") / "orders")), consumer.templates)
    consumer.update("--apply")
    # The record is written last, so what was killed has some of the files and the old record.
    for path in ("README.md", "new.txt"):
        shutil.copy(consumer.folder / path, begun.folder / path)
    assert begun.update("--apply") == 0
    assert begun.files() == consumer.files()


def test_a_tag_that_was_moved_is_no_base(consumer: Consumer, tmp_path: Path) -> None:
    templates = make_templates(tmp_path / "moved")
    templates.release("v1.0.0", {**OLD, "README.md": "# something else\n"})
    templates.release("v1.1.0", NEW)
    consumer.edit("README.md", "line 2", "my line 2")
    mine = consumer.read("README.md")
    assert Consumer(consumer.folder, templates).update("--apply") == 0
    assert consumer.read("README.md") == mine
    assert "line eight" in consumer.read("README.md.new")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--to", "v3.0.0"], "has no tag v3.0.0 with a scaffold"),
        (["--to", "v0.9.0"], "v0.9.0 is older than v1.0.0"),
        (["--to", "refs/heads/main"], "made from a tag"),
        (["--from", "/nowhere/at/all"], "git ls-remote failed"),
        (["--from", ""], "is no address: say by --from FOLDER_OR_URL"),
        (["--from=--upload-pack=false"], "git ls-remote failed"),
    ],
)
def test_what_cannot_be_is_refused(
    consumer: Consumer, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = consumer.files()
    assert consumer.update("--apply", *options) == 9
    assert sentence in capsys.readouterr().err
    assert consumer.files() == before


@pytest.mark.parametrize("link", [False, True])
def test_what_stands_in_the_way_is_told_before_anything_is_written(
    consumer: Consumer, link: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if link:
        (consumer.folder / "new.txt").symlink_to("/etc/hostname")
    else:
        (consumer.folder / "new.txt").mkdir()
    assert consumer.update("--apply") == 9
    assert "new.txt is a folder, or a link that leads out of the repository: move it away first" in capsys.readouterr().err
    assert consumer.read("pipeline.yml") == "ref: refs/tags/v1.0.0\n"


@pytest.mark.parametrize("tag", [[], ["--to", "v7.0.0"]])
def test_a_password_of_an_address_is_not_told(consumer: Consumer, tag: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert consumer.update("--from", f"file://nobody:planted-secret@{consumer.templates.folder}/..", *tag) == 9
    assert consumer.update("--from", "http://nobody:planted-secret@127.0.0.1:9/mlops", *tag) == 9
    told = capsys.readouterr()
    assert "127.0.0.1" in told.err
    assert "planted-secret" not in told.out + told.err


def test_elsewhere_there_is_nothing_to_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["update", "--content", str(tmp_path)], ENVIRON) == 9
    assert "There is no .mlops.toml" in capsys.readouterr().err


def test_a_broken_record_is_refused(consumer: Consumer, capsys: pytest.CaptureFixture[str]) -> None:
    consumer.edit(".mlops.toml", "[answers]", "[questions]")
    assert consumer.update() == 9
    assert "take it from git again" in capsys.readouterr().err


def test_a_scaffold_that_asks_for_more_is_refused(consumer: Consumer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates = make_templates(tmp_path / "later")
    templates.release("v2.0.0", {"README.md": "@@name@@ in @@planet@@\n"})
    assert Consumer(consumer.folder, templates).update() == 9
    assert (
        "asks for planet, which this version of mlops does not know: install mlops of that tag first" in capsys.readouterr().err
    )


def test_a_scaffold_leads_nowhere_else(consumer: Consumer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates = make_templates(tmp_path / "later")
    (templates.folder / "mlops" / "scaffold" / "files").mkdir(parents=True)
    (templates.folder / "mlops" / "scaffold" / "files" / "stolen").symlink_to("/etc/hostname")
    git(templates.folder, "add", "--all")
    git(templates.folder, "commit", "--quiet", "--message", "Add a link")
    templates.release("v2.0.0", {})
    git(templates.folder, "tag", "--force", "v2.0.0", "HEAD~1")
    (templates.folder / "pyproject.toml").write_text("")
    assert Consumer(consumer.folder, templates).update() == 9
    assert "a link out of its repository" in capsys.readouterr().err


def test_the_report_holds_the_difference(consumer: Consumer, tmp_path_factory: pytest.TempPathFactory) -> None:
    reports = tmp_path_factory.mktemp("reports")
    assert consumer.update("--json", str(reports / "report.json"), "--summary", str(reports / "summary.md")) == 2
    assert "+ref: refs/tags/v1.10.0\n" in json.loads((reports / "report.json").read_text())["diff"]
    assert "\n    +ref: refs/tags/v1.10.0\n" in (reports / "summary.md").read_text()


texts = st.lists(st.sampled_from("abcdef"), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(max_examples=60)
@given(base=texts, mine=texts, new=texts)
def test_no_edit_is_ever_lost(tmp_path_factory: pytest.TempPathFactory, base: str, mine: str, new: str) -> None:
    """Whatever is written where the owner's file is: it is that file's own lines, or it was as it had been written."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "file").write_text(mine)
    record: Record = make_record("1.0.0", "refs/tags/v1", Answers("a", "b"), {"file": base})
    for change in Comparison(folder.resolve(), record, {"file": base}, {"file": new}, ENVIRON).changes():
        kept_lines = set(mine.splitlines()) - set(base.splitlines())
        assert mine == base or change.target != "file" or kept_lines <= set(change.after.splitlines())
