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
from mlops_local.account.types import SqlType, parse_type


@dataclass(frozen=True)
class Method:
    """One method of a version. ``outputs`` has one unnamed entry for a FUNCTION, named columns for a TABLE_FUNCTION."""

    name: str
    kind: str
    inputs: tuple[tuple[str, SqlType], ...]
    outputs: tuple[tuple[str, SqlType], ...]

    @property
    def returns(self) -> str:
        """As SHOW FUNCTIONS IN MODEL says it; the client takes anything but OBJECT or TABLE for an unpacked value."""
        if self.kind == "TABLE_FUNCTION":
            return "TABLE (" + ", ".join(f"{name} {type_.sql}" for name, type_ in self.outputs) + ")"
        return self.outputs[0][1].sql

    @property
    def arguments(self) -> str:
        return f"{self.name}({', '.join(type_.sql.split('(')[0] for _, type_ in self.inputs)}) RETURN {self.returns}"


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
        name=str(item["name"]).upper(),
        kind=str(item.get("type", "FUNCTION")),
        inputs=tuple((str(column["name"]), parse_type(str(column["type"]))) for column in item.get("inputs", [])),
        outputs=tuple((str(column.get("name", "")), parse_type(str(column["type"]))) for column in item["outputs"]),
    )


def spec_text(folder: Path) -> str:
    """``model/model.yaml`` as text: what the client calls the model spec."""
    file = folder / "model" / "model.yaml"
    return file.read_text() if file.exists() else ""


def attributes(folder: Path) -> str:
    """``model_attributes`` of SHOW VERSIONS, a JSON object."""
    spec = yaml.safe_load(spec_text(folder) or "{}") or {}
    return json.dumps({"framework": spec.get("model_type"), "task": spec.get("task"), "client": "snowflake-ml-python"})
