"""PipAuthenticate@1: indexes of packages with their credentials, for pip and for uv behind it.

https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/pip-authenticate-v1
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from mlops_local.agent.context import StepContext, TaskFailed
from mlops_local.agent.library import PYTHON_FEED, Connection, Library, LibraryError
from mlops_local.agent.tasks.definition import Input, Task, Values, boolean, is_known


def _run(step: StepContext) -> None:
    try:
        feeds = _feeds(step.inputs, step.run.library)
    except LibraryError as error:
        raise TaskFailed(str(error)) from error
    addresses = [_address(step, feed) for feed in feeds]
    if addresses and not step.flag("onlyAddExtraIndex"):
        step.set_variable("PIP_INDEX_URL", addresses.pop(0))
    if addresses:
        step.set_variable("PIP_EXTRA_INDEX_URL", " ".join(addresses))
    step.say(f"pip reads {len(feeds)} feeds from now on: {', '.join(feed.name for feed in feeds) or 'none'}.")


def _feeds(values: Values, library: Library) -> list[Connection]:
    feeds, connections = (_names(values[name]) for name in ("artifactFeeds", "pythonDownloadServiceConnections"))
    return [*map(library.feed, feeds), *(library.connection(name, PYTHON_FEED) for name in connections)]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _address(step: StepContext, feed: Connection) -> str:
    """Not a secret variable, which pip would not see, but masked wherever it is printed."""
    password = feed.settings.get("token") or feed.settings.get("password") or ""
    if not password:
        return feed.settings["url"]
    parts = urlsplit(feed.settings["url"])
    user = feed.settings.get("username") or "build"
    address = urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))
    for secret in (password, address):
        step.run.masker.add(secret)
    return address


def _needs(values: Values, library: Library) -> None:
    if all(is_known(value) for value in values.values()):
        _feeds(values, library)


PIP_AUTHENTICATE = Task(
    "PipAuthenticate",
    1,
    (Input("artifactFeeds"), Input("pythonDownloadServiceConnections"), boolean("onlyAddExtraIndex")),
    _run,
    guid="5e3feff0-c5ae-11e8-a7d0-4bd3b8229800",
    needs=_needs,
)
