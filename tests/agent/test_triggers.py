"""Whether Azure would start a pipeline: what happened, and the trigger that is asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_local.agent.errors import Mark, Origin
from mlops_local.agent.filters import Filter, Rule, choose_path, choose_ref
from mlops_local.agent.schedules import CronError, check_cron, is_time, next_time
from mlops_local.agent.triggers import Event, Refusal, Start, decide

Project = Any
HERE = Mark(Origin("f.yml"), 1, 1)
STEPS = "steps: [{script: a}]\n"


def verdict(project: Project, trigger: str, reason: str, ref: str = "main", **event: Any) -> str:
    """The reason of the start, or `line: sentence`."""
    tree = project.root(trigger + STEPS).load().tree
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    decision = decide(tree, Event(reason, full, **event))
    if isinstance(decision, Start):
        return decision.reason
    assert isinstance(decision, Refusal)
    return f"{decision.mark.line if decision.mark else 0}: {decision.sentence}"


RELEASES = "trigger:\n  branches:\n    include: [main, releases/*]\n    exclude: [releases/old*, '*/feature/*']\n"
PATHS = "trigger:\n  batch: true\n  branches: [main]\n  paths:\n    include: [docs, src/**/*.py]\n    exclude:\n    - docs/README.md\n"
TAGS = "trigger:\n  tags:\n    include: [v*]\n    exclude: [v0.*]\n"
PUSHES = [
    ("", "main", None, "IndividualCI"),
    ("", "any/branch", (), "IndividualCI"),
    ("", "refs/tags/v1", None, "0: No tag starts this pipeline: 'v1' is a tag, and the trigger names no tags."),
    ("trigger:\n", "main", None, "IndividualCI"),
    ("trigger: none\n", "main", None, "1: No push starts this pipeline: its trigger is 'none'."),
    ("trigger: [main, releases/*]\n", "releases/1/2", None, "IndividualCI"),
    ("trigger: [refs/heads/main]\n", "main", None, "IndividualCI"),
    ("trigger: [main]\n", "Main", None, "1: The branch 'Main' is not among those that start this pipeline: main."),
    ("trigger: main\n", "maintenance", None, "1: The branch 'maintenance' is not among those that start this pipeline: main."),
    ("trigger: [v?]\n", "v1", None, "IndividualCI"),
    ("trigger: [v?]\n", "v10", None, "1: The branch 'v10' is not among those that start this pipeline: v?."),
    (RELEASES, "releases/new", None, "IndividualCI"),
    (RELEASES, "releases/older", None, "4: The branch 'releases/older' is excluded by 'releases/old*'."),
    (RELEASES, "releases/feature/x", None, "4: The branch 'releases/feature/x' is excluded by '*/feature/*'."),
    ("trigger:\n  branches:\n    exclude: [old]\n", "new", None, "IndividualCI"),
    ("trigger:\n  branches:\n    exclude: [old]\n", "old", None, "3: The branch 'old' is excluded by 'old'."),
    ("trigger: {batch: true}\n", "main", None, "BatchedCI"),
    ("trigger: {batch: 'TRUE'}\n", "main", None, "BatchedCI"),
    (PATHS, "main", None, "BatchedCI"),
    (PATHS, "main", ("docs/a/b.md",), "BatchedCI"),
    (PATHS, "main", ("src/main.py",), "BatchedCI"),
    (PATHS, "main", ("src/a/b/main.py", "x"), "BatchedCI"),
    (PATHS, "main", ("src/main.txt",), "5: 'src/main.txt' is not among the paths that start this pipeline: docs, src/**/*.py."),
    (PATHS, "main", ("Docs/a",), "5: 'Docs/a' is not among the paths that start this pipeline: docs, src/**/*.py."),
    (PATHS, "main", ("docs.txt", "src"), "5: None of the 2 changed files is among the paths that start this pipeline."),
    (PATHS, "main", ("docs/README.md",), "7: 'docs/README.md' is excluded by 'docs/README.md'."),
    (PATHS, "main", (), "5: Nothing has changed, and this pipeline starts for changes of certain paths only."),
    (PATHS, "other", ("docs/a",), "3: The branch 'other' is not among those that start this pipeline: main."),
    (
        "trigger: {paths: [docs]}\n", "main", ("docs/a",),
        "1: No push to a branch starts this pipeline: its trigger has 'paths' and no 'branches'.",
    ),
    (TAGS, "main", None, "2: No push to a branch starts this pipeline: its trigger has 'tags' and no 'branches'."),
    (TAGS, "refs/tags/v1.2", ("x",), "IndividualCI"),
    (TAGS, "refs/tags/v0.9", None, "4: The tag 'v0.9' is excluded by 'v0.*'."),
    (TAGS, "refs/tags/1.2", None, "3: The tag '1.2' is not among those that start this pipeline: v*."),
    ("trigger: [main]\n", "refs/tags/main", None, "1: No tag starts this pipeline: 'main' is a tag, and the trigger names no tags."),
    ("trigger: [refs/tags/v*]\n", "refs/tags/v1", None, "IndividualCI"),
    ("trigger: [refs/tags/v*]\n", "v1", None, "1: The branch 'v1' is not among those that start this pipeline: refs/tags/v*."),
]  # fmt: skip


@pytest.mark.parametrize(("trigger", "ref", "changed", "expected"), PUSHES, ids=[str(n) for n in range(len(PUSHES))])
def test_a_push(project: Project, trigger: str, ref: str, changed: tuple[str, ...] | None, expected: str) -> None:
    assert verdict(project, trigger, "IndividualCI", ref, changed=changed) == expected
    assert verdict(project, trigger, "BatchedCI", ref, changed=changed) == expected


@pytest.mark.parametrize("words", ["[skip ci]", "[CI skip]", "fix\n\nskip-checks: true", "***NO_CI***", "x [azp skip] y"])
def test_a_message_can_skip_pushes_and_nothing_else(project: Project, words: str) -> None:
    assert "because its message says" in verdict(project, "", "IndividualCI", message=words)
    assert verdict(project, "", "PullRequest", message=words) == "PullRequest"


def test_a_person_always_starts_it(project: Project) -> None:
    assert verdict(project, "trigger: none\npr: none\n", "Manual", "other", changed=()) == "Manual"


PR = "pr:\n  drafts: false\n  branches: [main]\n  paths:\n    exclude: [docs]\n"
PULL_REQUESTS = [
    ("", {"target": "refs/heads/any"}, "PullRequest"),
    ("pr: none\n", {}, "1: No pull request starts this pipeline: 'pr' is 'none'."),
    ("pr: none\n", {"provider": "TfsGit"}, "PullRequest"),
    ("pr: none\n", {"provider": "GitHub"}, "1: No pull request starts this pipeline: 'pr' is 'none'."),
    ("pr: [releases/*]\n", {"target": "refs/heads/releases/1"}, "PullRequest"),
    ("pr: [releases/*]\n", {}, "1: The target branch 'main' is not among those that start this pipeline: releases/*."),
    (PR, {"changed": ("docs/a", "b")}, "PullRequest"),
    (PR, {"changed": ("docs/a",)}, "5: 'docs/a' is excluded by 'docs'."),
    (PR, {"changed": ("docs/a", "docs/b")}, "5: Each of the 2 changed files is excluded, as by 'docs'."),
    (PR, {"is_draft": True}, "2: A draft does not start this pipeline: 'drafts' is false."),
    ("pr: [main]\n", {"is_draft": True}, "PullRequest"),
    ("pr: {paths: [docs]}\n", {"changed": ("docs/a",), "target": "refs/heads/x"}, "PullRequest"),
]


@pytest.mark.parametrize(("pr", "event", "expected"), PULL_REQUESTS, ids=[str(n) for n in range(len(PULL_REQUESTS))])
def test_a_pull_request(project: Project, pr: str, event: dict[str, Any], expected: str) -> None:
    assert verdict(project, "trigger: none\n" + pr, "PullRequest", "topic", **event) == re.sub(
        r"^(\d+)", lambda line: str(int(line[1]) + 1), expected
    )


NIGHTLY = (
    "schedules:\n- cron: 0 3 * * *\n  branches: [main, releases/*]\n- cron: 30 4 * * Sun\n  branches: [weekly]\n  always: true\n"
)
SUNDAY = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
SCHEDULES = [
    ("", "main", {}, "0: No schedule starts this pipeline: it has none."),
    (NIGHTLY, "main", {}, "Schedule"),
    (NIGHTLY, "other", {}, "3: The branch 'other' is not among those that start this pipeline: main, releases/*."),
    (NIGHTLY, "main", {"at": SUNDAY}, "2: The schedule '0 3 * * *' does not come at 2026-11-22 04:30 UTC."),
    (NIGHTLY, "releases/1", {"at": SUNDAY.replace(hour=3, minute=0, second=9)}, "Schedule"),
    (NIGHTLY, "weekly", {"at": SUNDAY, "changed": ()}, "Schedule"),
    (NIGHTLY, "main", {"changed": ()}, "2: Nothing has changed, and the schedule '0 3 * * *' is not one that runs always."),
    (NIGHTLY, "main", {"changed": ("x",)}, "Schedule"),
    ("schedules: [{cron: 0 3 * * *}]\n", "main", {}, "1: The schedule '0 3 * * *' names no branches, so it starts nothing."),
    ("schedules: [{cron: 0 3 * * *, branches: {exclude: [x]}}]\n", "main", {}, "Schedule"),
]


@pytest.mark.parametrize(("text", "ref", "event", "expected"), SCHEDULES, ids=[str(n) for n in range(len(SCHEDULES))])
def test_a_schedule(project: Project, text: str, ref: str, event: dict[str, Any], expected: str) -> None:
    assert verdict(project, text, "Schedule", ref, **event) == expected


def test_cron_names_and_steps() -> None:
    assert is_time("*/15 0-6 * January,mar Mon-FRI", datetime(2026, 3, 6, 5, 45, tzinfo=UTC))
    assert next_time("0 0 29 2 *", SUNDAY) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 3 * *", "five fields"),
        ("0 24 * * *", "The hour of a cron schedule is 0 to 23, not '24'."),
        ("0 3 * * 7", "The day of the week of a cron schedule is 0 to 6, not '7'."),
        ("0 3 L * *", "The day of the month of a cron schedule is 1 to 31, not 'L'."),
        ("0 3 5-2 * *", "goes backwards"),
        ("0 3 ? * *", "'?' is not a day of the month"),
        ("0 3 30 2 *", "is not a cron schedule"),
        ("*/0 3 * * *", "is not a cron schedule"),
    ],
)
def test_wrong_schedules_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(CronError, match=re.escape(sentence)):
        check_cron(text)


def test_a_wrong_schedule_or_a_variable_in_a_trigger_is_a_mistake_of_the_pipeline(project: Project) -> None:
    errors = project.root("trigger: [$(branch)]\nschedules: [{cron: 0 3 * * 7, branches: [main]}]\n" + STEPS).errors()
    assert [error.split(": ")[0] for error in errors] == ["azure-pipelines.yml:1:11", "azure-pipelines.yml:2:20"]


def rules(*patterns: str) -> tuple[Rule, ...]:
    return tuple(Rule(pattern, HERE) for pattern in patterns)


SEGMENT = st.text("ab.", min_size=1, max_size=3).filter(lambda text: text.strip("."))
PLACE = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)


@given(PLACE, PLACE)
def test_a_folder_holds_itself_and_all_below_and_nothing_else(folder: str, path: str) -> None:
    expected = path == folder or path.startswith(f"{folder}/")
    for written in (folder, f"/{folder}", f"{folder}/", f"./{folder}"):
        assert choose_path(Filter(rules(written), (), HERE), path).chosen is expected
    assert choose_path(Filter((), rules(folder), HERE), path).chosen is not expected


@given(PLACE, SEGMENT)
def test_what_is_included_below_an_excluded_folder_is_in_in_any_order(folder: str, name: str) -> None:
    known = Filter(rules(f"{folder}/{name}"), rules(folder), HERE)
    assert choose_path(known, f"{folder}/{name}/file").chosen
    assert not choose_path(known, f"{folder}/file").chosen or name == "file"
    assert not choose_path(Filter(rules(folder), rules(f"{folder}/{name}"), HERE), f"{folder}/{name}/file").chosen


@given(st.lists(PLACE, min_size=1, max_size=3), st.lists(PLACE, max_size=3), PLACE, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(include: list[str], exclude: list[str], path: str, random: Any) -> None:
    shuffled = [random.sample(each, len(each)) for each in (include, exclude)]
    known = [Filter(rules(*first), rules(*second), HERE) for first, second in ((include, exclude), shuffled)]
    assert choose_path(known[0], path).chosen == choose_path(known[1], path).chosen
    assert (
        choose_ref(known[0], f"refs/heads/{path}", "heads").chosen == choose_ref(known[1], f"refs/heads/{path}", "heads").chosen
    )


@given(PLACE, PLACE)
def test_a_star_in_a_path_stays_in_its_folder_and_two_do_not(start: str, rest: str) -> None:
    name = rest.replace("/", "")
    assert choose_path(Filter(rules(f"{start}/*.x"), (), HERE), f"{start}/{name}.x").chosen
    assert not choose_path(Filter(rules(f"{start}/*.x"), (), HERE), f"{start}/q/{name}.x").chosen
    assert choose_path(Filter(rules(f"{start}/**/*.x"), (), HERE), f"{start}/{rest}/{name}.x").chosen
    assert choose_path(Filter(rules(f"{start}/**/*.x"), (), HERE), f"{start}/{name}.x").chosen


@given(PLACE, PLACE)
def test_a_star_in_a_branch_takes_everything(start: str, rest: str) -> None:
    assert choose_ref(Filter(rules(f"{start}*"), (), HERE), f"refs/heads/{start}{rest}", "heads").chosen
    assert choose_ref(Filter(rules("*"), (), HERE), f"refs/heads/{rest}", "heads").chosen
    assert not choose_ref(Filter(rules("*"), (), HERE), f"refs/tags/{rest}", "heads").chosen
    assert choose_ref(Filter(rules(start), (), HERE), f"refs/heads/{rest}", "heads").chosen is (start == rest)


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_a_schedule_of_every_field_comes_in_its_minute_alone(moment: datetime) -> None:
    cron = f"{moment.minute} {moment.hour} {moment.day} {moment.month} *"
    assert is_time(cron, moment)
    assert not is_time(cron, moment.replace(minute=(moment.minute + 1) % 60))
