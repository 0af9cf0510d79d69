"""Dates and times. https://docs.snowflake.com/en/sql-reference/functions-date-time

A DATE stays a DATE where Snowflake keeps it one, and TIMESTAMP_NTZ keeps its nanoseconds, which DuckDB's interval
arithmetic would drop: it is done on whole days and on nanoseconds since 1970 instead.
"""

from __future__ import annotations

from sqlglot import exp

from mlops_local.account.errors import compilation_error, unsupported
from mlops_local.account.sql.casts import cast
from mlops_local.account.sql.conventions import conventions
from mlops_local.account.sql.formats import wall
from mlops_local.account.sql.functions.registry import Arguments, define, function, take
from mlops_local.account.sql.typed import is_text, template, type_of
from mlops_local.account.syntax.types import DATE, INTEGER, REAL, TEXT, TIME, TIMESTAMP_LTZ, TIMESTAMP_NTZ, SqlType

_ALIASES = {
    "YEAR": "year y yy yyy yyyy yr years yrs",
    "QUARTER": "quarter q qtr qtrs quarters",
    "MONTH": "month mm mon mons months",
    "WEEK": "week w wk weekofyear woy wy weeks",
    "DAY": "day d dd days dayofmonth",
    "HOUR": "hour h hh hr hours hrs",
    "MINUTE": "minute m mi min minutes mins",
    "SECOND": "second s sec seconds secs",
    "MILLISECOND": "millisecond ms msec milliseconds",
    "MICROSECOND": "microsecond us usec microseconds",
    "NANOSECOND": "nanosecond ns nsec nanosec nsecond nanoseconds",
    "DAYOFWEEK": "dayofweek weekday dow dw",
    "DAYOFWEEKISO": "dayofweekiso weekday_iso dow_iso dw_iso dayofweek_iso",
    "DAYOFYEAR": "dayofyear yearday doy dy",
    "WEEKISO": "weekiso week_iso weekofyeariso weekofyear_iso",
    "YEAROFWEEK": "yearofweek",
    "YEAROFWEEKISO": "yearofweekiso",
    "EPOCH_SECOND": "epoch_second epoch epoch_seconds",
    "EPOCH_MILLISECOND": "epoch_millisecond epoch_milliseconds",
    "EPOCH_MICROSECOND": "epoch_microsecond epoch_microseconds",
    "EPOCH_NANOSECOND": "epoch_nanosecond epoch_nanoseconds",
    "TIMEZONE_HOUR": "timezone_hour tzh",
    "TIMEZONE_MINUTE": "timezone_minute tzm",
}
_PARTS = {alias.upper(): part for part, aliases in _ALIASES.items() for alias in aliases.split()}
_NANOSECONDS = {
    "HOUR": 3_600_000_000_000,
    "MINUTE": 60_000_000_000,
    "SECOND": 1_000_000_000,
    "MILLISECOND": 1_000_000,
    "MICROSECOND": 1_000,
    "NANOSECOND": 1,
}
_DAYS = {"DAY": 1, "WEEK": 7}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def part_of(arguments: Arguments, index: int) -> str:
    """The part that is named (``day``, ``'dd'``, ``hrs``), in its full name."""
    text = arguments.constant(index).upper()
    if text not in _PARTS:
        raise compilation_error(
            1035,
            "22023",
            f"error line 1 at position 0\n'{text}' is not a valid date/time component for function {arguments.name}.",
        )
    return _PARTS[text]


@function("DATEADD", "TIMEADD", "TIMESTAMPADD", least=3)
def dateadd(arguments: Arguments) -> exp.Expr:
    """https://docs.snowflake.com/en/sql-reference/functions/dateadd"""
    return _shifted(part_of(arguments, 0), take(arguments[1], "i"), take(arguments[2], "m"))


def _shifted(part: str, count: exp.Expr, moment: exp.Expr) -> exp.Expr:
    type_ = type_of(moment)
    if part not in {**_NANOSECONDS, **_DAYS, **_MONTHS}:
        raise unsupported(f"DATEADD of {part}")
    if type_ == DATE and part in {**_DAYS, **_MONTHS}:
        return _shifted_date(part, count, moment)
    if type_ is not None and type_.name == "TIME":
        return template(
            f"CAST({{1}} + to_microseconds(CAST({{0}} AS BIGINT) * {_NANOSECONDS[part] // 1000}) AS TIME)",
            count,
            moment,
            type_=TIME,
        )
    if type_ is not None and _by_clock(type_) and part not in _NANOSECONDS:
        return cast(_shifted(part, count, wall(moment)), type_)
    if type_ is not None and type_.name in {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"}:
        return template(f"{{1}} + {_interval(part)}", count, moment, type_=type_)
    stamp = cast(moment, TIMESTAMP_NTZ) if type_ != TIMESTAMP_NTZ else moment
    if part in _NANOSECONDS:
        return template(
            f"make_timestamp_ns(epoch_ns({{1}}) + CAST({{0}} AS BIGINT) * {_NANOSECONDS[part]})",
            count,
            stamp,
            type_=TIMESTAMP_NTZ,
        )
    if part in _DAYS:
        nanoseconds = _DAYS[part] * 24 * _NANOSECONDS["HOUR"]
        return template(
            f"make_timestamp_ns(epoch_ns({{1}}) + CAST({{0}} AS BIGINT) * {nanoseconds})", count, stamp, type_=TIMESTAMP_NTZ
        )
    return template(
        f"make_timestamp_ns(epoch_ns(CAST(CAST({{1}} AS DATE) + {_interval(part)} AS TIMESTAMP_NS)) "
        "+ epoch_ns({1}) - epoch_ns(CAST(CAST({1} AS DATE) AS TIMESTAMP_NS)))",
        count,
        stamp,
        type_=TIMESTAMP_NTZ,
    )


def _by_clock(type_: SqlType | None) -> bool:
    """Whether days and months of the type begin at midnight of a zone of the session's own."""
    return type_ is not None and type_.name == "TIMESTAMP_LTZ" and conventions().zone is not None


def _shifted_date(part: str, count: exp.Expr, moment: exp.Expr) -> exp.Expr:
    if part in _DAYS:
        return template(f"{{1}} + CAST({{0}} AS INTEGER) * {_DAYS[part]}", count, moment, type_=DATE)
    return template(f"CAST({{1}} + {_interval(part)} AS DATE)", count, moment, type_=DATE)


def _interval(part: str) -> str:
    """DuckDB text for ``{0}`` times the part."""
    if part in _MONTHS:
        return f"to_months(CAST({{0}} * {_MONTHS[part]} AS INTEGER))"
    if part in _DAYS:
        return f"to_days(CAST({{0}} * {_DAYS[part]} AS INTEGER))"
    return f"to_microseconds(CAST({{0}} AS BIGINT) * {_NANOSECONDS[part] // 1000})"


@function("ADD_MONTHS", least=2)
def add_months(arguments: Arguments) -> exp.Expr:
    """The last day of a month goes to the last day. https://docs.snowflake.com/en/sql-reference/functions/add_months"""
    moment = take(arguments[0], "m")
    shifted = _shifted("MONTH", take(arguments[1], "i"), moment)
    if type_of(moment) != DATE:
        return shifted
    return template("CASE WHEN {0} = last_day({0}) THEN last_day({1}) ELSE {1} END", moment, shifted, type_=DATE)


@function("DATEDIFF", "TIMEDIFF", "TIMESTAMPDIFF", least=3)
def datediff(arguments: Arguments) -> exp.Expr:
    """How many borders of the part lie between. https://docs.snowflake.com/en/sql-reference/functions/datediff"""
    part = part_of(arguments, 0)
    start, end = _alike(take(arguments[1], "d"), take(arguments[2], "d"))
    if part == "NANOSECOND":
        return template("epoch_ns({1}) - epoch_ns({0})", start, end, type_=INTEGER)
    if part not in {**_NANOSECONDS, **_DAYS, **_MONTHS}:
        raise unsupported(f"DATEDIFF of {part}")
    return template(f"date_diff('{part.lower()}', {{0}}, {{1}})", start, end, type_=INTEGER)


def _alike(start: exp.Expr, end: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Both as plain timestamps when they differ; zoned ones are read in UTC."""
    one, other = type_of(start), type_of(end)
    if one is None or other is None or one == other:
        return start, end
    zoned = any(type_.name in {"TIMESTAMP_LTZ", "TIMESTAMP_TZ"} for type_ in (one, other))
    target = TIMESTAMP_LTZ if zoned else TIMESTAMP_NTZ
    return cast(start, target), cast(end, target)


@function("DATE_TRUNC", least=2)
def date_trunc(arguments: Arguments) -> exp.Expr:
    """A date stays a date. https://docs.snowflake.com/en/sql-reference/functions/date_trunc"""
    if isinstance(arguments[1], exp.Literal) and is_text(arguments.type(1)) and arguments[1].name.upper() in _PARTS:
        arguments.nodes.reverse()
    part, moment = part_of(arguments, 0), take(arguments[1], "m")
    return truncated(part, moment)


def truncated(part: str, moment: exp.Expr) -> exp.Expr:
    type_ = type_of(moment)
    if _by_clock(type_) and type_ is not None:
        return cast(truncated(part, wall(moment)), type_)
    if type_ == DATE:
        if part in _NANOSECONDS:
            return moment
        return template(f"CAST(date_trunc('{part.lower()}', {{0}}) AS DATE)", moment, type_=DATE)
    if type_ is None or type_.name != "TIMESTAMP_NTZ":
        return template(f"date_trunc('{part.lower()}', {{0}})", moment, type_=type_)
    if part in _NANOSECONDS:
        size = _NANOSECONDS[part]
        return template(f"make_timestamp_ns(epoch_ns({{0}}) - (epoch_ns({{0}}) % {size} + {size}) % {size})", moment, type_=type_)
    return template(f"CAST(date_trunc('{part.lower()}', CAST({{0}} AS DATE)) AS TIMESTAMP_NS)", moment, type_=type_)


@function("TIME_SLICE", least=3, most=4)
def time_slice(arguments: Arguments) -> exp.Expr:
    """The start or end of the slice, counted from 1970. https://docs.snowflake.com/en/sql-reference/functions/time_slice"""
    moment, length, part = take(arguments[0], "m"), int(arguments.constant(1)), part_of(arguments, 2)
    end = len(arguments) > 3 and arguments.constant(3).upper() == "END"
    start = _slice_start(moment, length, part)
    return _shifted(part, exp.Literal.number(length), start) if end else start


def _slice_start(moment: exp.Expr, length: int, part: str) -> exp.Expr:
    type_ = type_of(moment)
    if _by_clock(type_) and type_ is not None:
        return cast(_slice_start(wall(moment), length, part), type_)
    if type_ == DATE and part in _NANOSECONDS:
        raise compilation_error(1037, "22023", "TIME_SLICE of a date takes parts from a day upwards.")
    if part in _MONTHS:
        months = length * _MONTHS[part]
        text = (
            f"CAST(CAST('1970-01-01' AS DATE) + to_months(CAST(floor(date_diff('month', CAST('1970-01-01' AS DATE), CAST({{0}} AS DATE)) "
            f"/ {months}) AS INTEGER) * {months}) AS {_kept(type_)})"
        )
        return template(text, moment, type_=type_ or TIMESTAMP_NTZ)
    if part in _DAYS:
        days, origin = length * _DAYS[part], "1969-12-29" if part == "WEEK" else "1970-01-01"
        text = (
            f"CAST(CAST('{origin}' AS DATE) + CAST(floor(date_diff('day', CAST('{origin}' AS DATE), CAST({{0}} AS DATE)) / {days}) "
            f"AS INTEGER) * {days} AS {_kept(type_)})"
        )
        return template(text, moment, type_=type_ or TIMESTAMP_NTZ)
    size = length * _NANOSECONDS[part]
    stamp = cast(moment, TIMESTAMP_NTZ) if type_ != TIMESTAMP_NTZ else moment
    made = template(
        f"make_timestamp_ns(epoch_ns({{0}}) - (epoch_ns({{0}}) % {size} + {size}) % {size})", stamp, type_=TIMESTAMP_NTZ
    )
    return cast(made, type_) if type_ is not None else made


def _kept(type_: SqlType | None) -> str:
    return (type_ or TIMESTAMP_NTZ).duckdb


_EXTRACTS = {
    "DAYOFWEEK": "dayofweek({0})",
    "DAYOFWEEKISO": "isodow({0})",
    "DAYOFYEAR": "dayofyear({0})",
    "WEEKISO": "week({0})",
    "YEAROFWEEK": "isoyear({0})",
    "YEAROFWEEKISO": "isoyear({0})",
    "EPOCH_SECOND": "CAST(floor(epoch({0})) AS BIGINT)",
    "EPOCH_MILLISECOND": "epoch_ms({0})",
    "EPOCH_MICROSECOND": "epoch_us({0})",
    "EPOCH_NANOSECOND": "epoch_ns({0})",
    "NANOSECOND": "epoch_ns({0}) % 1000000000",
    "MICROSECOND": "epoch_us({0}) % 1000000",
    "MILLISECOND": "epoch_ms({0}) % 1000",
    "TIMEZONE_HOUR": "CAST(0 AS BIGINT) * year({0})",
    "TIMEZONE_MINUTE": "CAST(0 AS BIGINT) * year({0})",
}


def extracted(part: str, moment: exp.Expr) -> exp.Expr:
    type_ = type_of(moment)
    if _by_clock(type_) and part.startswith("TIMEZONE"):
        minutes = f"date_diff('minute', CAST({{1}} AS TIMESTAMP), CAST({{0}} AS TIMESTAMP)) {'// 60' if part.endswith('HOUR') else '% 60'}"
        return template(minutes, wall(moment), moment, type_=INTEGER)
    if _by_clock(type_) and not part.startswith("EPOCH"):
        moment = wall(moment)
    if type_ == DATE and part in _NANOSECONDS:
        return template("CASE WHEN {0} IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END", moment, type_=INTEGER)
    return template(_EXTRACTS.get(part, f"{part.lower()}({{0}})"), moment, type_=INTEGER)


@function("DATE_PART", least=2)
def date_part(arguments: Arguments) -> exp.Expr:
    return extracted(part_of(arguments, 0), take(arguments[1], "m"))


def _add_part(name: str, part: str) -> None:
    def build(arguments: Arguments) -> exp.Expr:
        return extracted(part, take(arguments[0], "d"))

    function(name, least=1)(build)


for _name, _part in {
    "YEAR": "YEAR",
    "QUARTER": "QUARTER",
    "MONTH": "MONTH",
    "WEEK": "WEEK",
    "DAY": "DAY",
    "HOUR": "HOUR",
    "MINUTE": "MINUTE",
    "SECOND": "SECOND",
    "DAYOFMONTH": "DAY",
    "DAYOFWEEK": "DAYOFWEEK",
    "DAYOFWEEKISO": "DAYOFWEEKISO",
    "DAYOFYEAR": "DAYOFYEAR",
    "WEEKOFYEAR": "WEEK",
    "WEEKISO": "WEEKISO",
    "YEAROFWEEK": "YEAROFWEEK",
    "YEAROFWEEKISO": "YEAROFWEEKISO",
}.items():
    _add_part(_name, _part)

define("DAYNAME", "d", TEXT, "left(dayname({0}), 3)")
define("MONTHNAME", "d", TEXT, "left(monthname({0}), 3)")
define(
    "DATE_FROM_PARTS DATEFROMPARTS",
    "iii",
    DATE,
    "CAST(make_date(CAST({0} AS BIGINT), 1, 1) + to_months(CAST({1} AS INTEGER) - 1) + to_days(CAST({2} AS INTEGER) - 1) AS DATE)",
)
define("TIME_FROM_PARTS TIMEFROMPARTS", "iiii", TIME, "make_time({0}, {1}, {2})", "make_time({0}, {1}, {2} + {3} / 1e9)")
define(
    "MONTHS_BETWEEN",
    "dd",
    REAL,
    "CASE WHEN day({0}) = day({1}) OR (CAST({0} AS DATE) = last_day({0}) AND CAST({1} AS DATE) = last_day({1})) "
    "THEN date_diff('month', {1}, {0}) ELSE (year({0}) - year({1})) * 12 + month({0}) - month({1}) + (day({0}) - day({1})) / 31.0 END",
)


@function("TIMESTAMP_FROM_PARTS", "TIMESTAMP_NTZ_FROM_PARTS", "TIMESTAMPFROMPARTS", least=2, most=7)
def timestamp_from_parts(arguments: Arguments) -> exp.Expr:
    if len(arguments) == 2:
        return template(
            "CAST(CAST({0} AS DATE) + {1} AS TIMESTAMP_NS)", take(arguments[0], "d"), arguments[1], type_=TIMESTAMP_NTZ
        )
    if len(arguments) < 6:
        raise compilation_error(938, "22023", "not enough arguments for function [TIMESTAMP_FROM_PARTS].")
    parts = [take(node, "i") for node in arguments.nodes]
    nanoseconds = " + {6}" if len(parts) == 7 else ""
    return template(
        "make_timestamp_ns(epoch_ns(CAST(make_timestamp({0}, {1}, {2}, {3}, {4}, CAST({5} AS DOUBLE)) AS TIMESTAMP_NS))"
        + nanoseconds
        + ")",
        *parts,
        type_=TIMESTAMP_NTZ,
    )


@function("LAST_DAY", least=1, most=2)
def last_day(arguments: Arguments) -> exp.Expr:
    moment, part = take(arguments[0], "d"), part_of(arguments, 1) if len(arguments) > 1 else "MONTH"
    if part == "MONTH":
        return template("last_day({0})", moment, type_=DATE)
    day = cast(moment, DATE)
    start = truncated(part, day)
    return template("{0} - 1", _shifted(part, exp.Literal.number(1), start), type_=DATE)


_WEEKDAYS = {"MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6, "SU": 7}


@function("NEXT_DAY", "PREVIOUS_DAY", least=2)
def neighbouring_day(arguments: Arguments) -> exp.Expr:
    """The next (or last) given weekday, never the same day."""
    wanted = _WEEKDAYS.get(arguments.constant(1)[:2].upper())
    if wanted is None:
        raise compilation_error(1038, "22023", f"'{arguments.constant(1)}' is not a day of the week.")
    day = cast(take(arguments[0], "d"), DATE)
    if arguments.name == "NEXT_DAY":
        return template(f"{{0}} + CAST(1 + ({wanted} - isodow({{0}}) + 6) % 7 AS INTEGER)", day, type_=DATE)
    return template(f"{{0}} - CAST(1 + (isodow({{0}}) - {wanted} + 6) % 7 AS INTEGER)", day, type_=DATE)


@function("CONVERT_TIMEZONE", least=2, most=3)
def convert_timezone(arguments: Arguments) -> exp.Expr:
    """Three arguments: a wall clock of one zone as the wall clock of another.

    https://docs.snowflake.com/en/sql-reference/functions/convert_timezone
    """
    if len(arguments) == 2:
        raise unsupported("CONVERT_TIMEZONE with two arguments: the account keeps TIMESTAMP_TZ in UTC; name the source time zone")
    source, target, stamp = take(arguments[0], "t"), take(arguments[1], "t"), cast(take(arguments[2], "d"), TIMESTAMP_NTZ)
    return template(
        "CAST(timezone({1}, timezone({0}, CAST({2} AS TIMESTAMP))) AS TIMESTAMP_NS)", source, target, stamp, type_=TIMESTAMP_NTZ
    )
