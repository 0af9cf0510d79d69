"""What is made from what, as nodes and edges. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlops.collect import Definitions
from mlops.definitions import Definition, FeatureView, Model, Stream, Table, Task, TrainingSet, key
from mlops.figures.tasks import Scheduled, TaskFigures
from mlops.figures.trainings import ModelFigures, Training

_SOURCE = "source table"
_LEARNED = (FeatureView.kind, TrainingSet.kind, Model.kind)

Key = tuple[str, str]


@dataclass(frozen=True)
class Node:
    kind: str
    name: str
    detail: str = ""


@dataclass(frozen=True)
class Edge:
    """From what is read to what is made of it, or from what starts to what is started; both are positions among the nodes."""

    start: int
    end: int


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def lineage_graph(definitions: Definitions, models: Sequence[ModelFigures]) -> Graph:
    """From the source's tables to what is predicted, with the versions that are there."""
    newest = {one.model.name: one.newest for one in models}
    learned = [one.definition for one in definitions.declared if one.definition.kind in _LEARNED]
    pairs = [pair for definition in learned for pair in _made_of(definition)]
    return _graph(pairs, dict(_versions(learned, newest)))


def task_graph(definitions: Definitions, scheduled: Scheduled) -> Graph:
    """From what a stream watches to what a task calls."""
    declared = [one.definition for one in definitions.declared if isinstance(one.definition, Stream | Task)]
    pairs = [pair for definition in declared for pair in _started_by(definition)]
    follows = [((Task.kind, before), (Task.kind, one.name)) for one in scheduled.tasks for before in one.after]
    return _graph([*pairs, *follows], dict(_states(declared, scheduled)))


def _made_of(definition: Definition) -> Iterator[tuple[Key, Key]]:
    own = key(definition)
    yield from (((_SOURCE, table), own) for table in getattr(definition, "reads", ()))
    yield from ((needed, own) for needed in definition.requires if needed[0] in _LEARNED)
    if isinstance(definition, Model):
        yield own, (Table.kind, definition.predictions)


def _versions(learned: Sequence[Definition], newest: Mapping[str, Training | None]) -> Iterator[tuple[Key, str]]:
    for definition in learned:
        if isinstance(definition, Model):
            training = newest.get(definition.name)
            yield key(definition), f"{training.version}, commit {training.commit[:7]}" if training else "not trained yet"
            if training:
                yield (TrainingSet.kind, definition.training_set), f"dataset version {training.dataset.rpartition('/')[2]}"


def _started_by(definition: Stream | Task) -> Iterator[tuple[Key, Key]]:
    own = key(definition)
    if isinstance(definition, Stream):
        yield (_SOURCE, definition.table), own
        return
    if definition.when:
        yield (Stream.kind, definition.when), own
    yield own, ("procedure", definition.procedure)


def _states(declared: Sequence[Stream | Task], scheduled: Scheduled) -> Iterator[tuple[Key, str]]:
    for definition in declared:
        found = scheduled.find(definition)
        if found is None:
            yield key(definition), "not in the account"
        elif isinstance(found, TaskFigures):
            yield key(definition), f"{found.state}, {found.schedule.removeprefix('USING CRON ')}"
        else:
            yield key(definition), "stale" if found.stale else ""


def _graph(pairs: Sequence[tuple[Key, Key]], details: Mapping[Key, str]) -> Graph:
    places = {one: number for number, one in enumerate(dict.fromkeys(one for pair in pairs for one in pair))}
    nodes = tuple(Node(*one, detail=details.get(one, "")) for one in places)
    return Graph(nodes, tuple(Edge(places[start], places[end]) for start, end in dict.fromkeys(pairs)))
