"""Executes exactly the plan, in its order, and stops at the first refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from snowflake.ml._internal.exceptions.exceptions import SnowflakeMLException

from mlops.apply.models import train
from mlops.apply.retire import retire
from mlops.apply.step import Step
from mlops.apply.target import Outcome, Target
from mlops.definitions import Model
from mlops.errors import AccountError, MlopsError
from mlops.plan import Change, Plan
from mlops.refusals import explain
from mlops.session import CLIENT_ERRORS

# What makes an object of the kind. Imported when there is something to make: the client of the Feature Store takes longer to be imported
# than an apply with nothing to do.
_APPLY = {
    "function": "functions.apply_function",
    "entity": "entities.apply_entity",
    "feature view": "feature_views.apply_feature_view",
    "table": "tables.apply_table",
    "procedure": "procedures.apply_procedure",
    "training set": "training_sets.apply_training_set",
    "model": "models.apply_model",
    "stream": "streams.apply_stream",
    "task": "tasks.apply_task",
}


@dataclass(frozen=True)
class Made:
    change: Change
    seconds: float
    outcome: Outcome
    error: MlopsError | None = None


def execute(target: Target, plan: Plan) -> Iterator[Made]:
    if any(change.action == "train" for change in plan.pending):
        target.require_approval()
    if plan.pending:
        target.prepare()
    for change in plan.pending:
        made = _make(change, partial(_apply, target, change))
        yield made
        if made.error:
            return


def train_now(target: Target, model: Model, reason: str) -> Made:
    change = Change("train", model.kind, model.name, reason)
    return _make(change, partial(train, target, model, reason=reason))


def _apply(target: Target, change: Change) -> Outcome:
    with target.session.query_history() as queries:
        step = Step(target, change, queries)
        if change.action == "retire":
            return retire(step)
        if change.action == "record":
            step.finish()
            return Outcome("recorded")
        return _maker(change.kind)(step, step.desired.definition)


def _maker(kind: str) -> Callable[[Step, Any], Outcome]:
    module, _, name = _APPLY[kind].partition(".")
    found: Callable[[Step, Any], Outcome] = getattr(import_module(f"mlops.apply.{module}"), name)
    return found


def _make(change: Change, action: Callable[[], Outcome]) -> Made:
    started = time.monotonic()
    outcome, error = _attempt(change, action)
    return Made(change, time.monotonic() - started, outcome, error)


def _attempt(change: Change, action: Callable[[], Outcome]) -> tuple[Outcome, MlopsError | None]:
    try:
        return action(), None
    except MlopsError as error:
        return Outcome(), error
    except CLIENT_ERRORS as error:
        return Outcome(), _refused(change, error)
    except (RuntimeError, ValueError) as error:
        # What snowflake-ml raises is a plain error, told from others by its cause only.
        if isinstance(error.__cause__, SnowflakeMLException):
            return Outcome(), _refused(change, error)
        raise


def _refused(change: Change, error: Exception) -> AccountError:
    return AccountError(f"{change.kind.capitalize()} {change.name} could not be applied: {explain(error)}")
