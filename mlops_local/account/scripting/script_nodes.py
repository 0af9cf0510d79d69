"""The statements of a Snowflake Scripting block as a tree; SQL and expressions inside it stay text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Declaration:
    """``name [type] [{DEFAULT | :=} expression]``; also LET. A cursor or result set has a query instead, which may come later.

    The query of a cursor runs when it is opened; it may be the name of a result set.
    """

    name: str
    type: str | None
    expression: str | None
    query: str | None = None
    cursor: bool = False


@dataclass(frozen=True)
class ExceptionDeclaration:
    name: str
    number: int
    message: str


@dataclass(frozen=True)
class Assign:
    name: str
    expression: str


@dataclass(frozen=True)
class Sql:
    """A statement to run; ``into`` are the variables that take the values of its only row."""

    text: str
    into: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExecuteImmediate:
    """``using`` are the values of the question marks in the text."""

    expression: str
    using: tuple[str, ...] = ()


@dataclass(frozen=True)
class Open:
    """OPEN of a cursor, ``using`` for the question marks in its query."""

    name: str
    using: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetch:
    name: str
    into: tuple[str, ...]


@dataclass(frozen=True)
class Close:
    name: str


@dataclass(frozen=True)
class Async:
    """ASYNC (statement)."""

    text: str


@dataclass(frozen=True)
class Await:
    """AWAIT of a result set, or of ALL."""

    name: str | None


@dataclass(frozen=True)
class Case:
    """``expression`` is compared with the conditions of the branches; without one these are conditions themselves."""

    expression: str | None
    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...] | None


@dataclass(frozen=True)
class Branch:
    condition: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class If:
    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True)
class While:
    """``until`` turns it into REPEAT: the body runs first, and ends when the condition is true. LOOP has no condition."""

    condition: str | None
    body: tuple[Statement, ...]
    until: bool = False


@dataclass(frozen=True)
class ForRange:
    name: str
    start: str
    end: str
    reverse: bool
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class ForRows:
    name: str
    source: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Leave:
    """BREAK or CONTINUE."""

    word: str


@dataclass(frozen=True)
class Return:
    expression: str | None
    table: str | None = None


@dataclass(frozen=True)
class Raise:
    """RAISE name, or RAISE alone within a handler."""

    name: str | None


@dataclass(frozen=True)
class Handler:
    names: tuple[str, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Block:
    declarations: tuple[Declaration | ExceptionDeclaration, ...]
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...] = field(default=())


Statement = (
    Declaration
    | Assign
    | Async
    | Await
    | Block
    | Case
    | Close
    | ExecuteImmediate
    | Fetch
    | ForRange
    | ForRows
    | If
    | Leave
    | Open
    | Raise
    | Return
    | Sql
    | While
)
