"""One hash for a definition, its source files and all that it is built from: the same hash means nothing is to be done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from mlops.archive import function_archive
from mlops.collect import Definitions
from mlops.definitions import Definition, FeatureView, Model, Procedure, PythonFunction, TrainingSet

# Texts for people. They are part of an object's own hash, but no reason to build again what is built from it.
_TEXTS = ("description", "features", "checks")
# What the rows of a training set follow from, beside its feature views.
_OF_ROWS = ("name", "version", "spine", "timestamp", "label", "feature_views")


def fingerprint(definitions: Definitions, definition: Definition, *, code: str = "") -> str:
    """`code` is the digest of the code archive, which only procedures are made of. A training set's is that of its rows."""
    if isinstance(definition, Model):
        return essence(definitions, definition)
    own = asdict(definition)
    if isinstance(definition, TrainingSet):
        views = [essence(definitions, one) for one in parts(definitions, definition)]
        return _digest([definition.kind, {name: own[name] for name in _OF_ROWS}, views])
    archive = code if isinstance(definition, Procedure) else ""
    return _digest([essence(definitions, definition), {name: own.get(name) for name in _TEXTS}, archive])


def essence(definitions: Definitions, definition: Definition) -> str:
    """Of what others are built from: without the texts that are for people."""
    own = {name: value for name, value in asdict(definition).items() if name not in _TEXTS}
    made_of = [essence(definitions, one) for one in parts(definitions, definition)]
    return _digest([definition.kind, own, source(definitions, definition), made_of])


def source(definitions: Definitions, definition: Definition) -> str:
    return function_archive(definitions.root, definition.files).digest if isinstance(definition, PythonFunction) else ""


def parts(definitions: Definitions, definition: Definition) -> list[Definition]:
    """What it is made of: when one of them changes, it is made again."""
    found = (definitions.find(wanted) for wanted in sorted(definition.requires) if _is_part(definition, wanted[0]))
    return [one for one in found if one is not None]


def _is_part(definition: Definition, kind: str) -> bool:
    """A model is made of its training set, not of the procedure that trains it: deploying new code retrains nothing."""
    if isinstance(definition, Model):
        return kind == TrainingSet.kind
    return isinstance(definition, FeatureView | TrainingSet)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
