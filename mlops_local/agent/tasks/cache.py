"""Cache@2: a folder that outlives the job, by a key of words and file contents.

Saved after a job that succeeded, never changed afterwards. Kept on this machine, outside of every workspace.
https://learn.microsoft.com/azure/devops/pipelines/release/caching
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shutil
import uuid
from pathlib import Path

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.folders import copy_tree
from mlops_local.agent.globs import find_files
from mlops_local.agent.tasks.definition import Input, Task


def _run(step: StepContext) -> None:
    key = _segments(step, step.text("key"))
    folder = step.path(step.text("path"))
    store = step.run.machine.cache / "caches"
    scopes = _scopes(step)
    entry, hit = _find(store, scopes, key, [_segments(step, line, restoring=True) for line in step.lines("restoreKeys")])
    if entry:
        copy_tree(entry / "content", folder)
        step.say(f"Cache restored ({hit} key): {' | '.join(_key_of(entry))}")
    else:
        step.say(f"There is no cache for {' | '.join(key)} yet; it is saved when this job succeeds.")
    if name := step.text("cacheHitVar"):
        step.set_variable(name, {"exact": "true", "inexact": "inexact"}.get(hit, "false"))
    if hit != "exact":
        target = _entry(store, scopes[0], key)
        step.job.after_job.append(
            (f"save the cache {key[0]}", lambda after, ok: _save(after, folder, target, key) if ok else None)
        )


def _scopes(step: StepContext) -> list[str]:
    """A pull request reads what its target branch has saved, and writes beside it."""
    return ["pull-request", "branches"] if step.run.reason == "PullRequest" else ["branches"]


def _find(store: Path, scopes: list[str], key: list[str], restore_keys: list[list[str]]) -> tuple[Path | None, str]:
    for scope in scopes:
        if (entry := _entry(store, scope, key)).is_dir():
            return entry, "exact"
    for prefix in restore_keys:
        entries = [entry for scope in scopes for entry in (store / scope).glob("*/") if _key_of(entry)[: len(prefix)] == prefix]
        if entries:
            return max(entries, key=lambda entry: entry.stat().st_mtime), "inexact"
    return None, "none"


def _entry(store: Path, scope: str, key: list[str]) -> Path:
    return store / scope / hashlib.sha256("\n".join(key).encode()).hexdigest()[:32]


def _key_of(entry: Path) -> list[str]:
    file = entry / "key.json"
    read: list[str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return read


def _segments(step: StepContext, text: str, *, restoring: bool = False) -> list[str]:
    segments = [_segment(step, part.strip(), restoring) for part in _split(text)]
    if not any(segments):
        raise TaskFailed("The key of a cache has no segments.")
    return segments


def _split(text: str) -> list[str]:
    parts, quoted = [""], False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == "|" and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _segment(step: StepContext, text: str, restoring: bool) -> str:
    """A quoted text is itself; what looks like a path stands for the content of its files."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if not any(character in text for character in "./*"):
        return text
    workspace = step.job.slot.workspace
    files = find_files(workspace, [_below_workspace(step, part.strip()) for part in text.split(",")])
    if not files and not restoring:
        raise TaskFailed(f"The cache key names the file '{text}', and there is none; put plain text in double quotes.")
    # Agents differ in where their workspace is, and share their caches.
    return "; ".join(f"{file.relative_to(workspace).as_posix()}={_digest(file)}" for file in files)


def _below_workspace(step: StepContext, pattern: str) -> str:
    """A pattern is relative to the sources, or absolute; a job may have checked out another repository beside them."""
    name = pattern.removeprefix("!")
    full = posixpath.normpath(posixpath.join(step.job.working_directory.as_posix(), name))
    return pattern.removesuffix(name) + full.removeprefix(f"{step.job.slot.workspace.as_posix()}/")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _save(step: StepContext, folder: Path, target: Path, key: list[str]) -> None:
    if target.exists():
        step.say("Another job has saved this cache meanwhile; a cache never changes.")
        return
    if not folder.is_dir():
        step.warn(f"The folder {folder} does not exist; nothing was cached.")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
    copy_tree(folder, unfinished / "content")
    (unfinished / "key.json").write_text(json.dumps(key), encoding="utf-8")
    try:
        os.rename(unfinished, target)
        step.say(f"Cache saved: {' | '.join(key)}")
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)


CACHE = Task(
    "Cache",
    2,
    (
        Input("key", required=True),
        Input("path", required=True),
        Input("restoreKeys"),
        Input("cacheHitVar"),
    ),
    _run,
    guid="d53ccab4-555e-4494-9d06-11db043fb4a9",
)
