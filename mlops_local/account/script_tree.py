"""Snowflake Scripting, read into a tree of statements; SQL inside it stays text.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/index
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_local.account.errors import unsupported
from mlops_local.account.lexer import Token
from mlops_local.account.reader import Reader

_TRANSACTION_WORDS = ("", ";", "TRANSACTION", "WORK", "NAME")


@dataclass(frozen=True)
class Declaration:
    """``name [type] [{DEFAULT | :=} expression]``; also LET. A cursor or result set has a query instead, which may come later."""

    name: str
    type: str | None
    expression: str | None
    query: str | None = None


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
    expression: str


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


Statement = Declaration | Assign | Sql | ExecuteImmediate | If | While | ForRange | ForRows | Leave | Return | Raise | Block


def is_block(reader: Reader) -> bool:
    """Whether a scripting block begins here, rather than a transaction."""
    return reader.token.upper == "DECLARE" or (reader.token.upper == "BEGIN" and reader.peek().upper not in _TRANSACTION_WORDS)


def parse_block(text: str) -> Block:
    reader = Reader(text)
    block = _block(reader)
    reader.end()
    return block


def _block(reader: Reader) -> Block:
    declarations: list[Declaration | ExceptionDeclaration] = []
    if reader.accept("DECLARE"):
        while reader.token.upper != "BEGIN":
            declarations.append(_declaration(reader))
    reader.expect("BEGIN")
    body = _body(reader, "END", "EXCEPTION")
    handlers = _handlers(reader) if reader.accept("EXCEPTION") else ()
    reader.expect("END")
    return Block(tuple(declarations), body, handlers)


def _declaration(reader: Reader) -> Declaration | ExceptionDeclaration:
    name = reader.identifier()
    if reader.accept("EXCEPTION"):
        declared = _exception(reader, name)
        reader.expect(";")
        return declared
    found = _definition(reader, name)
    reader.expect(";")
    return found


def _exception(reader: Reader, name: str) -> ExceptionDeclaration:
    number, message = -20000, ""
    if reader.accept("("):
        number = reader.integer()
        reader.expect(",")
        message = reader.string()
        reader.expect(")")
    return ExceptionDeclaration(name, number, message)


def _definition(reader: Reader, name: str) -> Declaration:
    """What follows the name in DECLARE and LET."""
    if reader.accept("CURSOR", "FOR"):
        return Declaration(name, None, None, _unwrap(reader.until(";")))
    if reader.accept("RESULTSET"):
        query = _unwrap(reader.until(";")) if reader.accept(":=") or reader.accept("DEFAULT") else ""
        return Declaration(name, None, None, query)
    type_ = reader.until(":=", "DEFAULT", ";").strip() or None
    expression = reader.until(";") if reader.accept(":=") or reader.accept("DEFAULT") else None
    return Declaration(name, type_, expression)


def _unwrap(text: str) -> str:
    """The query without the parentheses around it."""
    text = text.strip()
    return text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text


def _body(reader: Reader, *ends: str) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    while reader.token.upper not in ends:
        if reader.at_end:
            raise reader.refuse()
        if reader.accept(";"):
            continue
        statement = _statement(reader)
        if statement is not None:
            statements.append(statement)
        if not reader.at_end:
            reader.expect(";")
    return tuple(statements)


def _statement(reader: Reader) -> Statement | None:
    word = reader.token.upper
    if is_block(reader):
        return _block(reader)
    if word in _STATEMENTS:
        reader.next()
        return _STATEMENTS[word](reader)
    if word == "NULL" and reader.peek().text == ";":
        reader.next()
        return None
    if word == "EXECUTE" and reader.peek().upper == "IMMEDIATE":
        reader.next()
        reader.next()
        return ExecuteImmediate(reader.until(";"))
    if reader.peek().text == ":=":
        name = reader.identifier()
        reader.next()
        return Assign(name, reader.until(";"))
    if word == "CASE":
        raise unsupported("CASE as a scripting statement; use IF")
    return _sql(reader)


def _let(reader: Reader) -> Statement:
    return _definition(reader, reader.identifier())


def _if(reader: Reader) -> Statement:
    branches = [_branch(reader)]
    while reader.accept("ELSEIF"):
        branches.append(_branch(reader))
    otherwise = _body(reader, "END") if reader.accept("ELSE") else ()
    reader.expect("END", "IF")
    return If(tuple(branches), otherwise)


def _branch(reader: Reader) -> Branch:
    condition = reader.until("THEN")
    reader.expect("THEN")
    return Branch(condition, _body(reader, "ELSEIF", "ELSE", "END"))


def _while(reader: Reader) -> Statement:
    condition = reader.until("DO", "LOOP")
    word = reader.next().upper
    body = _body(reader, "END")
    reader.expect("END", "WHILE" if word == "DO" else "LOOP")
    return While(condition, body)


def _loop(reader: Reader) -> Statement:
    body = _body(reader, "END")
    reader.expect("END", "LOOP")
    return While(None, body)


def _repeat(reader: Reader) -> Statement:
    body = _body(reader, "UNTIL")
    reader.expect("UNTIL")
    condition = reader.until("END")
    reader.expect("END", "REPEAT")
    return While(condition, body, until=True)


def _for(reader: Reader) -> Statement:
    name = reader.identifier()
    reader.expect("IN")
    reverse = reader.accept("REVERSE")
    start = reader.until("TO", "DO")
    end = reader.until("DO") if reader.accept("TO") else None
    reader.expect("DO")
    body = _body(reader, "END")
    reader.expect("END", "FOR")
    return ForRows(name, start, body) if end is None else ForRange(name, start, end, reverse, body)


def _return(reader: Reader) -> Statement:
    if reader.accept("TABLE"):
        return Return(None, reader.parenthesised())
    return Return(None if reader.token.text == ";" else reader.until(";"))


def _raise(reader: Reader) -> Statement:
    return Raise(None if reader.token.text == ";" else reader.identifier())


def _break(reader: Reader) -> Statement:
    return Leave("BREAK")


def _continue(reader: Reader) -> Statement:
    return Leave("CONTINUE")


_STATEMENTS = {
    "LET": _let,
    "IF": _if,
    "WHILE": _while,
    "LOOP": _loop,
    "REPEAT": _repeat,
    "FOR": _for,
    "RETURN": _return,
    "RAISE": _raise,
    "BREAK": _break,
    "EXIT": _break,
    "CONTINUE": _continue,
}


def _handlers(reader: Reader) -> tuple[Handler, ...]:
    found = []
    while reader.accept("WHEN"):
        names = [reader.identifier()]
        while reader.accept("OR"):
            names.append(reader.identifier())
        reader.expect("THEN")
        found.append(Handler(tuple(names), _body(reader, "WHEN", "END")))
    return tuple(found)


def _sql(reader: Reader) -> Sql:
    """Up to the semicolon; ``INTO :a, :b`` of a SELECT or CALL is taken out."""
    first = reader.token
    start = first.start
    parts: list[str] = []
    into: list[str] = []
    last: Token = first
    depth = 0
    while not reader.at_end and not (depth == 0 and reader.token.text == ";"):
        into_comes = reader.token.upper == "INTO" and reader.peek().text == ":"
        if depth == 0 and into_comes and first.upper in {"SELECT", "WITH", "CALL"}:
            parts.append(reader.text[start : reader.token.start])
            into = _targets(reader)
            start = reader.token.start if not reader.at_end else last.end
            continue
        last = reader.next()
        depth += {"(": 1, ")": -1}.get(last.text if last.kind == "mark" else "", 0)
    parts.append(reader.text[start : last.end] if last.end > start else "")
    return Sql("".join(parts).strip(), tuple(into))


def _targets(reader: Reader) -> list[str]:
    reader.expect("INTO")
    names: list[str] = []
    while True:
        reader.expect(":")
        names.append(reader.identifier())
        if not reader.accept(","):
            return names
