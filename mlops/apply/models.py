"""Trains inside Snowflake: the agent calls, waits and reads a summary."""

from __future__ import annotations

import json
from typing import Any

from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.cards import from_document
from mlops.definitions import Model
from mlops.outputs import reason_of


def apply_model(step: Step, definition: Model) -> Outcome:
    return train(step.target, definition, reason=reason_of(step.desired.hash))


def train(target: Target, definition: Model, *, reason: str) -> Outcome:
    target.require_approval()
    rows = target.run(f"CALL {target.at_home(definition.procedure).sql}(?, ?, ?)", (definition.name, reason, ""))
    summary: dict[str, Any] = json.loads(rows[0][0])
    version = summary["version"]
    told = f"version {version} from {summary['training_rows']} rows, tested on {summary['test_rows']}"
    return Outcome(
        detail=told if version else f"no version of {summary['training_rows']} rows: see the gates",
        metrics=tuple(sorted((name, float(value)) for name, value in summary["metrics"].items())),
        failures=tuple(summary["failed_gates"]),
        gates=tuple((version or "none", *row) for row in summary["gates"]),
        card=from_document(summary["card"]) if summary["card"] else None,
    )
