"""What the real connector and Snowpark see: the answers that a plain engine underneath gets wrong without an error.

Each test is one of them; most clients act on the type, the name or the NULL.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection
from snowflake.snowpark import Session as Snowpark
from snowflake.snowpark import functions as sf
from snowflake.snowpark.types import DateType, DecimalType, DoubleType, LongType, StringType, TimestampType, VariantType

from tests.account.conftest import Ask


@pytest.fixture(scope="module")
def snowpark(client: SnowflakeConnection) -> Snowpark:
    return Snowpark.builder.configs({"connection": client}).create()


def columns(client: SnowflakeConnection, text: str) -> list[tuple[str, int, int | None, int | None]]:
    """Name, the connector's type number, precision and scale of each column."""
    return [(c.name, c.type_code, c.precision, c.scale) for c in client.cursor().describe(text)]


FIXED, REAL, TEXT, LTZ, NTZ = 0, 1, 2, 6, 8
UTC = timezone.utc  # noqa: UP017 - Python 3.10


def test_an_empty_timestamp_is_none(ask: Ask) -> None:
    assert ask("SELECT NULL::TIMESTAMP_NTZ, NULL::TIMESTAMP_LTZ, NULL::DATE") == [(None, None, None)]
    ask("CREATE OR REPLACE TABLE N (K INT, TS TIMESTAMP_NTZ)")
    ask("INSERT INTO N VALUES (1, NULL), (2, '2026-01-01')")
    assert ask("SELECT TS FROM N ORDER BY K") == [(None,), (datetime(2026, 1, 1),)]


def test_an_alias_that_differs_by_case_only_is_kept(client: SnowflakeConnection, ask: Ask) -> None:
    ask('CREATE OR REPLACE TABLE TT AS SELECT 1 AS "owner"')
    assert [name for name, *_ in columns(client, 'SELECT "owner" AS "OWNER" FROM TT')] == ["OWNER"]
    ask('SELECT "owner" AS "OWNER" FROM TT')


def test_names_that_differ_by_case_are_different(client: SnowflakeConnection, ask: Ask) -> None:
    ask('CREATE OR REPLACE TABLE CI ("id" INT, ID INT)')
    ask("INSERT INTO CI VALUES (1, 2)")
    cursor = client.cursor().execute('SELECT ID AS "k", ID, "id" FROM CI')
    assert cursor is not None
    assert [c.name for c in cursor.description] == ["k", "ID", "id"]
    assert cursor.fetchall() == [(2, 2, 1)]
    with pytest.raises(ProgrammingError) as refusal:
        ask('SELECT "Id" FROM CI')
    assert refusal.value.errno == 904


def test_a_table_that_exists_is_2002_also_for_a_query(ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE E AS SELECT 1 AS A")
    with pytest.raises(ProgrammingError) as refusal:
        ask("CREATE TABLE E AS SELECT 1 AS A")
    assert (refusal.value.errno, refusal.value.sqlstate) == (2002, "42710")


def test_a_variable_is_not_put_into_names_and_texts(ask: Ask) -> None:
    ask("SET V1 = 5")
    ask('CREATE OR REPLACE TABLE "FV$V1" AS SELECT 1 AS A')
    assert ask("SELECT A, $V1, '$V1' FROM FV$V1") == [(1, 5, "$V1")]


def test_sums_of_exact_numbers_are_exact(client: SnowflakeConnection, ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE X (A INT, B NUMBER(10,2))")
    ask("INSERT INTO X VALUES (9007199254740993, 0.1), (2, 0.2)")
    assert ask("SELECT SUM(A), SUM(B), COUNT(*), AVG(A) FROM X WHERE A > 0") == [
        (9007199254740995, Decimal("0.30"), 2, Decimal("4503599627370497.500000"))
    ]
    described = [
        (code, scale) for _, code, _, scale in columns(client, "SELECT SUM(A), SUM(B), COUNT(*), 1 / 3 FROM X GROUP BY A")
    ]
    assert described == [(FIXED, 0), (FIXED, 2), (FIXED, 0), (FIXED, 6)]


def test_division_keeps_decimals(ask: Ask) -> None:
    assert ask("SELECT 1/3, 10/4") == [(Decimal("0.333333"), Decimal("2.500000"))]


def test_the_present_is_a_local_timestamp(client: SnowflakeConnection) -> None:
    assert [code for _, code, *_ in columns(client, "SELECT CURRENT_TIMESTAMP(), SYSDATE(), NULL::TIMESTAMP_LTZ")] == [
        LTZ,
        NTZ,
        LTZ,
    ]


def test_nanoseconds_arrive(client: SnowflakeConnection) -> None:
    cursor = client.cursor().execute("SELECT '2026-01-01 00:00:00.123456789'::TIMESTAMP_NTZ AS T")
    assert cursor is not None
    assert cursor.fetch_pandas_all()["T"][0] == pd.Timestamp("2026-01-01 00:00:00.123456789")


def test_items_are_named_by_their_text(client: SnowflakeConnection) -> None:
    names = [name for name, *_ in columns(client, "select current_role(), count(*), 1 + 1, cast(1 as bigint), max(2) as m")]
    assert names == ["CURRENT_ROLE()", "COUNT(*)", "1 + 1", "CAST(1 AS BIGINT)", "M"]


def test_setting_a_comment_answers_a_sentence(ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE CM (A INT)")
    assert ask("ALTER TABLE CM SET COMMENT = 'it''s'") == [("Statement executed successfully.",)]


def test_keys_are_accepted_and_not_enforced(ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE PK (A VARCHAR, V VARIANT NOT NULL, PRIMARY KEY (A)) COMMENT = 'x'")
    for _ in range(2):
        ask("INSERT INTO PK (A, V) SELECT 'a', PARSE_JSON($${\"$proptype$\": 1}$$)")
    assert ask("SELECT COUNT(*) FROM PK") == [(2,)]


def test_dates_keep_their_type(client: SnowflakeConnection) -> None:
    assert [
        code
        for _, code, *_ in columns(client, "SELECT DATE_TRUNC('MONTH', '2026-02-03'::DATE), DATEADD(DAY, 1, '2026-01-01'::DATE)")
    ] == [3, 3]


def test_overwriting_a_table_from_itself_keeps_the_rows(ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE O AS SELECT 1 AS A UNION ALL SELECT 2")
    assert ask("INSERT OVERWRITE INTO O SELECT * FROM O WHERE A = 1") == [(1,)]
    assert ask("SELECT A FROM O") == [(1,)]


def test_binary_is_bytes_and_objects_are_json(ask: Ask) -> None:
    assert ask("SELECT TO_BINARY('AB')") == [(b"\xab",)]
    assert ask("SELECT {'a': 1}:a::INT, TYPEOF(PARSE_JSON('{\"a\": []}'):a), ARRAY_CONSTRUCT(1, 2)[1]::INT") == [(1, "ARRAY", 2)]


def test_the_same_seed_gives_the_same_numbers(ask: Ask) -> None:
    text = "SELECT RANDOM(7) FROM TABLE(GENERATOR(ROWCOUNT => 5))"
    assert ask(text) == ask(text)
    assert len(set(ask(text))) == 5
    assert ask(text.replace("7", "8")) != ask(text)


def test_bound_values_keep_their_types(ask: Ask) -> None:
    answered = ask("SELECT %s::FLOAT, %s, %s, %s", (1.5, "it's", date(2026, 1, 1), None))
    assert answered == [(1.5, "it's", "2026-01-01", None)]


def test_counts_of_changed_rows(client: SnowflakeConnection, ask: Ask) -> None:
    ask("CREATE OR REPLACE TABLE RC (A INT)")
    cursor = client.cursor()
    cursor.execute("INSERT INTO RC VALUES (1), (2), (3)")
    assert cursor.rowcount == 3
    cursor.execute("UPDATE RC SET A = 0 WHERE A > 1")
    assert (cursor.rowcount, [c.name for c in cursor.description]) == (
        2,
        ["number of rows updated", "number of multi-joined rows updated"],
    )
    cursor.execute("DELETE FROM RC")
    assert cursor.rowcount == 3


def test_result_scan_of_show_inside_a_query(client: SnowflakeConnection) -> None:
    cursor = client.cursor()
    cursor.execute("SHOW SCHEMAS LIKE 'S'")
    shown = cursor.sfqid
    cursor.execute(f'SELECT "name" AS "NAME" FROM (SELECT * FROM TABLE(RESULT_SCAN(\'{shown}\'))) WHERE ("name" = \'S\')')
    assert cursor.fetchall() == [("S",)]


def test_the_feature_stores_probe(ask: Ask) -> None:
    probe = (
        'WITH spine AS (SELECT "ID","TS" FROM (SELECT $1 AS "ID", $2 AS "TS" FROM VALUES (1 :: INT, 100 :: INT))), '
        'feature AS (SELECT "ID","TS" FROM (SELECT $1 AS "ID", $2 AS "TS" FROM VALUES (1 :: INT, 100 :: INT))) '
        "SELECT * FROM spine ASOF JOIN feature MATCH_CONDITION ( spine.ts >= feature.ts ) ON spine.id = feature.id;"
    )
    assert len(ask(probe)) == 1


# Snowpark


def test_data_frames_know_their_types(snowpark: Snowpark) -> None:
    text = (
        "SELECT 1 AS A, 1.50 AS B, 'x' AS C, 1::FLOAT AS D, NULL::TIMESTAMP_NTZ AS E, CURRENT_DATE() AS F, PARSE_JSON('1') AS G"
    )
    found = [field.datatype for field in snowpark.sql(text).schema.fields]
    expected = [LongType(), DecimalType(3, 2), StringType(), DoubleType(), TimestampType(), DateType(), VariantType()]
    assert [type(one) for one in found] == [type(one) for one in expected]
    assert found[1] == DecimalType(3, 2)


def test_data_frames_of_rows(snowpark: Snowpark) -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    frame = snowpark.create_dataframe([[1, "a", 2.5, None, moment], [2, None, 3.5, True, None]], schema=["A", "B", "C", "D", "E"])
    first, second = frame.sort("A").collect()
    assert (1, "a", 2.5, None, moment) == (first.A, first.B, first.C, first.D, first.E)
    assert (second.B, second.D, second.E) == (None, True, None)


def test_many_rows_go_through_bound_arrays(snowpark: Snowpark) -> None:
    frame = snowpark.create_dataframe([[i, str(i)] for i in range(1000)], schema=["A", "B"])
    assert frame.filter(sf.col("A") >= 500).count() == 500


def test_grouping_joining_and_windows(snowpark: Snowpark) -> None:
    frame = snowpark.create_dataframe([["a", 1], ["a", 2], ["b", 3]], schema=["G", "N"])
    summed = frame.group_by("G").agg(sf.sum("N").alias("S"), sf.count("*").alias("C")).sort("G").collect()
    assert [tuple(row) for row in summed] == [("a", 3, 2), ("b", 3, 1)]
    other = snowpark.create_dataframe([["a", "x"]], schema=["G", "L"])
    joined = frame.join(other, "G", "left").select("G", "N", "L").sort("N").collect()
    assert [tuple(row) for row in joined] == [("a", 1, "x"), ("a", 2, "x"), ("b", 3, None)]


def test_saving_a_frame_over_the_table_that_it_reads(snowpark: Snowpark) -> None:
    snowpark.create_dataframe([[1], [2]], schema=["A"]).write.save_as_table("SAVED", mode="overwrite")
    snowpark.table("SAVED").filter(sf.col("A") > 1).write.save_as_table("SAVED", mode="truncate")
    assert [row.A for row in snowpark.table("SAVED").collect()] == [2]
    snowpark.table("SAVED").with_column("B", sf.col("A") * 2).write.save_as_table("SAVED", mode="overwrite")
    assert [tuple(row) for row in snowpark.table("SAVED").collect()] == [(2, 4)]


def test_a_split_by_seed_is_a_partition(snowpark: Snowpark) -> None:
    snowpark.range(200).write.save_as_table("SPLIT_ME", mode="overwrite")
    counts = [[part.count() for part in snowpark.table("SPLIT_ME").random_split([0.8, 0.2], seed=3)] for _ in range(2)]
    assert counts[0] == counts[1]
    assert sum(counts[0]) == 200
    assert 130 < counts[0][0] < 190


def test_merging_a_frame(snowpark: Snowpark) -> None:
    snowpark.create_dataframe([[1, "a"], [2, "b"]], schema=["K", "V"]).write.save_as_table("MERGED", mode="overwrite")
    target = snowpark.table("MERGED")
    source = snowpark.create_dataframe([[1, "x"], [9, "y"]], schema=["K", "V"])
    result = target.merge(
        source,
        target["K"] == source["K"],
        [sf.when_matched().update({"V": source["V"]}), sf.when_not_matched().insert({"K": source["K"], "V": source["V"]})],
    )
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (1, 1, 0)
    assert [tuple(row) for row in snowpark.table("MERGED").sort("K").collect()] == [(1, "x"), (2, "b"), (9, "y")]


def test_pandas_and_back(snowpark: Snowpark) -> None:
    frame = pd.DataFrame({"K": [1, 2], "V": [1.5, None], "S": ["a", None], "TS": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    snowpark.write_pandas(frame, "PANDAS", auto_create_table=True, overwrite=True)
    back: Any = snowpark.table("PANDAS").sort("K").to_pandas()
    assert back["K"].tolist() == [1, 2]
    assert back["V"].isna().tolist() == [False, True]
    assert back["TS"].tolist() == frame["TS"].tolist()
