"""A model version as it is stored: its folder with MANIFEST.yml, and what the manifest says of its methods.

https://docs.snowflake.com/en/developer-guide/snowflake-ml/model-registry/overview
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mlops_local.account.errors import AccountError
from mlops_local.account.routines.routine import Argument
from mlops_local.account.syntax.types import OBJECT, SqlType, parse_type


@dataclass(frozen=True)
class Method:
    """One method of a version. ``outputs`` has one unnamed entry for a FUNCTION, named columns for a TABLE_FUNCTION.

    ``params`` come behind the inputs, each with the SQL text that stands for it when a call leaves it out. A method of very many
    features takes one OBJECT, which holds the parameters too.
    """

    name: str
    kind: str
    inputs: tuple[tuple[str, SqlType], ...]
    outputs: tuple[tuple[str, SqlType], ...]
    params: tuple[tuple[str, SqlType, str], ...] = ()

    @property
    def is_wide(self) -> bool:
        return len(self.inputs) == 1 and self.inputs[0] == ("INPUT", OBJECT)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What a call gives, by position or by name."""
        given = [Argument(name, type_.sql) for name, type_ in self.inputs]
        return tuple(given if self.is_wide else [*given, *(Argument(name, type_.sql, text) for name, type_, text in self.params)])

    @property
    def types(self) -> tuple[SqlType, ...]:
        return tuple(parse_type(argument.type) for argument in self.arguments)

    @property
    def returns(self) -> str:
        """As SHOW FUNCTIONS IN MODEL says it; the client takes anything but OBJECT or TABLE for an unpacked value."""
        if self.kind == "TABLE_FUNCTION":
            return "TABLE (" + ", ".join(f"{name} {type_.sql}" for name, type_ in self.outputs) + ")"
        return self.outputs[0][1].sql

    @property
    def signature(self) -> str:
        given = [_bare(type_) for _, type_ in self.inputs] + [f"DEFAULT {_bare(type_)}" for _, type_, _ in self.params]
        return f"{self.name}({', '.join(given)}) RETURN {self.returns}"


def _bare(type_: SqlType) -> str:
    return type_.sql.split("(")[0]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest; refused with the number that the client retries on when it cannot be read."""
    try:
        content = yaml.safe_load((folder / "MANIFEST.yml").read_text())
    except (OSError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise AccountError(398507, "22023", f"MANIFEST.yml of the model version cannot be read: {reason}") from error
    if not isinstance(content, dict) or not content.get("methods"):
        raise AccountError(398507, "22023", "MANIFEST.yml of the model version declares no methods.")
    return content


def read_methods(folder: Path) -> list[Method]:
    return [_method(item) for item in read_manifest(folder)["methods"]]


def _method(item: dict[str, Any]) -> Method:
    return Method(
        name=str(item["name"]),
        kind=str(item.get("type", "FUNCTION")),
        inputs=tuple((str(column["name"]), parse_type(str(column["type"]))) for column in item.get("inputs", [])),
        outputs=tuple((str(column.get("name", "")), parse_type(str(column["type"]))) for column in item["outputs"]),
        params=tuple(
            (str(param["name"]), parse_type(str(param["type"])), str(param["default"])) for param in item.get("params", [])
        ),
    )


def spec_text(folder: Path) -> str:
    """``model/model.yaml`` as text: what the client calls the model spec."""
    file = folder / "model" / "model.yaml"
    return file.read_text() if file.exists() else ""


def attributes(folder: Path) -> str:
    """``model_attributes`` of SHOW VERSIONS, a JSON object."""
    spec = yaml.safe_load(spec_text(folder) or "{}") or {}
    return json.dumps({"framework": spec.get("model_type"), "task": spec.get("task"), "client": "snowflake-ml-python"})
