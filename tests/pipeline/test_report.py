"""The page that a run leaves says what the account says, and can be read in a browser of any width, in the dark and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..mlops.page_of import Reader
from .browser import Browser, browser
from .conftest import Run
from .stand import Stand

STAGES = ["Connect", "BuildFeatures", "BuildModels", "CreateTasks"]
MODEL = "TRIAL_ELIGIBILITY"
OF_MODEL = f"WHERE RUN_ID = '{MODEL}_V1'"
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def file(first_run: Run) -> Path:
    assert first_run.exit_code == 0, first_run.terminal
    return first_run.out / "report" / "index.html"


@pytest.fixture(scope="module")
def page(file: Path) -> Reader:
    return Reader(file.read_text())


@pytest.fixture(scope="module")
def ask(served: Stand) -> Iterator[Ask]:
    with served.pipeline.connect() as connection, connection.cursor() as cursor:
        yield lambda statement: [tuple(row) for row in cursor.execute(statement).fetchall()]


def test_it_is_the_artifact_of_the_last_job_and_the_terminal_tells_where(first_run: Run, file: Path) -> None:
    assert file.read_bytes() == (first_run.out / "artifacts" / "report-CreateTasks.1" / "index.html").read_bytes()
    assert f"Report: {file}" in first_run.terminal
    assert "report-CreateTasks.1" in first_run.facts["artifacts"]


def test_stages_and_times_are_those_that_the_commands_told(first_run: Run, page: Reader) -> None:
    rows = page.rows("Commands of this run, in the order in which they began")
    assert [row["stage"] for row in rows] == STAGES
    for row in rows:
        told = json.loads((first_run.out / "artifacts" / f"report-{row['stage']}.1" / f"{row['command']}.json").read_text())
        assert float(row["seconds"]) == round(told["seconds"], 1)
        assert (row["began, UTC"], row["result"]) == (told["began"][11:19], "succeeded")


def test_the_plan_is_what_was_done_and_nothing_is_left(page: Reader, ask: Ask) -> None:
    rows = page.rows("What this run planned, and what became of it; the time before is an estimate")
    ledger = ask("SELECT ACTION, KIND, NAME, SECONDS, STATEMENTS FROM CHANGE_LEDGER")
    assert {(row["action"], row["kind"], row["name"]) for row in rows} == {row[:3] for row in ledger}
    assert f"{len(ledger)} changes made, the account is as declared" in page.text
    assert "Nothing is left to do" in page.text
    moved = {row["model"]: (row["from"], row["to"], row["by"]) for row in page.rows("Versions that came into use in this run")}
    assert moved == dict.fromkeys((MODEL, "AIRLINE_FLIGHT_DELAY_MODEL"), ("none", "V1", "train"))
    assert "What an apply would still do" not in page.tables
    recorded = page.rows("CHANGE_LEDGER, from the newest row on")
    kept = {(row["action"], row["kind"], row["name"]): (float(row["seconds"]), int(row["statements"])) for row in recorded}
    assert kept == {row[:3]: (pytest.approx(row[3]), row[4]) for row in ledger}


def test_metrics_and_confusion_are_those_of_the_account(page: Reader, ask: Ask) -> None:
    metrics = page.rows("Metrics on the rows that were held out", MODEL)
    assert {row["metric"]: float(row["V1"]) for row in metrics} == dict(ask(f"SELECT METRIC, VALUE FROM METRICS {OF_MODEL}"))
    (trained,) = page.rows("Trainings, from the newest on", MODEL)
    assert ask(f"SELECT MODEL_VERSION, TRAINING_ROWS, TEST_ROWS FROM TRAINING_RUNS {OF_MODEL}") == [
        (trained["version"], int(trained["trained on"]), int(trained["held out"]))
    ]
    cells = page.rows("Rows by what they are and what was predicted", MODEL)
    assert sorted(ask(f"SELECT ACTUAL, PREDICTED, ROW_COUNT FROM CONFUSION_MATRIX {OF_MODEL}")) == [
        (int(row["actual"]), predicted, int(row[f"predicted {predicted}"])) for row in cells for predicted in (0, 1)
    ]


@pytest.mark.parametrize("model", [MODEL, "AIRLINE_FLIGHT_DELAY_MODEL"])
def test_the_model_card_is_that_of_the_account(model: str, page: Reader, ask: Ask) -> None:
    ((told,),) = ask(f"SELECT CARD FROM MODEL_CARDS WHERE MODEL_NAME = '{model}'")
    card = json.loads(told)
    shown = page.rows(f"Model card of {model} V1")
    facts = {(row["field"], row["value"]) for row in shown}
    assert {
        ("definition", card["definition"]),
        ("champion", card["champion"]),
        ("requested by", card["run"]["requested_by"]),
    } <= facts
    assert {row["value"].partition(",")[0] for row in shown if row["field"] == "feature view"} == {
        view["name"] for view in card["views"]
    }
    assert {("dataset", f"{card['data']['name']}/{card['data']['version']}, taken {card['data']['taken_at']}")} <= facts
    assert [row["package"] for row in page.rows(f"Environment of {model} V1")] == card["lock"]["packages"]
    metrics = {row["metric"]: row["value"] for row in page.rows(f"Metrics of {model} V1")}
    assert metrics == {name: f"{value:.4f}" for name, value in card["metrics"].items()}
    assert len(page.rows(f"Gates of {model} V1")) == len(card["gates"])


def test_points_of_the_curves_are_those_of_the_held_out_rows(page: Reader, ask: Ask) -> None:
    shown = {int(row["from, %"]): row for row in page.rows("What would be called positive from a score on", MODEL)}
    assert len(shown) == 11
    scores = ask("SELECT MATCH_PERCENTAGE, IFF(ELIGIBLE, 1, 0) FROM PREDICTIONS")
    positives = sum(positive for _, positive in scores)
    for percent, row in shown.items():
        reached = [positive for score, positive in scores if score >= percent]
        right, wrong = sum(reached), len(reached) - sum(reached)
        assert (int(row["true positives"]), int(row["false positives"])) == (right, wrong)
        assert float(row["true positive rate"]) == right / positives
    tenths: dict[int, list[tuple[float, int]]] = {}
    for score, positive in scores:
        tenths.setdefault(min(int(score // 10), 9), []).append((score, positive))
    calibration = page.rows("Calibration: by tenths of the score", MODEL)
    for row, (_, same) in zip(calibration, sorted(tenths.items()), strict=True):
        assert int(row["rows"]) == len(same)
        assert float(row["said"]) == pytest.approx(sum(score for score, _ in same) / len(same) / 100)
        assert float(row["found"]) == pytest.approx(sum(positive for _, positive in same) / len(same))


@pytest.mark.parametrize(
    ("view", "number"), [("PATIENT_AGE", "AGE"), ("TRIAL_CRITERIA", "MIN_AGE"), ("TRIAL_CRITERIA", "MAX_AGE")]
)
def test_numbers_are_distributed_as_in_the_account(view: str, number: str, page: Reader, ask: Ask) -> None:
    values = [value for (value,) in ask(f"SELECT {number} FROM FEATURE_STORE.{view}$V1")]
    known = [float(value) for value in values if value is not None]
    shown = dict(page.tables[f"{number} of {view}/V1"])
    assert shown.pop("missing").endswith(f"({len(values) - len(known)} rows)")
    assert float(shown.pop("least")) == min(known)
    assert float(shown.pop("greatest")) == max(known)
    assert float(shown.pop("mean")) == pytest.approx(sum(known) / len(known))
    assert float(shown.pop("different values, about")) == pytest.approx(len(set(known)), rel=0.1)
    width = (max(known) - min(known)) / 16
    places = [min(int((value - min(known)) / width), 15) for value in known]
    assert [int(rows) for rows in shown.values()] == [places.count(place) for place in range(16)]


def test_words_are_counted_as_in_the_account(page: Reader, ask: Ask) -> None:
    for feature in ("SEX", "CONDITION", "COMORBIDITIES"):
        counted = dict(ask(f"SELECT {feature}::VARCHAR, COUNT(*) FROM FEATURE_STORE.PATIENT_AGE$V1 GROUP BY 1"))
        assert page.listed[feature] == counted


def test_gates_and_tasks_are_as_the_account_has_them(page: Reader, ask: Ask) -> None:
    shown = page.rows("Data was judged before the training, the model after it", MODEL)
    wanted = ask(f"SELECT STAGE, GATE, SUBJECT, VALUE, IFF(PASSED, 'passed', 'failed') FROM GATE_RESULTS {OF_MODEL}")
    told = [(row["stage"], row["gate"], row["of"], row["value"], row["result"]) for row in shown]
    assert sorted((*row[:3], None if row[3] == "–" else float(row[3]), row[4]) for row in told) == sorted(wanted)
    tasks = page.rows("Tasks, as the account has them")
    assert {row["name"]: row["state"] for row in tasks} == {
        "MONITOR_TRIAL_ELIGIBILITY": "started",
        "RETRAIN_TRIAL_ELIGIBILITY": "started",
    }


def test_graphs_lead_from_the_source_to_what_is_made_of_it(page: Reader) -> None:
    edges = {(row["from"], row["is made"]) for row in page.rows("What is made from what")}
    assert ("source table SOURCE.PATIENTS", "feature view PATIENT_AGE/V1") in edges
    assert ("feature view TRIAL_CRITERIA/V1", "training set TRIAL_SCREENINGS") in edges
    assert ("training set TRIAL_SCREENINGS", "model TRIAL_ELIGIBILITY") in edges
    starts = {(row["this"], row["starts"]) for row in page.rows("What starts what")}
    assert ("stream SCREENINGS_STREAM", "task RETRAIN_TRIAL_ELIGIBILITY") in starts
    assert ("task RETRAIN_TRIAL_ELIGIBILITY", "procedure TRAIN_MODEL") in starts


def test_figures_are_few_statements_of_one_row_each(served: Stand) -> None:
    sent = served.admin.query(
        "SELECT QUERY_TEXT, ROWS_PRODUCED FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
        "WHERE USER_NAME = 'MLOPS_DEV_PIPELINE' AND QUERY_TEXT LIKE '%ARRAY_AGG(OBJECT_CONSTRUCT_KEEP_NULL(*))%'"
    )
    assert len(sent) == 9
    assert {row["ROWS_PRODUCED"] for row in sent} == {1}


@pytest.fixture(scope="module")
def tab(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        found.open(file)
        yield found


@pytest.mark.browser
def test_the_browser_has_nothing_to_complain_of_and_nothing_to_fetch(tab: Browser, file: Path) -> None:
    assert tab.look("document.querySelectorAll('section').length") == 9
    assert tab.told("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
    fetched = {event["request"]["url"] for event in tab.told("Network.requestWillBeSent")}
    assert {url for url in fetched if not url.startswith("data:")} == {file.resolve().as_uri()}


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_stands_out_of_the_window(width: int, tab: Browser) -> None:
    tab.resize(width)
    for opened in ("false", "true"):
        tab.look(f"document.querySelectorAll('details').forEach(each => each.open = {opened})")
        assert tab.look("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
        assert tab.look(OUTSIDE) == []
    tab.look("document.querySelectorAll('details').forEach(each => each.open = false)")


# What is wider than its place and cannot be scrolled there.
OUTSIDE = """[...document.querySelectorAll('main *')].filter(each => !each.closest('.scroll, svg') &&
    each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 99))"""
CONTRASTS = """[...document.querySelectorAll('h1, h2, p, li, dt, dd, .quiet, a, .good, .bad, .mark, .tag, summary, th, td, figcaption')].map(each => {
    const light = text => { const [r, g, b] = text.match(/[0-9.]+/g).map(part => (part /= 255) <= .04045 ? part / 12.92 :
        ((part + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
    let below = each; while (getComputedStyle(below).backgroundColor === 'rgba(0, 0, 0, 0)') below = below.parentElement
    const [one, other] = [light(getComputedStyle(each).color), light(getComputedStyle(below).backgroundColor)]
    return (Math.max(one, other) + .05) / (Math.min(one, other) + .05) })"""


@pytest.mark.browser
def test_it_can_be_read_in_the_light_and_in_the_dark(tab: Browser) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        tab.prefer(scheme)
        grounds.append(tab.look("getComputedStyle(document.body).backgroundColor"))
        assert min(tab.look(CONTRASTS)) >= 4.5
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 22, 28)"]


@pytest.mark.browser
def test_on_paper_it_is_light_and_unfolded(tab: Browser) -> None:
    # The style, and not what is seen: that follows with the next frame.
    folded = """[...document.querySelectorAll('details:not([open])')].map(each =>
        getComputedStyle(each, '::details-content').contentVisibility)"""
    tab.prefer("dark")
    assert set(tab.look(folded)) == {"hidden"}
    tab.prefer("dark", media="print")
    assert set(tab.look(folded)) == {"visible"}
    assert tab.look("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.prefer("light")


@pytest.mark.browser
def test_everything_is_reached_by_keyboard_and_seen_there(tab: Browser) -> None:
    wanted = tab.look(
        "(window.wanted = [...document.querySelectorAll('a, summary, .scroll')].filter(each => each.checkVisibility())).length"
    )
    reached = {}
    for _ in range(wanted):
        tab.press("Tab")
        place, outline = tab.look(
            "[wanted.indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached[place] = outline
    assert reached == dict.fromkeys(range(wanted), "solid")
    tab.look("document.querySelector('summary').focus()")
    tab.press("Enter", "\r")
    assert tab.look("document.querySelector('details').open") is True
