"""Texts, patterns and hashes. https://docs.snowflake.com/en/sql-reference/functions-string"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import unsupported
from mlops_local.account.sql.casts import as_text
from mlops_local.account.sql.functions.registry import Arguments, define, function, take
from mlops_local.account.sql.typed import template
from mlops_local.account.syntax.types import ARRAY, BINARY, BOOLEAN, INTEGER, TEXT

define("UPPER", "t", TEXT, "upper({0})")
define("LOWER", "t", TEXT, "lower({0})")
define("LENGTH LEN", "t", INTEGER, "length({0})")
define("OCTET_LENGTH", "t", INTEGER, "CAST(strlen({0}) AS BIGINT)")
define("BIT_LENGTH", "t", INTEGER, "CAST(strlen({0}) AS BIGINT) * 8")
define("REVERSE", "t", TEXT, "reverse({0})")
define(
    "INITCAP",
    "t",
    TEXT,
    "array_to_string(list_transform(regexp_extract_all({0}, '[[:alnum:]]+|[^[:alnum:]]+'), "
    "lambda w: upper(left(w, 1)) || lower(substr(w, 2))), '')",
)
define("TRIM", "tt", TEXT, "trim({0})", "trim({0}, {1})")
define("LTRIM", "tt", TEXT, "ltrim({0})", "ltrim({0}, {1})")
define("RTRIM", "tt", TEXT, "rtrim({0})", "rtrim({0}, {1})")
define("LPAD", "tit", TEXT, "lpad({0}, CAST({1} AS INTEGER), ' ')", "lpad({0}, CAST({1} AS INTEGER), {2})")
define("RPAD", "tit", TEXT, "rpad({0}, CAST({1} AS INTEGER), ' ')", "rpad({0}, CAST({1} AS INTEGER), {2})")
define("LEFT", "ti", TEXT, "left({0}, CAST({1} AS BIGINT))")
define("RIGHT", "ti", TEXT, "right({0}, CAST({1} AS BIGINT))")
define("REPEAT", "ti", TEXT, "repeat({0}, CAST({1} AS BIGINT))")
define("SPACE", "i", TEXT, "repeat(' ', CAST({0} AS BIGINT))")
define("REPLACE", "ttt", TEXT, "replace({0}, {1}, '')", "replace({0}, {1}, {2})")
define("TRANSLATE", "ttt", TEXT, "translate({0}, {1}, {2})")
define("STARTSWITH", "tt", BOOLEAN, "starts_with({0}, {1})")
define("ENDSWITH", "tt", BOOLEAN, "ends_with({0}, {1})")
define("CONTAINS", "tt", BOOLEAN, "contains({0}, {1})")
define("ASCII", "t", INTEGER, "CAST(ascii({0}) AS BIGINT)")
define("UNICODE", "t", INTEGER, "CAST(unicode({0}) AS BIGINT)")
define("CHR CHAR", "i", TEXT, "chr(CAST({0} AS INTEGER))")
define("SPLIT", "tt", ARRAY, "to_json(string_split({0}, {1}))")
define("SPLIT_PART", "tti", TEXT, "split_part({0}, {1}, CASE WHEN {2} = 0 THEN 1 ELSE {2} END)")
define(
    "STRTOK",
    "tti",
    TEXT,
    "nullif(list_filter(string_split_regex({0}, '[ ]'), lambda w: w <> '')[1], '')",
    "list_filter(regexp_split_to_array({0}, '[' || regexp_escape({1}) || ']'), lambda w: w <> '')[1]",
    "list_filter(regexp_split_to_array({0}, '[' || regexp_escape({1}) || ']'), lambda w: w <> '')[{2}]",
)
define(
    "STRTOK_TO_ARRAY",
    "tt",
    ARRAY,
    "to_json(list_filter(string_split_regex({0}, '[ ]'), lambda w: w <> ''))",
    "to_json(list_filter(regexp_split_to_array({0}, '[' || regexp_escape({1}) || ']'), lambda w: w <> ''))",
)
define(
    "CHARINDEX",
    "tti",
    INTEGER,
    "instr({1}, {0})",
    "CASE WHEN instr(substr({1}, {2}), {0}) = 0 THEN 0 ELSE instr(substr({1}, {2}), {0}) + {2} - 1 END",
)
define(
    "POSITION",
    "tti",
    INTEGER,
    "instr({1}, {0})",
    "CASE WHEN instr(substr({1}, {2}), {0}) = 0 THEN 0 ELSE instr(substr({1}, {2}), {0}) + {2} - 1 END",
)
define("INSERT", "tiit", TEXT, "left({0}, {1} - 1) || {3} || substr({0}, {1} + {2})")
define(
    "SUBSTR SUBSTRING",
    "tii",
    TEXT,
    "substr({0}, CASE WHEN {1} = 0 THEN 1 ELSE {1} END)",
    "substr({0}, CASE WHEN {1} = 0 THEN 1 ELSE {1} END, greatest({2}, 0))",
)
define("EDITDISTANCE", "tti", INTEGER, "levenshtein({0}, {1})", "least(levenshtein({0}, {1}), {2})")
define("JAROWINKLER_SIMILARITY", "tt", INTEGER, "CAST(round(jaro_winkler_similarity(lower({0}), lower({1})) * 100) AS BIGINT)")
define("MD5 MD5_HEX", "t", TEXT, "md5({0})")
define("SHA1 SHA1_HEX", "t", TEXT, "sha1({0})")
define("HEX_ENCODE", "t", TEXT, "hex({0})")
define("HEX_DECODE_STRING", "t", TEXT, "decode(unhex({0}))")
define("HEX_DECODE_BINARY", "t", BINARY, "unhex({0})")
define("BASE64_ENCODE", "t", TEXT, "to_base64(encode({0}))")
define("BASE64_DECODE_STRING", "t", TEXT, "decode(from_base64({0}))")
define("BASE64_DECODE_BINARY", "t", BINARY, "from_base64({0})")
define("LIKE", "tt", BOOLEAN, "{0} LIKE {1}")
define("ILIKE", "tt", BOOLEAN, "{0} ILIKE {1}")


@function("SHA2", "SHA2_HEX", least=1, most=2)
def sha2(arguments: Arguments) -> exp.Expr:
    if len(arguments) == 2 and arguments.constant(1) not in {"256", "0"}:
        raise unsupported(f"SHA2 of {arguments.constant(1)} bits")
    return template("sha256({0})", take(arguments[0], "t"), type_=TEXT)


@function("CONCAT", least=1, most=None)
def concat(arguments: Arguments) -> exp.Expr:
    """NULL when an argument is NULL, unlike DuckDB's function of that name."""
    parts = [as_text(node) for node in arguments.nodes]
    return template(" || ".join(f"{{{i}}}" for i in range(len(parts))), *parts, type_=TEXT)


@function("CONCAT_WS", least=2, most=None)
def concat_ws(arguments: Arguments) -> exp.Expr:
    """NULL when an argument is NULL, unlike DuckDB's function of that name."""
    parts = [as_text(node) for node in arguments.nodes]
    return template(" || {0} || ".join(f"{{{i}}}" for i in range(1, len(parts))), *parts, type_=TEXT)


# Patterns: DuckDB's are RE2, close to Snowflake's except for look-around and back references.


def _pattern(arguments: Arguments, index: int, flags: int) -> exp.Expr:
    """The pattern with its parameters (``i``, ``s``, ``m``) put in front."""
    pattern = take(arguments[index], "t")
    letters = arguments.constant(flags) if len(arguments) > flags else "c"
    chosen = "".join(letter for letter in "sim" if letter in letters)
    return template(f"'(?{chosen})' || {{0}}", pattern, type_=TEXT) if chosen else pattern


@function("REGEXP_LIKE", "RLIKE", "REGEXP", least=2, most=3)
def regexp_like(arguments: Arguments) -> exp.Expr:
    """The pattern must match the whole text."""
    return template("regexp_full_match({0}, {1})", take(arguments[0], "t"), _pattern(arguments, 1, 2), type_=BOOLEAN)


@function("REGEXP_REPLACE", least=2, most=6)
def regexp_replace(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/regexp_replace"""
    _only(arguments, 3, "1")
    new = take(arguments[2], "t") if len(arguments) > 2 else exp.Literal.string("")
    option = ""
    if len(arguments) > 4 and arguments.constant(4) == "1":
        option = ""
    elif len(arguments) <= 4 or arguments.constant(4) == "0":
        option = "g"
    else:
        raise unsupported("REGEXP_REPLACE of one later occurrence")
    return template(
        f"regexp_replace({{0}}, {{1}}, {{2}}, '{option}')", take(arguments[0], "t"), _pattern(arguments, 1, 5), new, type_=TEXT
    )


@function("REGEXP_SUBSTR", least=2, most=6)
def regexp_substr(arguments: Arguments) -> exp.Expr:
    """Position, occurrence, parameters (``e`` takes a group) and group; NULL when nothing matches."""
    text, pattern = _from_position(arguments), _pattern(arguments, 1, 4)
    occurrence = take(arguments[3], "i") if len(arguments) > 3 else exp.Literal.number(1)
    return template(f"regexp_extract_all({{0}}, {{1}}, {_group(arguments)})[{{2}}]", text, pattern, occurrence, type_=TEXT)


@function("REGEXP_SUBSTR_ALL", "REGEXP_EXTRACT_ALL", least=2, most=6)
def regexp_substr_all(arguments: Arguments) -> exp.Expr:
    _only(arguments, 3, "1")
    return template(
        f"to_json(regexp_extract_all({{0}}, {{1}}, {_group(arguments)}))",
        _from_position(arguments),
        _pattern(arguments, 1, 4),
        type_=ARRAY,
    )


@function("REGEXP_COUNT", least=2, most=4)
def regexp_count(arguments: Arguments) -> exp.Expr:
    return template(
        "CAST(len(regexp_extract_all({0}, {1})) AS BIGINT)", _from_position(arguments), _pattern(arguments, 1, 3), type_=INTEGER
    )


@function("REGEXP_INSTR", least=2, most=3)
def regexp_instr(arguments: Arguments) -> exp.Expr:
    _only(arguments, 2, "1")
    return template(
        "CASE WHEN regexp_matches({0}, {1}) THEN instr({0}, regexp_extract({0}, {1})) ELSE 0 END",
        take(arguments[0], "t"),
        take(arguments[1], "t"),
        type_=INTEGER,
    )


def _group(arguments: Arguments) -> int:
    """Which part of the pattern is wanted: 0 is all of it; the letter ``e`` alone means the first group."""
    if len(arguments) > 5:
        text = arguments.constant(5)
        if not text.isdecimal():
            raise unsupported(f"{arguments.name} with {text} as argument 6")
        return int(text)
    return 1 if len(arguments) > 4 and "e" in arguments.constant(4) else 0


def _from_position(arguments: Arguments) -> exp.Expr:
    text = take(arguments[0], "t")
    if len(arguments) > 2 and not (isinstance(arguments[2], exp.Literal) and arguments[2].name == "1"):
        return template("substr({0}, {1})", text, take(arguments[2], "i"), type_=TEXT)
    return text


def _only(arguments: Arguments, index: int, value: str) -> None:
    if len(arguments) > index and arguments.constant(index) != value:
        raise unsupported(f"{arguments.name} with {arguments.constant(index)} as argument {index + 1}")
