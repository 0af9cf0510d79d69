"""Tasks and their graphs as values.

A graph is a root task and the tasks behind it; all of one graph live in one schema, so predecessors are kept by bare name.
https://docs.snowflake.com/en/user-guide/tasks-graphs
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.scheduling.scheduled import SUSPENDED, Scheduled, require_of_owner
from mlops_local.account.session.session import Session

KIND = "TASK"


class Task(Scheduled):
    """A task's entry, read."""

    @property
    def predecessors(self) -> tuple[str, ...]:
        return tuple(self.entry.properties.get("AFTER", ()))

    @property
    def finalizes(self) -> str | None:
        """The root task after whose graph it runs."""
        name = self.entry.properties.get("FINALIZE")
        return str(name) if name else None

    @property
    def definition(self) -> str:
        return str(self.entry.properties["DEFINITION"])

    @property
    def condition(self) -> str | None:
        text = self.entry.properties.get("CONDITION")
        return str(text) if text else None

    @property
    def is_root(self) -> bool:
        return not self.predecessors and not self.finalizes

    @property
    def is_triggered(self) -> bool:
        """Without schedule, but with a condition that starts it: it runs when its stream has data."""
        return self.timetable is None and self.condition is not None and self.is_root

    @property
    def public_id(self) -> str:
        return str(uuid.UUID(int=self.entry.id))


class Graph:
    """The tasks of one schema and how they follow each other."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = {task.name: task for task in tasks}

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    def __getitem__(self, name: str) -> Task:
        return self._tasks[name]

    def children(self, name: str) -> list[Task]:
        return [task for task in self._tasks.values() if name in task.predecessors]

    def finalizer(self, root: str) -> Task | None:
        return next((task for task in self._tasks.values() if task.finalizes == root), None)

    def roots(self, name: str) -> set[str]:
        """The tasks without predecessors from which the task is reached; itself when it has none."""
        finalizes = self._tasks[name].finalizes
        above = [finalizes] if finalizes else [parent for parent in self._tasks[name].predecessors if parent in self._tasks]
        return set().union(*(self.roots(parent) for parent in above)) if above else {name}

    def below(self, root: str) -> list[Task]:
        """The root and all tasks behind it, each after all its predecessors; the finalizer is not among them."""
        order: list[Task] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name not in seen:
                seen.add(name)
                for child in self.children(name):
                    visit(child.name)
                order.append(self._tasks[name])

        visit(root)
        return order[::-1]

    def members(self, root: str) -> list[Task]:
        """The root, all tasks behind it, and the finalizer."""
        finalizer = self.finalizer(root)
        return [*self.below(root), *([finalizer] if finalizer else [])]

    def has_cycle_at(self, name: str) -> bool:
        """Whether the task is behind itself."""
        pending, seen = [child.name for child in self.children(name)], set[str]()
        while pending:
            at = pending.pop()
            if at == name:
                return True
            if at not in seen:
                seen.add(at)
                pending += [child.name for child in self.children(at)]
        return False


def graph_of(session: Session, database: str, schema: str) -> Graph:
    return Graph(Task(entry) for entry in session.catalogue.whole.list(KIND, database=database, schema=schema))


def require_privilege(session: Session, task: Task) -> None:
    """A task runs only when its owner has EXECUTE TASK on the account, and EXECUTE MANAGED TASK when it names no warehouse.

    https://docs.snowflake.com/en/user-guide/tasks-intro#task-security
    """
    for privilege in ["EXECUTE TASK", *([] if task.option("WAREHOUSE") else ["EXECUTE MANAGED TASK"])]:
        require_of_owner(session, task, privilege)


def relations_json(task: Task, graph: Graph) -> str:
    """``task_relations`` of SHOW TASKS: full names of what is before a task, behind it at the end, or ended by it."""
    finalizer = graph.finalizer(task.name)
    related: dict[str, object] = {"Predecessors": predecessors(task)}
    if finalizer is not None:
        related["FinalizerTask"] = sibling(task.entry, finalizer.name)
    if task.finalizes:
        related["FinalizedRootTask"] = sibling(task.entry, task.finalizes)
    return json.dumps(related)


def predecessors(task: Task) -> list[str]:
    return [sibling(task.entry, name) for name in task.predecessors]


def sibling(entry: Entry, name: str) -> str:
    """The full name of another task of the same schema."""
    return str(type(entry.path)(entry.database, entry.schema, name))


def suspend(session: Session, entry: Entry, *, reason: str) -> None:
    now = session.account.clock.now().isoformat()
    session.catalogue.whole.update(entry, STATE=SUSPENDED, LAST_SUSPENDED_ON=now, SUSPENDED_REASON=reason)
