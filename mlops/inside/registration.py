"""The model registry: versions are added, the default one moves when the gates are passed."""

from __future__ import annotations

from snowflake.ml.model import model_signature, type_hints
from snowflake.ml.model.task import Task
from snowflake.ml.registry import Registry

from mlops.definitions import Model
from mlops.errors import AccountError
from mlops.inside.claims import Claim
from mlops.inside.learning import Learned
from mlops.inside.place import Place
from mlops.inside.recording import Run
from mlops.names import identifier
from mlops.outputs import LEDGER

_OPTIONS: type_hints.SKLModelSaveOptions = {"enable_explainability": False}


def register(place: Place, run: Run, learned: Learned, claim: Claim, *, passed: bool) -> None:
    registry, model, version = open_registry(place), run.model, run.version
    drop_begun(place, run, claim)
    claim.begin(version)
    registry.log_model(
        learned.pipeline,
        model_name=model.name,
        version_name=version,
        comment=run.mark.after(model.description),
        metrics=dict(learned.metrics),
        signatures=_signatures(model),
        target_platforms=["WAREHOUSE"],
        task=Task.TABULAR_BINARY_CLASSIFICATION,
        options=_OPTIONS,
    )
    stored = registry.get_model(model.name)
    stored.comment = model.description
    if passed and stored.default.version_name != version:
        stored.default = version


def drop_begun(place: Place, run: Run, claim: Claim) -> None:
    """What was left by a run that was killed, as its claim says. What anybody else has added is not taken away."""
    name, version = run.model.name, run.version
    registry = open_registry(place)
    versions = _versions(registry, name)
    if version not in versions:
        return
    if not claim.began(version):
        raise AccountError(
            f"Version {version} of model {name}, which this run is to make, is there, and somebody else has added it: "
            "nothing of others is taken away, so copy it to another name, drop this one, and run again."
        )
    _drop(registry, run, [other for other in versions if other != version])
    claim.begin(None)


def _drop(registry: Registry, run: Run, others: list[str]) -> None:
    name, version = run.model.name, run.version
    if not others:
        registry.delete_model(name)
        return
    model = registry.get_model(name)
    if model.default.version_name == version:
        # The default version cannot be dropped.
        model.default = run.before if run.before in others else others[-1]
    model.delete_version(version)


def has_version(place: Place, model: str, version: str) -> bool:
    return version in _versions(open_registry(place), model)


def default_before(place: Place, model: str, version: str) -> str | None:
    """The default version before this one, which a run that was killed may have left, and made the default already."""
    shown = place.run(f"SHOW MODELS IN SCHEMA {place.home.sql}")
    default = next((row["default_version_name"] for row in shown if row["name"] == model), None)
    if default != version:
        return default
    moves = place.run(
        f"SELECT TO_VERSION FROM {place.table(LEDGER.name).sql} WHERE KIND = 'model' AND NAME = ? AND TO_VERSION IS NOT NULL "
        "ORDER BY CHANGED_AT DESC LIMIT 1",
        (model,),
    )
    return moves[0][0] if moves else None


def open_registry(place: Place) -> Registry:
    return Registry(place.session, database_name=identifier(place.home.database), schema_name=identifier(place.home.name))


def _versions(registry: Registry, name: str) -> list[str]:
    models = registry.show_models()
    if models.empty or name not in set(models["name"]):
        return []
    return list(registry.get_model(name).show_versions()["name"])


def _signatures(model: Model) -> dict[str, model_signature.ModelSignature]:
    numbers = [model_signature.FeatureSpec(name, model_signature.DataType.DOUBLE) for name in (*model.numeric, *model.derived)]
    words = [model_signature.FeatureSpec(name, model_signature.DataType.STRING) for name in model.categorical]
    answer = [model_signature.FeatureSpec("PREDICTION", model_signature.DataType.INT64)]
    chances = [
        model_signature.FeatureSpec(name, model_signature.DataType.DOUBLE) for name in ("PROBABILITY_OF_0", "PROBABILITY_OF_1")
    ]
    return {
        "predict": model_signature.ModelSignature([*numbers, *words], answer),
        "predict_proba": model_signature.ModelSignature([*numbers, *words], chances),
    }
