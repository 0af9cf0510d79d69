"""schemachange as its documentation shows it. https://github.com/Snowflake-Labs/schemachange"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlops_local.pytest_plugin import SnowflakeAccount

from .conftest import Run

SCRIPTS = {
    "V1.0.0__tables.sql": "create schema clients.app; create table clients.app.t (a int);",
    "V1.1.0__rows.sql": "insert into clients.app.t values ({{ number }}); insert into clients.app.t select 2;",
    "R__view.sql": "create or replace view clients.app.v as select sum(a) as s from clients.app.t;",
}
DEPLOY = ("deploy", "-f", ".", "-C", "local", "--create-change-history-table", "-c", "CLIENTS.CHANGES.HISTORY")


def rows(account: SnowflakeAccount, text: str) -> list[tuple[Any, ...]]:
    with account.connect(role="ACCOUNTADMIN") as connection:
        return list(connection.cursor().execute(text).fetchall())


def test_scripts_are_deployed_once(run: Run, tmp_path: Path, home: Path, snowflake_account: SnowflakeAccount) -> None:
    deploy = (*DEPLOY, "--connections-file-path", str(home / "connections.toml"), "--vars", '{"number": 40}')
    for name, text in SCRIPTS.items():
        (tmp_path / name).write_text(text)
    run("schemachange", *deploy)
    (tmp_path / "R__view.sql").write_text("create or replace view clients.app.v as select count(*) as n from clients.app.t;")
    run("schemachange", *deploy)
    history = rows(snowflake_account, "select script, status from clients.changes.history order by installed_on")
    assert history == [(name, "Success") for name in (*SCRIPTS, "R__view.sql")]
    assert rows(snowflake_account, "select n from clients.app.v") == [(2,)]
