"""How methods of models stand in a query: what the SQL translation asks when it meets one.

``MODEL(m, v)!predict(x)``, ``m!predict(x)`` and ``WITH a AS MODEL m VERSION v SELECT a!predict(x)`` are rewritten before the
text is parsed into a call of ``"MODEL!"."<version id>"."PREDICT"(x)``, which is then found like any function.
https://docs.snowflake.com/en/developer-guide/snowflake-ml/model-registry/model-methods
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from mlops_local.account.catalogue.entry import Entry
from mlops_local.account.errors import compilation_error, syntax_error, unknown_function, unsupported
from mlops_local.account.models import model_store
from mlops_local.account.models.model_store import Method
from mlops_local.account.models.versions import find_version
from mlops_local.account.routines.calls import arrange
from mlops_local.account.routines.overloads import Call, named_or_not
from mlops_local.account.sandbox import model_handler
from mlops_local.account.session.binding import replace_spans
from mlops_local.account.session.session import Session
from mlops_local.account.sql.context import Context
from mlops_local.account.sql.extensions import (
    RowFunction,
    Scalar,
    preparation,
    scalar_function,
    user_table_function,
)
from mlops_local.account.syntax.lexer import Token, tokenize
from mlops_local.account.syntax.names import fold, quote
from mlops_local.account.syntax.types import Column, SqlType

_MODEL = "MODEL!"


@scalar_function
def resolve(context: Context, path: tuple[str, ...], types: list[SqlType | None], names: list[str | None]) -> Scalar | None:
    if len(path) != 3 or path[0] != _MODEL:
        return None
    return _model_method(context, int(path[1]), path[2], Call(len(types), named_or_not(names), lambda: types))


@user_table_function
def resolve_table(
    context: Context, path: tuple[str, ...], types: list[SqlType | None], names: list[str | None]
) -> RowFunction | None:
    if len(path) != 3 or path[0] != _MODEL:
        return None
    return _model_table(context, int(path[1]), path[2], Call(len(types), named_or_not(names), lambda: types))


def _model_method(context: Context, version_id: int, name: str, asked: Call) -> Scalar:
    version, method = _method(context.session, version_id, name, asked)
    if method.kind != "FUNCTION":
        raise unsupported(f"a table function as a value ({name}): write TABLE({name}(..))")
    folder = context.session.account.stages.folder_of_version(version)
    runtime = context.session.account.runtime
    made = runtime.function(
        context.session, f"model {version.id} {name}", method.types, method.outputs[0][1], lambda: model_handler(folder, name)
    )
    return replace(made, arranged=partial(arrange, method.arguments, asked, context))


def _model_table(context: Context, version_id: int, name: str, asked: Call) -> RowFunction:
    version, method = _method(context.session, version_id, name, asked)
    if method.kind != "TABLE_FUNCTION":
        raise unsupported(f"TABLE({name}(..)) of a method that is no table function")
    handler = model_handler(context.session.account.stages.folder_of_version(version), name)
    columns = [Column(column, type_) for column, type_ in method.outputs]
    made = context.session.account.runtime.table_function(context.session, name, method.types, columns, handler)
    return replace(made, arranged=partial(arrange, method.arguments, asked, context))


def _method(session: Session, version_id: int, name: str, asked: Call) -> tuple[Entry, Method]:
    """The method that a call means; refused when its arguments do not fit."""
    version = session.catalogue.by_id(version_id)
    if version is None:
        raise unknown_function(name)
    methods = model_store.read_methods(session.account.stages.folder_of_version(version))
    method = next((method for method in methods if method.name == name), None)
    if method is None:
        raise unknown_function(f"{version.name}!{name}")
    if not asked.fits(method.arguments):
        listed = ", ".join(argument.name for argument in method.arguments[:20])
        raise compilation_error(
            1044,
            "42P13",
            f"Invalid argument types for function '{name}': it takes {len(method.arguments)} arguments ({listed}), "
            f"{asked.count} were given.",
        )
    return version, method


@preparation
def rewrite_model_calls(context: Context, text: str) -> str:
    """Every ``..!METHOD(`` as a call that the parser knows; a text without ``!`` is left as it is."""
    if "!" not in text:
        return text
    tokens = tokenize(text)
    spans, aliases = _model_aliases(context, tokens)
    for at, token in enumerate(tokens):
        if token.text == "!" and token.kind == "mark" and at + 2 < len(tokens) and tokens[at + 2].text == "(":
            start, version = _called_version(context, tokens, at, aliases)
            method = fold(tokens[at + 1].value, quoted=tokens[at + 1].kind == "quoted")
            call = ".".join(quote(part) for part in (_MODEL, str(version), method))
            spans.append((tokens[start].start, tokens[at + 1].end, call))
    return replace_spans(text, sorted(spans))


def _called_version(context: Context, tokens: Sequence[Token], at: int, aliases: dict[str, int]) -> tuple[int, int]:
    """Where the model reference before ``!`` begins, and the id of the version that it names."""
    if tokens[at - 1].text == ")":
        start = _opening(tokens, at - 1)
        inner = tokens[start + 1 : at - 1]
        if start == 0 or tokens[start - 1].upper != "MODEL":
            raise syntax_error("'!' must follow MODEL(name [, version]) or a model's name.")
        comma = next((i for i, token in enumerate(inner) if token.text == ","), len(inner))
        return start - 1, _version_id(context, _path(inner[:comma]), _path(inner[comma + 1 :]))
    start = at - 1
    while start >= 2 and tokens[start - 1].text == ".":
        start -= 2
    path = _path(tokens[start:at])
    if len(path) == 1 and path[0] in aliases:
        return start, aliases[path[0]]
    return start, _version_id(context, path, ())


def _opening(tokens: Sequence[Token], closing: int) -> int:
    depth = 0
    for at in range(closing, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[at].text, 0)
        if depth == 0:
            return at
    raise syntax_error("a parenthesis is not opened.")


def _path(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(fold(token.value, quoted=token.kind != "word") for token in tokens if token.text != ".")


def _version_id(context: Context, path: tuple[str, ...], version: tuple[str, ...]) -> int:
    where = context.complete(path)
    entry = context.session.catalogue.get("MODEL", where.database, where.schema, where.name)
    context.session.access.demand_any(("USAGE", "READ"), entry)
    context.entries.append(entry)
    return find_version(context.session, entry, version[0] if version else None).id


def _model_aliases(context: Context, tokens: Sequence[Token]) -> tuple[list[tuple[int, int, str]], dict[str, int]]:
    """``WITH a AS MODEL m [VERSION v] [, ..]``: the spans to take out, and the version id of every alias."""
    spans: list[tuple[int, int, str]] = []
    found: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.upper == "MODEL" and at >= 2 and tokens[at - 1].upper == "AS" and tokens[at + 1].kind in {"word", "quoted"}:
            end = at + 2
            while end + 1 < len(tokens) and tokens[end].text == ".":
                end += 2
            path = _path(tokens[at + 1 : end])
            version: tuple[str, ...] = ()
            if end + 1 < len(tokens) and tokens[end].upper == "VERSION":
                version, end = _path(tokens[end + 1 : end + 2]), end + 2
            found[_path([tokens[at - 2]])[0]] = _version_id(context, path, version)
            spans.append(_alias_span(tokens, at - 2, end))
    return spans, found


def _alias_span(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int, str]:
    """From the alias to the end of its definition, with the comma behind it or, for the only one, WITH before it."""
    if end < len(tokens) and tokens[end].text == ",":
        return tokens[start].start, tokens[end].end, ""
    return tokens[start - 1].start, tokens[end - 1].end, ""
