"""``python -m peers.azure_schema SCHEMA FILE ...``: what Microsoft's own schema says of the pipelines, expanded.

SCHEMA is `service-schema.json` of https://github.com/microsoft/azure-pipelines-vscode, made by the service; an organization's own, with all
tasks that are installed there, is at `https://dev.azure.com/ORGANIZATION/_apis/distributedtask/yamlschema?api-version=7.1`. Exit code 1 when it
refuses anything. Tasks that it does not know are told and passed over: the published one is not renewed with each task.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

# A template expression leaves text, whatever it stood for; and the service reads each scalar as text first.
_LIKE = {
    "string": lambda _, value: isinstance(value, str | int | float | bool),
    "boolean": lambda _, value: str(value).lower() in ("true", "false"),
    "integer": lambda _, value: str(value).isdigit(),
}


def main(argv: Sequence[str]) -> int:
    if len(argv) < 2:
        sys.stderr.write("python -m peers.azure_schema SCHEMA FILE ...\n")
        return 2
    schema, *files = argv
    validator = _validator(json.loads(Path(schema).read_text()))
    tasks = set(re.findall(r"\^(\w+@\d+)\$", Path(schema).read_text()))
    refused = 0
    for file in files:
        pipeline = _expanded(file)
        unknown = sorted({step["task"] for step in _tasks(pipeline) if step["task"] not in tasks})
        for step in list(_tasks(pipeline)):
            if step["task"] in unknown:
                step.clear()
                step["bash"] = "passed over"
        errors = [line for error in validator.iter_errors(pipeline) for line in _leaves(error)]
        refused += bool(errors)
        sys.stdout.write(f"{file}: {'refused' if errors else 'accepted'}\n")
        sys.stdout.write("".join(f"    {line}\n" for line in dict.fromkeys(errors)))
        sys.stdout.write("".join(f"    unknown to this schema: {task}\n" for task in unknown))
    return 1 if refused else 0


def _expanded(file: str) -> Any:
    command = [sys.executable, "-m", "mlops_local", "expand", file]
    given = ["--set", "reason=schema"] if Path(file).name == "rollback.yml" else []
    return yaml.safe_load(subprocess.run([*command, *given], capture_output=True, text=True, check=True).stdout)


def _tasks(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("task"), str):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _tasks(item)


def _validator(schema: Mapping[str, Any]) -> Any:
    plain = jsonschema.validators.validator_for(schema)
    return jsonschema.validators.extend(
        plain, type_checker=plain.TYPE_CHECKER.redefine_many(_LIKE), validators={"pattern": _matches}
    )(schema)


def _matches(_: Any, pattern: str, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not re.search(pattern, text):
        yield jsonschema.ValidationError(f"{text!r} does not match {pattern!r}")


def _leaves(error: jsonschema.ValidationError) -> Iterator[str]:
    """Of all alternatives that were refused, the ones that got furthest, and of tasks the one that is meant."""
    ends = list(_ends(error))
    furthest = max(len(end.absolute_path) for end in ends)
    for end in ends:
        if len(end.absolute_path) == furthest:
            yield f"{'.'.join(map(str, end.absolute_path))}: {end.message[:200]}"


def _ends(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    if not error.context:
        yield error
        return
    alternatives: dict[Any, list[jsonschema.ValidationError]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    meant = [found for found in alternatives.values() if not any(_is_of_another(inner) for inner in found)]
    for found in meant or alternatives.values():
        for inner in found:
            yield from _ends(inner)


def _is_of_another(error: jsonschema.ValidationError) -> bool:
    return bool(error.path) and error.path[-1] == "task"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
