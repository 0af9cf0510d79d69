"""What can go wrong when a handler is created or runs. The account maps each kind to Snowflake's error number."""

from __future__ import annotations

from typing import Any


class SandboxError(Exception):
    """Base of the sandbox's errors; ``log`` is what the handler had printed by then, ``records`` what it had logged."""

    def __init__(self, message: str, *, log: str = "", records: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.log = log
        self.records = records or []


class HandlerError(SandboxError):
    """The handler raised, returned a value of another type, or its process died. Snowflake's error 100357."""


class HandlerTimeoutError(SandboxError):
    """The handler ran longer than it may. Snowflake's error 630."""


class HandlerCancelledError(SandboxError):
    """The call was cancelled from outside. Snowflake's error 604."""


class PackageError(SandboxError):
    """A declared package is not there, or not in a version that was asked for."""


class RuntimeVersionError(SandboxError):
    """Pickled code of another Python version than the one that would run it."""


class IsolationError(SandboxError):
    """Namespaces are required by the settings, or were possible when the account started, and the machine refuses them."""

    def __init__(self, obstacle: str) -> None:
        super().__init__(
            f"Isolation of Python handlers is required, and this machine does not allow it: {obstacle}. Allow user namespaces, "
            "or set the isolation to 'prefer'."
        )
