"""The procedure MONITOR_MODEL."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from mlops.inside.content import open_content
from mlops.inside.place import find_place
from mlops.names import literal
from mlops.outputs import MONITORING, TRAINING_RUNS


def monitor_model(session: Session, monitor_name: str) -> dict[str, Any]:
    """Writes all measures, as one statement: a monitor that was killed has written none."""
    place = find_place(session)
    with open_content() as definitions:
        monitor = definitions.monitor(monitor_name)
    runs = place.table(TRAINING_RUNS.name)
    version = f"(SELECT MAX_BY(MODEL_VERSION, FINISHED_AT) FROM {runs.sql} WHERE MODEL_NAME = {literal(monitor.model)})"
    rows = " UNION ALL ".join(
        f"SELECT SYSDATE(), {literal(monitor.model)}, {version}, {literal(name)}, ({query})"
        for name, query in monitor.measures.items()
    )
    place.run(f"INSERT INTO {place.table(MONITORING.name).sql} {rows}")
    return {"monitor": monitor.name, "measures": len(monitor.measures)}
