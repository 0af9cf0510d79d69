"""The clauses of CREATE TASK and ALTER TASK SET: how they are read, and which values are taken.

https://docs.snowflake.com/en/sql-reference/sql/create-task
"""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.scheduling.timetable import parse_interval, parse_schedule
from mlops_local.account.session.parameters import DEFAULT_PARAMETERS, checked
from mlops_local.account.session.session import Session
from mlops_local.account.sql.parser import parse_expression
from mlops_local.account.statements.commands import parameter_value
from mlops_local.account.statements.tagging import read_tag_clause
from mlops_local.account.syntax.reader import Reader

_SIZE = "USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE"
_SIZES = (_SIZE, "SERVERLESS_TASK_MIN_STATEMENT_SIZE", "SERVERLESS_TASK_MAX_STATEMENT_SIZE")
_TEXTS = ("SCHEDULE", "CONFIG", "COMMENT", "TARGET_COMPLETION_INTERVAL")
# The values that a number may have.
_NUMBERS = {
    "USER_TASK_TIMEOUT_MS": range(604_800_001),
    "SUSPEND_TASK_AFTER_NUM_FAILURES": range(1 << 62),
    "TASK_AUTO_RETRY_ATTEMPTS": range(31),
    "USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS": range(10, 604_801),
}
_SWITCHES = ("ALLOW_OVERLAPPING_EXECUTION",)
PROPERTIES = ("WAREHOUSE", "SCHEDULE", "CONFIG", "TARGET_COMPLETION_INTERVAL", *_SIZES, *_SWITCHES, *_NUMBERS)
# Of the whole graph, so only its root has them.
ROOT_ONLY = ("SCHEDULE", "CONFIG", "ALLOW_OVERLAPPING_EXECUTION", "SUSPEND_TASK_AFTER_NUM_FAILURES", "TASK_AUTO_RETRY_ATTEMPTS")
_CONDITION_FUNCTIONS = {
    "SYSTEM$STREAM_HAS_DATA",
    "SYSTEM$GET_PREDECESSOR_RETURN_VALUE",
    "SYSTEM$GET_TASK_GRAPH_CONFIG",
}


def read_options(reader: Reader) -> dict[str, Any]:
    """Everything between the name and WHEN or AS, in any order."""
    found: dict[str, Any] = {}
    while not reader.at_end and reader.token.upper not in {"AS", "WHEN"}:
        name, value = _read_option(reader)
        if name == "PARAMETERS":
            value = {**found.pop(name, {}), **value}
        if name in found:
            raise compilation_error(1003, "42000", f"duplicate property '{name}'.")
        found[name] = value
        reader.accept(",")
    return found


def read_body(reader: Reader, options: dict[str, Any]) -> str:
    """``[WHEN condition] AS definition``; the condition goes to the options."""
    if reader.accept("WHEN"):
        options["CONDITION"] = checked_condition(reader.until("AS"))
    reader.expect("AS")
    definition = reader.rest()
    if not definition:
        raise reader.refuse()
    return definition


def _read_option(reader: Reader) -> tuple[str, Any]:
    if reader.accept("AFTER"):
        return "AFTER", read_names(reader)
    if reader.token.upper in {"TAG", "WITH"}:
        return "TAG", read_tag_clause(reader)
    name = reader.accept_any(*_TEXTS, *_SIZES, *_NUMBERS, *_SWITCHES, "WAREHOUSE", "FINALIZE", *DEFAULT_PARAMETERS)
    if name is None:
        raise unsupported(f"TASK {reader.token.upper}") if reader.peek().text == "=" else reader.refuse()
    reader.expect("=")
    if name in DEFAULT_PARAMETERS:
        return "PARAMETERS", {name: checked(name, parameter_value(reader))}
    return name, _value(reader, name)


def _value(reader: Reader, name: str) -> Any:
    if name in _TEXTS:
        return reader.string()
    if name in _SIZES:
        return reader.path()[-1].upper()
    if name in _NUMBERS:
        return reader.integer()
    if name == "FINALIZE":
        return reader.path()
    return reader.path()[-1] if name == "WAREHOUSE" else reader.boolean()


def read_names(reader: Reader) -> list[tuple[str, ...]]:
    """``a, b``, with or without parentheses."""
    enclosed = reader.accept("(")
    names = [reader.path()]
    while reader.accept(","):
        names.append(reader.path())
    if enclosed:
        reader.expect(")")
    return names


def check_values(session: Session, values: dict[str, Any]) -> None:
    if "WAREHOUSE" in values:
        session.catalogue.get("WAREHOUSE", "", "", values["WAREHOUSE"])
    if "SCHEDULE" in values:
        parse_schedule(values["SCHEDULE"])
    for name, allowed in _NUMBERS.items():
        if values.get(name) is not None and values[name] not in allowed:
            raise _invalid(name, values[name], f"from {allowed.start} to {allowed.stop - 1}.")
    if "TARGET_COMPLETION_INTERVAL" in values and parse_interval(values["TARGET_COMPLETION_INTERVAL"]) is None:
        raise _invalid("TARGET_COMPLETION_INTERVAL", values["TARGET_COMPLETION_INTERVAL"], "an interval such as '10 MINUTE'.")
    if "CONFIG" in values:
        check_config(values["CONFIG"])


def check_config(text: str) -> None:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise _invalid("CONFIG", text, "not JSON.") from error
    if not isinstance(config, dict):
        raise _invalid("CONFIG", text, "not a JSON object.")


def _invalid(name: str, value: Any, why: str) -> Exception:
    return compilation_error(1008, "22023", f"invalid value ['{value}'] for parameter '{name}': {why}")


def checked_condition(text: str) -> str:
    """The text of WHEN, refused when it is no expression of the few functions that Snowflake evaluates without a warehouse."""
    tree = parse_expression(text)
    names = {str(call.name).upper() for call in tree.find_all(exp.Anonymous)}
    if tree.find(exp.Query, exp.Column) is not None or names - _CONDITION_FUNCTIONS:
        expected = ", ".join(sorted(_CONDITION_FUNCTIONS))
        raise compilation_error(
            2, "0A000", f"Invalid expression for task condition expression. Expecting one of the following: [{expected}]: {text}"
        )
    return text
