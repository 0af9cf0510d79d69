"""How much it rained at an airport, up to a minute. Versions stand side by side: a training set names the one it takes."""

from mlops.definitions import Check, Entity, FeatureView

AIRPORT_ZIP_CODE = Entity(
    name="AIRPORT_ZIP_CODE", join_keys=("AIRPORT_ZIP_CODE",), description="An airport, known by the zip code of where it is."
)


def weather(version: str, *minutes: int) -> FeatureView:
    """Mean rain of the last minutes, for each of these numbers: by the clock, so that a station that was silent shifts nothing."""
    means = ",\n            ".join(
        "AVG(RAIN_MM_H) OVER (PARTITION BY AIRPORT_ZIP_CODE ORDER BY DATETIME_UTC "
        f"RANGE BETWEEN INTERVAL '{number - 1} MINUTES' PRECEDING AND CURRENT ROW) AS RAIN_{number}_MIN"
        for number in minutes
    )
    return FeatureView(
        name="AIRPORT_WEATHER",
        version=version,
        entities=("AIRPORT_ZIP_CODE",),
        timestamp="DATETIME_UTC",
        reads=("SOURCE.AIRPORT_WEATHER_STATION",),
        query=f"""
        SELECT
            AIRPORT_ZIP_CODE,
            DATETIME_UTC,
            {means}
        FROM SOURCE.AIRPORT_WEATHER_STATION
        """,
        features={f"RAIN_{number}_MIN": f"Mean rain of the last {number} minutes, in millimetres an hour." for number in minutes},
        description=f"Rain at an airport: means of the last {', '.join(map(str, minutes))} minutes.",
        checks=(
            Check(
                query="SELECT COUNT(*) FROM SOURCE.AIRPORT_WEATHER_STATION WHERE RAIN_MM_H IS NULL",
                sentence="{count} minutes of weather have no rain written down: the means are of the others.",
            ),
        ),
    )


AIRPORT_WEATHER_V1 = weather("V1", 30, 60)
AIRPORT_WEATHER_V2 = weather("V2", 30, 60, 120)
AIRPORT_WEATHER_V4 = weather("V4", 30)

if __name__ == "__main__":
    from mlops.cli import run_file

    raise SystemExit(run_file(__file__))
