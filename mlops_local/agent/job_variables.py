"""The variables with which a stage or a job starts: scopes in their order, groups at their place, `$[ ]` evaluated.

https://learn.microsoft.com/azure/devops/pipelines/process/variables#variable-scopes
"""

from __future__ import annotations

from collections.abc import Callable

from mlops_local.agent.conditions import Before, Counter, resolve, value_world
from mlops_local.agent.library import Library
from mlops_local.agent.machine import Machine
from mlops_local.agent.pipeline import Group, Variable
from mlops_local.agent.predefined import COLLECTION
from mlops_local.agent.slots import Slot
from mlops_local.agent.values import Table
from mlops_local.agent.variables import Variables

Entries = tuple[Variable | Group, ...]


def build_variables(
    given: dict[str, str],
    scopes: list[Entries],
    *,
    library: Library,
    before: Before,
    pipeline: Table,
    counter: Counter,
    on_secret: Callable[[str], None],
) -> Variables:
    """Queue-time values first, then root, stage and job: a later scope and a later entry win."""
    variables = Variables(on_secret)
    for name, value in given.items():
        variables.set(name, value)
    for scope in scopes:
        for entry in scope:
            if isinstance(entry, Group):
                for member in library.group(entry.name):
                    variables.set(member.name, member.value, secret=member.secret)
            else:
                world = value_world(variables.table(), before, pipeline, counter)
                variables.set(entry.name, resolve(entry.value, world), readonly=entry.readonly)
    return variables


def add_agent_variables(variables: Variables, slot: Slot, machine: Machine, names: dict[str, str]) -> None:
    """Folders and names of the agent; `names` says which stage and job this is."""
    workspace = slot.workspace
    folders = {
        "Agent.BuildDirectory": workspace,
        "Agent.HomeDirectory": slot.folder,
        "Agent.RootDirectory": slot.work,
        "Agent.TempDirectory": slot.temp,
        "Agent.ToolsDirectory": slot.tools,
        "Agent.WorkFolder": slot.work,
        "Build.ArtifactStagingDirectory": workspace / "a",
        "Build.BinariesDirectory": workspace / "b",
        "Build.Repository.LocalPath": slot.sources,
        "Build.SourcesDirectory": slot.sources,
        "Build.StagingDirectory": workspace / "a",
        "Common.TestResultsDirectory": workspace / "TestResults",
        "Pipeline.Workspace": workspace,
        "System.ArtifactsDirectory": workspace / "a",
        "System.DefaultWorkingDirectory": slot.sources,
    }
    for name, folder in folders.items():
        variables.set(name, str(folder))
    facts = {
        "Agent.Id": str(slot.number),
        "Agent.MachineName": machine.name,
        "Agent.Name": f"local {slot.number}",
        "Agent.OS": machine.os,
        "Agent.OSArchitecture": machine.architecture,
        "Agent.JobStatus": "Succeeded",
    }
    for name, value in {**facts, **names}.items():
        variables.set(name, value)


def add_api_variables(variables: Variables, collection: str, token: str) -> None:
    """Where the REST API is, unless the user said, and the token that it takes, which reaches no script but by `env`."""
    where = "System.TeamFoundationCollectionUri"
    if variables.get(where) == COLLECTION:
        variables.set(where, collection)
    variables.set("System.AccessToken", token, secret=True, readonly=True)
