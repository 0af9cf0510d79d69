"""Arrays and objects. https://docs.snowflake.com/en/sql-reference/functions-semistructured"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import syntax_error
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.functions.registry import Arguments, define, function, take
from mlops_local.account.sql.semistructured import array_of, as_json, columns_of, get, key_path, object_of
from mlops_local.account.sql.typed import string, template
from mlops_local.account.syntax.types import ARRAY, BOOLEAN, INTEGER, OBJECT, TEXT, VARIANT


@function("ARRAY_CONSTRUCT", least=0, most=None)
def array_construct(arguments: Arguments) -> exp.Expr:
    return array_of(arguments.nodes)


@function("ARRAY_CONSTRUCT_COMPACT", least=0, most=None)
def array_construct_compact(arguments: Arguments) -> exp.Expr:
    whole = array_of(arguments.nodes)
    return template("to_json(list_filter(CAST({0} AS JSON[]), lambda e: CAST(e AS VARCHAR) <> 'null'))", whole, type_=ARRAY)


@function("OBJECT_CONSTRUCT", least=0, most=None)
def object_construct(arguments: Arguments) -> exp.Expr:
    return object_of(_pairs(arguments))


@function("OBJECT_CONSTRUCT_KEEP_NULL", least=0, most=None)
def object_construct_keep_null(arguments: Arguments) -> exp.Expr:
    return object_of(_pairs(arguments), keep_null=True)


def _pairs(arguments: Arguments) -> list[tuple[exp.Expr, exp.Expr]]:
    """Key, value, key, value ..; or ``*``, which is every column by its name."""
    nodes = arguments.nodes
    if nodes and nodes[0].is_star:
        return columns_of(nodes[0], arguments.scope, f"{arguments.name}(*)")
    if len(nodes) % 2:
        raise syntax_error(f"{arguments.name} takes pairs of key and value.")
    return list(zip(nodes[::2], nodes[1::2], strict=True))


@function("GET", least=2)
def get_(arguments: Arguments) -> exp.Expr:
    return get(arguments[0], arguments[1])


@function("GET_PATH", least=2)
def get_path(arguments: Arguments) -> exp.Expr:
    """A path of names and places in text: ``'a.b[0]'``."""
    path = arguments.constant(1)
    steps = "".join(key_path(part) if not part.startswith("[") else part for part in path.replace("[", ".[").split(".") if part)
    return template("json_extract({0}, {1})", as_json(arguments[0]), string("$" + steps), type_=VARIANT)


define("ARRAY_SIZE", "j", INTEGER, "CASE WHEN json_type({0}) = 'ARRAY' THEN CAST(json_array_length({0}) AS BIGINT) END")
define(
    "ARRAY_TO_STRING", "jt", TEXT, "array_to_string(list_transform(CAST({0} AS JSON[]), lambda e: coalesce(e ->> '$', '')), {1})"
)
define("ARRAY_CAT", "jj", ARRAY, "to_json(list_concat(CAST({0} AS JSON[]), CAST({1} AS JSON[])))")
define("ARRAY_APPEND", "jj", ARRAY, "to_json(list_append(CAST({0} AS JSON[]), {1}))")
define("ARRAY_PREPEND", "jj", ARRAY, "to_json(list_prepend({1}, CAST({0} AS JSON[])))")
define("ARRAY_COMPACT", "j", ARRAY, "to_json(list_filter(CAST({0} AS JSON[]), lambda e: CAST(e AS VARCHAR) <> 'null'))")
define("ARRAY_DISTINCT", "j", ARRAY, "to_json(list_distinct(CAST({0} AS JSON[])))")
define("ARRAY_REVERSE", "j", ARRAY, "to_json(list_reverse(CAST({0} AS JSON[])))")
define("ARRAY_SORT", "j", ARRAY, "to_json(list_sort(CAST({0} AS JSON[])))")
define("ARRAY_INTERSECTION", "jj", ARRAY, "to_json(list_intersect(CAST({0} AS JSON[]), CAST({1} AS JSON[])))")
define("ARRAYS_OVERLAP", "jj", BOOLEAN, "list_has_any(CAST({0} AS JSON[]), CAST({1} AS JSON[]))")
define("ARRAY_CONTAINS", "jj", BOOLEAN, "list_contains(CAST({1} AS JSON[]), {0})")
define("ARRAY_POSITION", "jj", INTEGER, "CAST(nullif(list_position(CAST({1} AS JSON[]), {0}), 0) - 1 AS BIGINT)")
define(
    "ARRAY_SLICE",
    "jii",
    ARRAY,
    "to_json(list_slice(CAST({0} AS JSON[]), CASE WHEN {1} < 0 THEN {1} ELSE {1} + 1 END, CASE WHEN {2} < 0 THEN {2} - 1 ELSE {2} END))",
)
define(
    "ARRAY_GENERATE_RANGE",
    "iii",
    ARRAY,
    "to_json(range(CAST({0} AS BIGINT), CAST({1} AS BIGINT)))",
    "to_json(range(CAST({0} AS BIGINT), CAST({1} AS BIGINT), CAST({2} AS BIGINT)))",
)
define("ARRAY_REMOVE", "jj", ARRAY, "to_json(list_filter(CAST({0} AS JSON[]), lambda e: e <> {1}))")
define(
    "ARRAY_FLATTEN",
    "j",
    ARRAY,
    "to_json(flatten(list_transform(CAST({0} AS JSON[]), lambda e: CASE WHEN json_type(e) = 'ARRAY' THEN CAST(e AS JSON[]) "
    "ELSE [CAST(error('[100107 22000] Not an array: ' || CAST(e AS VARCHAR)) AS JSON)] END)))",
)
define(
    "ARRAYS_TO_OBJECT",
    "jj",
    OBJECT,
    "to_json(map(list_transform(CAST({0} AS JSON[]), lambda e: e ->> '$'), CAST({1} AS JSON[])))",
)
define("ARRAY_MIN", "j", VARIANT, "list_min(CAST({0} AS JSON[]))")
define("ARRAY_MAX", "j", VARIANT, "list_max(CAST({0} AS JSON[]))")
define("OBJECT_KEYS", "j", ARRAY, "to_json(list_sort(json_keys({0})))")
define("STRIP_NULL_VALUE", "j", VARIANT, "CASE WHEN json_type({0}) = 'NULL' THEN NULL ELSE {0} END")


@function("OBJECT_INSERT", least=3, most=4)
def object_insert(arguments: Arguments) -> exp.Expr:
    update = len(arguments) > 3 and isinstance(arguments[3], exp.Boolean) and bool(arguments[3].this)
    refusal = (
        ""
        if update
        else "WHEN list_contains(json_keys({0}), {1}) THEN CAST(error('[100096 22000] Duplicate field key ''' || {1} || '''') AS JSON) "
    )
    return template(
        f"CASE {refusal}ELSE json_merge_patch({{0}}, json_object({{1}}, {{2}})) END",
        as_json(arguments[0]),
        take(arguments[1], "t"),
        as_json(arguments[2]),
        type_=OBJECT,
    )


@function("OBJECT_DELETE", least=2, most=None)
def object_delete(arguments: Arguments) -> exp.Expr:
    keys = [take(node, "t") for node in arguments.nodes[1:]]
    nulls = ", ".join(f"{{{i + 1}}}, NULL" for i in range(len(keys)))
    return template(f"json_merge_patch({{0}}, json_object({nulls}))", as_json(arguments[0]), *keys, type_=OBJECT)


@function("OBJECT_PICK", least=2, most=None)
def object_pick(arguments: Arguments) -> exp.Expr:
    value = as_json(arguments[0])
    return object_of([(key, get(value, key)) for key in arguments.nodes[1:]])


@function("ARRAY_INSERT", least=3)
def array_insert(arguments: Arguments) -> exp.Expr:
    return template(
        "to_json(list_concat(list_slice(CAST({0} AS JSON[]), 1, {1}), [{2}], list_slice(CAST({0} AS JSON[]), {1} + 1, json_array_length({0}))))",
        as_json(arguments[0]),
        take(arguments[1], "i"),
        cast(arguments[2], VARIANT),
        type_=ARRAY,
    )
