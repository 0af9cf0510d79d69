"""Tasks that this agent can run, one per file, with the input names, aliases and defaults of the real ones.

What stands in `__all__` is for adapters of users: see the agent's README.
"""

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import Library, LibraryError
from mlops_local.agent.tasks.definition import Input, Task, Values, boolean

__all__ = ["Input", "Library", "LibraryError", "StepContext", "Task", "TaskFailed", "Values", "boolean"]
