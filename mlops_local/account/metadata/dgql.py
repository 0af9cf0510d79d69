"""SYSTEM$DGQL: the graph of lineage in the query language that Snowpark sends, a small part of GraphQL.

``{V(domain: TABLE, name:"D.S.T") {upstream: E(edgeType:[DATA_LINEAGE],direction:IN){S {name}, T {name}, properties}}}``
answers ``{"data": {"V": {"upstream": [{"S": {"name": ..}, "T": {"name": ..}, "properties": {}}]}}}``.
https://docs.snowflake.com/en/developer-guide/snowpark/reference/python/latest/snowpark/api/snowflake.snowpark.lineage.Lineage.trace
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import AccountError, does_not_exist, syntax_error, unsupported
from mlops_local.account.governance import lineage, tags
from mlops_local.account.metadata.object_names import find_object
from mlops_local.account.session.session import Session
from mlops_local.account.sql.extensions import system_function
from mlops_local.account.syntax.names import quote_if_needed
from mlops_local.account.syntax.reader import parse_name

_TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>\w+)|(?P<mark>[{}()\[\]:,]))')
_OBJECT_TAG = "SNOWML_FEATURE_STORE_OBJECT"
_FEATURE_VIEWS = {"MANAGED_FEATURE_VIEW", "EXTERNAL_FEATURE_VIEW"}
_VERSIONED = {"DATASET": "DATASET VERSION", "MODULE": "MODEL VERSION"}


@dataclass(frozen=True)
class Selection:
    """``alias: name(argument: value, ..) {selections}``."""

    alias: str
    name: str
    arguments: dict[str, Any]
    inside: tuple[Selection, ...]


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return match[0].strip() if match else ""

    def _next(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise syntax_error(f"SYSTEM$DGQL cannot be read at position {self._at}: {self._text[self._at : self._at + 20]!r}.")
        self._at = match.end()
        return match[0].strip()

    def _accept(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._next()
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise syntax_error(f"SYSTEM$DGQL: '{mark}' was expected instead of '{self._peek() or '<EOF>'}'.")

    def read(self) -> tuple[Selection, ...]:
        found = self._selections()
        if self._text[self._at :].strip():
            raise syntax_error(f"SYSTEM$DGQL: unexpected '{self._text[self._at :].strip()[:20]}'.")
        return found

    def _selections(self) -> tuple[Selection, ...]:
        self._expect("{")
        found = []
        while not self._accept("}"):
            found.append(self._selection())
            self._accept(",")
        return tuple(found)

    def _selection(self) -> Selection:
        alias = name = self._next()
        if self._accept(":"):
            name = self._next()
        arguments: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                key = self._next()
                self._expect(":")
                arguments[key] = self._value()
                self._accept(",")
        return Selection(alias, name, arguments, self._selections() if self._peek() == "{" else ())

    def _value(self) -> Any:
        if self._accept("["):
            items = []
            while not self._accept("]"):
                items.append(self._value())
                self._accept(",")
            return items
        token = self._next()
        return json.loads(token) if token.startswith('"') else token


@system_function("SYSTEM$DGQL")
def answer(session: Session, arguments: list[Any]) -> str:
    """The edges around one object, each with what was asked of its two ends; JSON text."""
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise syntax_error("SYSTEM$DGQL takes one text.")
    found = {}
    for node in _Parser(arguments[0]).read():
        if node.name != "V":
            raise _unknown("field", node.name)
        entry = _node(session, node.arguments)
        found[node.alias] = {edge.alias: _edges(session, entry, edge) for edge in node.inside}
    return json.dumps({"data": found})


def _unknown(what: str, name: object) -> AccountError:
    return unsupported(f"SYSTEM$DGQL with {what} {name}")


def _node(session: Session, arguments: dict[str, Any]) -> Entry:
    """By name, that of a version below ``parentName``; or by the id that an earlier answer had."""
    domain = str(arguments.get("domain", ""))
    if domain not in {"TABLE", "VIEW", *_VERSIONED}:
        raise _unknown("domain", domain)
    if "id" in arguments:
        entry = session.catalogue.by_id(int(arguments["id"])) if str(arguments["id"]).isdecimal() else None
        if entry is None:
            raise does_not_exist("Object", f"with id {arguments['id']}")
        return entry
    name = str(arguments.get("name", ""))
    return _version(session, domain, name, arguments) if domain in _VERSIONED else find_object(session, domain, name)


def _version(session: Session, domain: str, name: str, arguments: dict[str, Any]) -> Entry:
    if "parentName" not in arguments:
        raise _unknown("a version but without", "parentName")
    parent = find_object(session, domain, arguments["parentName"])
    kind = _VERSIONED[domain]
    spelled = name if domain == "DATASET" else parse_name(name)[-1]
    entry = session.catalogue.find(kind, parent.database, parent.schema, spelled, parent=parent.id)
    if entry is None:
        raise does_not_exist(kind.capitalize(), f"{parent.full_name} {name}")
    return entry


def _edges(session: Session, entry: Entry, edge: Selection) -> list[dict[str, Any]]:
    direction = edge.arguments.get("direction")
    if edge.name != "E" or direction not in {"IN", "OUT"}:
        raise _unknown("edge", f"{edge.name} {direction}")
    kinds = edge.arguments.get("edgeType", [lineage.DATA, lineage.DEPENDENCY])
    for kind in kinds:
        if kind not in {lineage.DATA, lineage.DEPENDENCY}:
            raise _unknown("edgeType", kind)
    others = (lineage.sources if direction == "IN" else lineage.targets)(session, entry, kinds)
    pairs = [(other, entry) if direction == "IN" else (entry, other) for other in others]
    return [{part.alias: _part(session, part, *pair) for part in edge.inside} for pair in pairs]


def _part(session: Session, part: Selection, source: Entry, target: Entry) -> dict[str, Any]:
    if part.name == "properties":
        return {}
    if part.name not in {"S", "T"}:
        raise _unknown("field", part.name)
    shown = _described(session, source if part.name == "S" else target)
    for field in part.inside:
        if field.name not in shown:
            raise _unknown("field", field.name)
    return {field.alias: shown[field.name] for field in part.inside}


def _described(session: Session, entry: Entry) -> dict[str, Any]:
    domain, refined, user = _domains(session, entry)
    parent = session.catalogue.by_id(entry.parent) if entry.parent else None
    return {
        "domain": domain,
        "refinedDomain": refined,
        "userDomain": user,
        "name": _spelled(entry),
        "properties": {"parentName": quote_if_needed(parent.name), "parentId": str(parent.id)} if parent else {},
        "schema": quote_if_needed(entry.schema),
        "db": quote_if_needed(entry.database),
        "status": "ACTIVE",
        "createdOn": int(entry.created_on.timestamp() * 1000),
        "id": str(entry.id),
    }


def _spelled(entry: Entry) -> str:
    """As it is written in SQL, where the versions of datasets are texts."""
    return entry.name if entry.kind == "DATASET VERSION" else quote_if_needed(entry.name)


def _domains(session: Session, entry: Entry) -> tuple[str, str, str]:
    """As the catalogue sorts it, more exactly, and as its user calls it."""
    if entry.kind == "DATASET VERSION":
        return "DATASET", "DATASET", "DATASET"
    if entry.kind == "MODEL VERSION":
        return "MODULE", "MODULE", "MODEL"
    refined = entry.kind.replace(" ", "_")
    return "TABLE", refined, "FEATURE_VIEW" if _is_feature_view(session, entry) else refined


def _is_feature_view(session: Session, entry: Entry) -> bool:
    """The tag of the Feature Store says so."""
    return any(tag.name == _OBJECT_TAG and _type_of(value) in _FEATURE_VIEWS for tag, value in tags.on(session, entry))


def _type_of(value: str) -> str:
    try:
        found = json.loads(value)
    except ValueError:
        return ""
    return str(found.get("type", "")) if isinstance(found, dict) else ""
