"""Documented cases of Azure Pipelines, in a folder beside the checkout: expansions, errors, runs, expressions."""

from __future__ import annotations

import importlib.util
import json
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from mlops_local.agent.console import PlainProgress
from mlops_local.agent.directives import CompileVariables
from mlops_local.agent.emit import to_yaml
from mlops_local.agent.errors import WrongPipeline
from mlops_local.agent.evaluation import World
from mlops_local.agent.load import Queue, load_pipeline
from mlops_local.agent.repositories import parse_local
from mlops_local.agent.run import RunOptions, RunResult, run_pipeline
from mlops_local.agent.values import ExpressionError, plain

CASES = Path(__file__).parents[3] / "shared" / "azure-pipelines-cases"
# Case: why it does not hold yet.
KNOWN_GAPS: dict[str, str] = {}


def _cases() -> list[Any]:
    found = [json.loads(file.read_text()) for file in sorted(CASES.glob("*/case.json"))]
    return [pytest.param(case, id=case["id"], marks=_gap(case["id"])) for case in found]


def _gap(name: str) -> list[Any]:
    return [pytest.mark.xfail(reason=KNOWN_GAPS[name], strict=True)] if name in KNOWN_GAPS else []


def _comparison() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare", CASES / "compare.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _queue(case: dict[str, Any]) -> Queue:
    folder = CASES / case["id"]
    repositories = tuple(parse_local(f"{name}={folder / path}") for name, path in case.get("repositories", {}).items())
    return Queue(folder / case["root"], case["parameters"], case["variables"], repositories)


def test_the_known_gaps_are_cases() -> None:
    assert not CASES.is_dir() or set(KNOWN_GAPS) <= {folder.name for folder in CASES.iterdir()}


@pytest.mark.parametrize("case", _cases())
def test_a_documented_case_holds(case: dict[str, Any], tmp_path: Path) -> None:
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises(WrongPipeline) as caught:
            load_pipeline(_queue(case))
        assert any(
            part.lower() in str(caught.value).lower()
            for text in expected["error"]["contains_any_case"]
            for part in text.split("|")
        )
    elif "expressions" in expected:
        for each in expected["expressions"]:
            _check_expression(each, case["variables"])
    elif "run" in expected:
        options = RunOptions(_queue(case), out=tmp_path / "out", cache=tmp_path / "cache")
        _check_run(expected["run"], run_pipeline(options, PlainProgress()))
    else:
        expanded = yaml.safe_load(to_yaml(load_pipeline(_queue(case)).tree))
        if "expanded" in expected:
            compare = _comparison()
            assert compare.matches(compare.normal(expected["expanded"]), compare.normal(expanded)) == []


def _check_expression(each: dict[str, Any], variables: dict[str, str]) -> None:
    world = World({"variables": CompileVariables(list(variables.items()))})
    if each.get("error"):
        with pytest.raises(ExpressionError):
            world.evaluate(each["expr"])
        return
    value = plain(world.evaluate(each["expr"]))
    expected = each["value"]
    if isinstance(expected, float):
        assert Decimal(str(value)) == Decimal(str(expected)), each["expr"]
    else:
        assert (value, type(value)) == (expected, type(expected)), each["expr"]


def _check_run(expected: dict[str, Any], actual: RunResult) -> None:
    assert actual.result == expected["result"]
    jobs = [job for stage in actual.stages for job in stage.jobs]
    steps = [step for job in jobs for step in job.steps]
    assert {name: {s.name: s.result for s in actual.stages}[name] for name in expected.get("stages", {})} == expected.get(
        "stages", {}
    )
    assert {name: {j.name: j.result for j in jobs}[name] for name in expected.get("jobs", {})} == expected.get("jobs", {})
    for step in expected.get("steps", []):
        found = next(s for s in steps if step.get("name") in (s.name,) or step.get("displayName") == s.display_name)
        assert (actual.out / found.log).read_text().splitlines() == step["output_lines"]
    printed = "\n".join((actual.out / step.log).read_text() for step in steps if step.log)
    for text in expected.get("log_contains", []):
        assert text in printed
    for text in expected.get("log_lacks", []):
        assert text not in printed
    issues = [issue for step in steps for issue in step.issues]
    assert all(issue in issues for issue in expected.get("issues", []))
