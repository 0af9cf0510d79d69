"""From the first words of a statement to the function that answers it. What is not in the tables is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlops_local.account.errors import AccountError, unsupported
from mlops_local.account.session.binding import bind_values
from mlops_local.account.session.result import Result
from mlops_local.account.session.session import Request, Session
from mlops_local.account.statements import clone_one, commands, common_change, dml, flow
from mlops_local.account.statements.array_binding import staged_rows
from mlops_local.account.statements.kind import Creation, Kind, shorten
from mlops_local.account.statements.kinds import KINDS
from mlops_local.account.statements.verbs import VERBS
from mlops_local.account.syntax.lexer import fold_quoted, split_statements
from mlops_local.account.syntax.reader import Reader

Verb = Callable[[Session, Reader, Request], Result]

_TEMPORARY = {"TEMPORARY", "TEMP", "VOLATILE"}
_BEFORE_TEMPORARY = {"SCOPED", "LOCAL", "GLOBAL"}
_MODIFIERS: dict[str, set[str]] = {
    "DATABASE": {"TRANSIENT"},
    "DYNAMIC TABLE": {"TRANSIENT"},
    "FILE FORMAT": _TEMPORARY | _BEFORE_TEMPORARY,
    "AGGREGATE FUNCTION": _TEMPORARY | _BEFORE_TEMPORARY | {"SECURE"},
    "FUNCTION": _TEMPORARY | _BEFORE_TEMPORARY | {"SECURE"},
    "PROCEDURE": _TEMPORARY | _BEFORE_TEMPORARY | {"SECURE"},
    "SCHEMA": {"TRANSIENT"},
    "STAGE": _TEMPORARY | _BEFORE_TEMPORARY,
    "TABLE": _TEMPORARY | _BEFORE_TEMPORARY | {"TRANSIENT"},
    "VIEW": _TEMPORARY | _BEFORE_TEMPORARY | {"SECURE", "RECURSIVE"},
}
_PREFIXES = ("SCOPED", "TEMPORARY", "TEMP", "LOCAL", "GLOBAL", "VOLATILE", "TRANSIENT", "SECURE", "RECURSIVE")


# Verbs that answer a status and change the session or the account: describing them must not.
_STATUS_ONLY = {"COMMIT", "GRANT", "REVOKE", "ROLLBACK", "SET", "START", "UNSET", "USE"}


# Verbs that take a warehouse whatever they read.
_WRITE_ROWS = {"COPY", "DELETE", "INSERT", "MERGE", "UPDATE"}


def run_statement(session: Session, request: Request) -> Result:
    """Answers one statement; several in one text are refused unless the client asked for several."""
    statements = split_statements(request.text)
    if len(statements) != 1:
        raise (
            AccountError(8, "0A000", f"Actual statement count {len(statements)} did not match the desired statement count 1.")
            if statements
            else AccountError(900, "42601", "SQL compilation error: Empty SQL statement.")
        )
    text = fold_quoted(statements[0]) if session.parameters["QUOTED_IDENTIFIERS_IGNORE_CASE"] else statements[0]
    text, arrays = bind_values(text, request.binds)
    if request.bind_stage:
        text = staged_rows(text, request.bind_stage)
    if text.split(None, 1)[0].upper() in _WRITE_ROWS:
        session.access.demand_warehouse(session.warehouse)
    if arrays is not None:
        return dml.insert_arrays(session, text, arrays, request)
    chain = flow.split_chain(text)
    if len(chain) > 1:
        last = flow.run_chain(session, chain, describe_only=request.describe_only)
        return run_statement(session, replace(request, text=last, binds=()))
    reader = Reader(text)
    verb = reader.token.upper
    if verb in OBJECT_VERBS:
        reader.next()
        return OBJECT_VERBS[verb](session, reader, request)
    if verb not in VERBS:
        raise reader.refuse()
    run = VERBS[verb]
    if verb in _STATUS_ONLY:
        return commands.described(session, request, lambda: run(session, reader, request))
    return run(session, reader, request)


def _create(session: Session, reader: Reader, request: Request) -> Result:
    or_replace = reader.accept("OR", "REPLACE")
    or_alter = reader.accept("OR", "ALTER")
    modifiers = set()
    while (word := reader.accept_any(*_PREFIXES)) is not None:
        modifiers.add(word)
    kind = _kind(reader, plural=False)
    if kind.create is None:
        raise unsupported(f"CREATE {kind.words}")
    if or_alter and not kind.or_alter:
        raise unsupported(f"CREATE OR ALTER {kind.words}")
    _check_modifiers(kind, modifiers)
    creation = Creation(
        or_replace=or_replace,
        or_alter=or_alter,
        if_not_exists=reader.accept("IF", "NOT", "EXISTS"),
        temporary=bool(modifiers & _TEMPORARY),
        transient="TRANSIENT" in modifiers,
        secure="SECURE" in modifiers,
        modifiers=frozenset(modifiers),
    )
    if clone_one.stands(reader, kind.words):
        return commands.described(session, request, lambda: clone_one.create(session, kind.words, reader, creation))
    with session.catalogue.grants.replacing(reader):
        return commands.described(session, request, lambda: kind.create(session, reader, creation))  # type: ignore[misc]


def _check_modifiers(kind: Kind, modifiers: set[str]) -> None:
    """No word between CREATE and the kind is ignored; LOCAL, GLOBAL and SCOPED stand before TEMPORARY only."""
    refused = modifiers - _MODIFIERS.get(kind.words, set())
    if not modifiers & _TEMPORARY:
        refused |= modifiers & _BEFORE_TEMPORARY
    for word in sorted(refused):
        raise unsupported(f"CREATE {word} {kind.words}")


def _change(verb: str) -> Verb:
    def run(session: Session, reader: Reader, request: Request) -> Result:
        if verb == "ALTER" and reader.peek().upper in {"SET", "UNSET"} and reader.accept("SESSION"):
            return commands.described(session, request, lambda: commands.alter_session(session, reader))
        kind = _kind(reader, plural=False)
        change = kind.alter if verb == "ALTER" else kind.drop
        if change is None:
            raise unsupported(f"{verb} {kind.words}")
        if_exists = reader.accept("IF", "EXISTS")
        if verb == "ALTER" and common_change.stands(reader, kind.words):
            return commands.described(
                session, request, lambda: common_change.change(session, kind.words, reader, if_exists=if_exists)
            )
        return commands.described(session, request, lambda: change(session, reader, if_exists))

    return run


def _undrop(session: Session, reader: Reader, request: Request) -> Result:
    kind = _kind(reader, plural=False)
    if kind.undrop is None:
        raise unsupported(f"UNDROP {kind.words}")
    undrop = kind.undrop
    return commands.described(session, request, lambda: undrop(session, reader))


def _show(session: Session, reader: Reader, request: Request) -> Result:
    terse = reader.accept("TERSE")
    kind = _kind(reader, plural=True)
    if kind.show is None:
        raise unsupported(f"SHOW {kind.plural}")
    with session.transaction():
        answer = kind.show(session, reader)
    return shorten(answer, kind.words) if terse else answer


def _describe(session: Session, reader: Reader, request: Request) -> Result:
    kind = _kind(reader, plural=False)
    if kind.describe is None:
        raise unsupported(f"DESCRIBE {kind.words}")
    with session.transaction():
        return kind.describe(session, reader)


def _kind(reader: Reader, *, plural: bool) -> Kind:
    """The longest kind whose words come next; refused with the word that nothing starts with."""
    for words, kind in _PLURALS if plural else _SINGULARS:
        if reader.accept(*words):
            return kind
    raise reader.refuse()


def _by_length(pairs: list[tuple[str, Kind]]) -> list[tuple[tuple[str, ...], Kind]]:
    return sorted(((tuple(words.split()), kind) for words, kind in pairs if words), key=lambda pair: -len(pair[0]))


_SINGULARS = _by_length([(kind.words, kind) for kind in KINDS])
_PLURALS = _by_length([(kind.plural, kind) for kind in KINDS])

OBJECT_VERBS: dict[str, Verb] = {
    "CREATE": _create,
    "ALTER": _change("ALTER"),
    "DROP": _change("DROP"),
    "UNDROP": _undrop,
    "SHOW": _show,
    "DESCRIBE": _describe,
    "DESC": _describe,
}
