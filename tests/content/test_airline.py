"""Features of the airline use case in an account of its own: of the figures that everybody can compute again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from snowflake.ml.feature_store import CreationMode, FeatureStore
from snowflake.snowpark import Session

from tests.few_rows import NO_FLIGHTS, NO_TRIALS

from .conftest import Pipeline, copy_content, edit, pipeline_on

AIRPORTS = ("00001", "00002")
# Of the last five minutes of the second airport, cut at three decimals.
MEANS = {
    "RAIN_30_MIN": (5.033, 4.866, 4.800, 4.766, 4.833),
    "RAIN_60_MIN": (5.550, 5.483, 5.450, 5.366, 5.316),
    "RAIN_120_MIN": (5.479, 5.432, 5.459, 5.444, 5.450),
}


@pytest.fixture(scope="module")
def airline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """100 minutes of two airports, in turn."""
    with pipeline_on(tmp_path_factory.mktemp("airline"), *NO_TRIALS, *NO_FLIGHTS) as found:
        np.random.seed(42)
        rows = ", ".join(
            f"('2025-01-01 {position // 2 // 60:02}:{position // 2 % 60:02}:00', '{AIRPORTS[position % 2]}', {value})"
            for position, value in enumerate(np.random.randint(1, 11, 200))
        )
        found.administrate(f"INSERT INTO AIRPORT_WEATHER_STATION VALUES {rows}")
        code, summary = found.run("apply", "features")
        assert code == 0, summary
        yield found


@pytest.mark.parametrize(
    ("version", "features"),
    [("V1", ("RAIN_30_MIN", "RAIN_60_MIN")), ("V2", ("RAIN_30_MIN", "RAIN_60_MIN", "RAIN_120_MIN")), ("V4", ("RAIN_30_MIN",))],
)
def test_means_of_the_last_minutes(airline: Pipeline, version: str, features: tuple[str, ...]) -> None:
    rows = airline.query(
        f"SELECT {', '.join(f'TRUNC({name}, 3)' for name in features)} FROM FEATURE_STORE.AIRPORT_WEATHER${version} "
        f"WHERE AIRPORT_ZIP_CODE = '{AIRPORTS[1]}' ORDER BY DATETIME_UTC DESC LIMIT 5"
    )
    for name, values in zip(features, zip(*reversed(rows), strict=True), strict=True):
        assert [float(value) for value in values] == pytest.approx(MEANS[name])


def test_a_version_that_is_declared_no_longer_is_retired_and_the_others_stay(airline: Pipeline, tmp_path: Path) -> None:
    content = copy_content(tmp_path)
    edit(content / "features" / "airport_weather.py", 'AIRPORT_WEATHER_V4 = weather("V4", 30)\n', "")
    code, summary = airline.run("plan", "features", content=content)
    assert code == 2
    assert re.search(r"^\| retire \| feature view \| AIRPORT_WEATHER/V4 \|", summary, re.MULTILINE), summary
    for version in ("V1", "V2"):
        assert f"| none | feature view | AIRPORT_WEATHER/{version} |" in summary


SPINE = """
    CREATE TEMPORARY TABLE SPINE AS SELECT SEQ4() AS N, IFF(UNIFORM(0, 1, RANDOM(1)) = 0, '00001', '00002') AS AIRPORT_ZIP_CODE,
        DATEADD('second', UNIFORM(-3600, 9600, RANDOM(2)), '2025-01-01'::TIMESTAMP_NTZ) AS AT
    FROM TABLE(GENERATOR(ROWCOUNT => 10000))
"""
# What the join has to find, said in another way: the latest minute of the airport that is not after the spine's time.
LATEST = """
    SELECT N, MAX(DATETIME_UTC) AS KNOWN FROM SPINE S LEFT JOIN SOURCE.AIRPORT_WEATHER_STATION W
    ON W.AIRPORT_ZIP_CODE = S.AIRPORT_ZIP_CODE AND W.DATETIME_UTC <= S.AT GROUP BY N
"""


def test_of_ten_thousand_times_none_sees_a_later_value_and_each_the_latest(airline: Pipeline) -> None:
    with airline.connect() as connection, Session.builder.configs({"connection": connection}).create() as session:
        session.sql(SPINE).collect()
        store = FeatureStore(session, "MLOPS_DEV", "FEATURE_STORE", "MLOPS_DEV_WH", creation_mode=CreationMode.FAIL_IF_NOT_EXIST)
        weather = store.get_feature_view("AIRPORT_WEATHER", "V1")
        joined = store.retrieve_feature_values(
            session.table("SPINE"), [weather], spine_timestamp_col="AT", include_feature_view_timestamp_col=True
        )
        (seen,) = (name for name in joined.columns if name.endswith('DATETIME_UTC"') or name.endswith("DATETIME_UTC"))
        joined.with_column_renamed(seen, "SEEN").write.save_as_table("JOINED", table_type="temporary")
        ((rows, late, other, none),) = session.sql(
            "SELECT COUNT(*), COUNT_IF(SEEN > AT), COUNT_IF(SEEN IS DISTINCT FROM KNOWN), COUNT_IF(SEEN IS NULL) "
            f"FROM JOINED JOIN ({LATEST}) USING (N)"
        ).collect()
    assert (rows, late, other) == (10_000, 0, 0)
    assert 1000 < none < 5000
