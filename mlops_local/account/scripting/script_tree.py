"""Snowflake Scripting, read into a tree of statements; SQL inside it stays text.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/index
"""

from __future__ import annotations

from mlops_local.account.errors import unsupported
from mlops_local.account.scripting.script_nodes import (
    Assign,
    Async,
    Await,
    Block,
    Branch,
    Case,
    Close,
    Declaration,
    ExceptionDeclaration,
    ExecuteImmediate,
    Fetch,
    ForRange,
    ForRows,
    Handler,
    If,
    Leave,
    Open,
    Raise,
    Return,
    Sql,
    Statement,
    While,
)
from mlops_local.account.syntax.lexer import Token
from mlops_local.account.syntax.reader import Reader

_TRANSACTION_WORDS = ("", ";", "TRANSACTION", "WORK", "NAME")


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
        return Declaration(name, None, None, _unwrap(reader.until(";")), cursor=True)
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
        if reader.peek().upper == "FROM":
            raise unsupported("EXECUTE IMMEDIATE FROM in a block; run it by itself")
        reader.next()
        return ExecuteImmediate(reader.until("USING", ";"), _using(reader))
    if reader.peek().text == ":=":
        name = reader.identifier()
        reader.next()
        return Assign(name, reader.until(";"))
    return _sql(reader)


def _using(reader: Reader) -> tuple[str, ...]:
    """``USING (value, ..)``, when it stands here."""
    if not reader.accept("USING"):
        return ()
    inside, values = Reader(reader.parenthesised()), []
    while not inside.at_end:
        values.append(inside.until(","))
        inside.accept(",")
    return tuple(values)


def _open(reader: Reader) -> Statement:
    return Open(reader.identifier(), _using(reader))


def _fetch(reader: Reader) -> Statement:
    name = reader.identifier()
    return Fetch(name, tuple(_targets(reader)))


def _close(reader: Reader) -> Statement:
    return Close(reader.identifier())


def _async(reader: Reader) -> Statement:
    return Async(reader.parenthesised())


def _await(reader: Reader) -> Statement:
    return Await(None if reader.accept("ALL") else reader.identifier())


def _case(reader: Reader) -> Statement:
    expression = reader.until("WHEN").strip() or None
    branches = []
    while reader.accept("WHEN"):
        condition = reader.until("THEN")
        reader.expect("THEN")
        branches.append(Branch(condition, _body(reader, "WHEN", "ELSE", "END")))
    otherwise = _body(reader, "END") if reader.accept("ELSE") else None
    reader.expect("END")
    reader.accept("CASE")
    return Case(expression, tuple(branches), otherwise)


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
    start = reader.until("TO", "DO", "LOOP")
    end = reader.until("DO", "LOOP") if reader.accept("TO") else None
    word = reader.next().upper
    body = _body(reader, "END")
    reader.expect("END", "FOR" if word == "DO" else "LOOP")
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
    "ASYNC": _async,
    "AWAIT": _await,
    "CASE": _case,
    "CLOSE": _close,
    "FETCH": _fetch,
    "LET": _let,
    "OPEN": _open,
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
        if reader.accept("CONTINUE"):
            raise unsupported("CONTINUE handlers")
        reader.accept("EXIT")
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
    """A colon before a variable is needed in SQL, and may stand in FETCH."""
    reader.expect("INTO")
    names: list[str] = []
    while True:
        reader.accept(":")
        names.append(reader.identifier())
        if not reader.accept(","):
            return names
