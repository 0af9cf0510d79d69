"""Which version of a model is the default one: moved by a word, and every move in the ledger.

https://docs.snowflake.com/en/sql-reference/sql/alter-model
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from mlops.apply.target import Target
from mlops.cards import Card, judge_card, stored_card
from mlops.definitions import Model
from mlops.errors import AccountError
from mlops.gates import Verdict, insert_verdicts, judge_metrics
from mlops.inside.champion import judge, stored_scores
from mlops.ledger import Entry, insert_statement, together
from mlops.names import identifier, quote, resolve
from mlops.outputs import LEDGER, METRICS, TRAINING_RUNS


@dataclass(frozen=True)
class Versions:
    """Those that a model has in the registry."""

    model: str
    names: tuple[str, ...]
    default: str

    def require(self, version: str) -> str:
        version = version if version in self.names else resolve(version)
        if version not in self.names:
            raise AccountError(f"Model {self.model} has no version {version}; it has {', '.join(self.names)}.")
        return version


def read_versions(target: Target, model: str) -> Versions:
    rows = target.run(f"SHOW MODELS IN SCHEMA {target.settings.home.sql}")
    found = [row for row in rows if row["name"] == model]
    if not found:
        raise AccountError(
            f"Model {model} is not in {target.settings.home.database}.{target.settings.home.name}: apply it first."
        )
    return Versions(model, tuple(json.loads(found[0]["versions"])), found[0]["default_version_name"])


def version_before(target: Target, versions: Versions) -> str:
    """What the default version was when it last became what it is; without a ledger, the last other one that passed."""
    rows = target.run(
        f"SELECT FROM_VERSION FROM {target.at_home(LEDGER.name).sql} WHERE KIND = 'model' AND NAME = ? AND TO_VERSION = ? "
        "AND FROM_VERSION <> TO_VERSION ORDER BY CHANGED_AT DESC LIMIT 1",
        (versions.model, versions.default),
    ) or target.run(
        f"SELECT MODEL_VERSION FROM {target.at_home(TRAINING_RUNS.name).sql} WHERE MODEL_NAME = ? AND MODEL_VERSION <> ? AND PASSED "
        "ORDER BY FINISHED_AT DESC LIMIT 1",
        (versions.model, versions.default),
    )
    if not rows:
        raise AccountError(f"Model {versions.model} has had no default version before {versions.default}: name one with --to.")
    return str(rows[0][0])


def set_default(target: Target, versions: Versions, version: str, *, action: str, reason: str) -> None:
    settings = target.settings
    entry = Entry(
        *(action, Model.kind, versions.model, settings.commit, settings.run, target.owner, reason),
        from_version=versions.default,
        to_version=version,
        statements=1,
    )
    name = target.at_home(versions.model).sql
    move = f"ALTER MODEL {name} SET DEFAULT_VERSION = {_version(version)}"
    target.run(together((move, insert_statement(settings.home, entry))))


def judge_version(target: Target, model: Model, versions: Versions, version: str, card: Card | None) -> tuple[Verdict, ...]:
    """What its training measured, how it stands up to the default version, and if its card is whole. Stored, whatever the outcome."""
    settings = target.settings
    place = target.place
    training_set = target.definitions.training_set(model)
    run, metrics = _measured(target, model, version)
    rivals = (stored_scores(place, model, training_set, name) for name in (versions.default, version))
    verdicts = (
        *judge_metrics(metrics, model.gates),
        judge(place, model, training_set, *rivals),
        judge_card(model.name, version, card),
    )
    target.run(insert_verdicts(settings.home, run, model.name, version, verdicts))
    return verdicts


def card_of(target: Target, model: str, version: str) -> Card | None:
    return stored_card(target.run, target.settings.home, model, version)


def _measured(target: Target, model: Model, version: str) -> tuple[str, dict[str, float]]:
    rows = target.run(
        f"SELECT R.RUN_ID, M.METRIC, M.VALUE FROM {target.at_home(TRAINING_RUNS.name).sql} R "
        f"JOIN {target.at_home(METRICS.name).sql} M ON M.RUN_ID = R.RUN_ID WHERE R.MODEL_NAME = ? AND R.MODEL_VERSION = ?",
        (model.name, version),
    )
    if not rows:
        raise AccountError(
            f"Version {version} of model {model.name} was not trained by the pipeline: nothing says what it is worth."
        )
    return rows[0][0], {metric: float(value) for _, metric, value in rows}


def _version(name: str) -> str:
    return name if identifier(name) == name else quote(name)
