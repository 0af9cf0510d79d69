"""``EXECUTE TASK`` and ``EXECUTE IMMEDIATE``.

https://docs.snowflake.com/en/sql-reference/sql/execute-task, https://docs.snowflake.com/en/sql-reference/sql/execute-immediate
"""

from __future__ import annotations

from typing import Any

from mlops_local.account.errors import AccountError, does_not_exist, unsupported
from mlops_local.account.files.locations import locate
from mlops_local.account.scheduling import task_runs, tasks
from mlops_local.account.scripting import scripting
from mlops_local.account.scripting.script_values import constant, fill_marks, value_of
from mlops_local.account.session.result import SUCCEEDED, Result, status
from mlops_local.account.session.session import Request, Session
from mlops_local.account.sql.context import Context, Relation
from mlops_local.account.sql.extensions import system_function, table_function
from mlops_local.account.sql.relations import relation
from mlops_local.account.statements import alert, schema_object, task, task_show
from mlops_local.account.statements.commands import described
from mlops_local.account.statements.files import location_text
from mlops_local.account.statements.task_options import check_config
from mlops_local.account.syntax.lexer import split_statements
from mlops_local.account.syntax.reader import Reader, parse_name


def execute(session: Session, reader: Reader, request: Request) -> Result:
    reader.next()
    if reader.accept("IMMEDIATE"):
        return described(session, request, lambda: _execute_immediate(session, reader))
    if reader.accept("DCM", "PROJECT"):
        raise unsupported("EXECUTE DCM PROJECT")
    if reader.accept("ALERT"):
        return described(session, request, lambda: alert.execute(session, reader))
    reader.expect("TASK")
    return described(session, request, lambda: _execute_task(session, reader))


def _execute_immediate(session: Session, reader: Reader) -> Result:
    """The statement or block in a text, in a session variable, or the statements of a staged file."""
    if reader.accept("FROM"):
        return _execute_file(session, reader)
    text = _text(session, reader.until("USING"))
    values = []
    if reader.accept("USING"):
        inside = Reader(reader.parenthesised())
        while not inside.at_end:
            values.append(constant(value_of(session, inside.until(","))))
            inside.accept(",")
    reader.end()
    return scripting.run_text(session, fill_marks(text, values))


def _text(session: Session, expression: str) -> str:
    return str(value_of(session, expression).value)


def _execute_file(session: Session, reader: Reader) -> Result:
    """One statement after the other; the answer is the last one's."""
    location = location_text(reader)
    if reader.accept("USING"):
        raise unsupported("EXECUTE IMMEDIATE FROM .. USING: templates are not rendered")
    reader.end()
    with session.transaction():
        place = locate(session, location)
    file = next((file for file in place.files() if file.relative == place.prefix), None)
    if file is None:
        raise does_not_exist("File", location)
    result = status(SUCCEEDED)
    for statement in split_statements(file.path.read_text(encoding="utf-8")):
        result = scripting.run_text(session, statement)
    return result


def _execute_task(session: Session, reader: Reader) -> Result:
    """Enters a run of a root task for the scheduler, whether the task is started or not."""
    path = reader.path()
    retry = reader.accept("RETRY", "LAST")
    config = _read_config(reader)
    if reader.accept("AWAIT"):
        raise unsupported("EXECUTE TASK .. AWAIT")
    reader.end()
    with session.ddl():
        entry = schema_object.find(session, task.WORDS, path, if_exists=False)
        assert entry is not None
        session.access.demand("OPERATE", entry)
        found = tasks.Task(entry)
        if found.predecessors or found.finalizes:
            raise AccountError(91093, "0A000", f"EXECUTE TASK runs root tasks only; {entry.full_name} has a predecessor.")
        tasks.require_privilege(session, found)
        if retry:
            task_runs.add_retry(session, found, task_runs.run_to_retry(session, entry), task_runs.BY_COMMAND)
        else:
            task_runs.add_run(session, found, session.account.clock.now(), task_runs.BY_COMMAND, config=config)
    return status(f"Task {entry.name} is scheduled to run immediately.")


def _read_config(reader: Reader) -> str | None:
    if not reader.accept("USING", "CONFIG"):
        return None
    reader.expect("=")
    config = reader.string()
    check_config(config)
    return config


@system_function("SYSTEM$TASK_DEPENDENTS_ENABLE")
def enable_dependents(session: Session, arguments: list[Any]) -> None:
    """Resumes a task and all tasks behind it.

    https://docs.snowflake.com/en/sql-reference/functions/system_task_dependents_enable
    """
    session.connection.writing()
    entry = session.get(task.WORDS, parse_name(str(arguments[0]) if arguments else ""))
    session.access.demand("OPERATE", entry)
    graph = tasks.graph_of(session, entry.database, entry.schema)
    for found in graph.members(entry.name):
        task.resume(session, found.entry)


@table_function("TASK_DEPENDENTS")
def task_dependents(context: Context, positional: list[Any], named: dict[str, Any]) -> Relation:
    """https://docs.snowflake.com/en/sql-reference/functions/task_dependents"""
    if positional or set(named) - {"TASK_NAME", "RECURSIVE"} or "TASK_NAME" not in named:
        raise unsupported("TASK_DEPENDENTS with other arguments than TASK_NAME and RECURSIVE")
    session = context.session
    entry = session.get(task.WORDS, parse_name(named["TASK_NAME"]))
    graph = tasks.graph_of(session, entry.database, entry.schema)
    behind = graph.members(entry.name) if named.get("RECURSIVE", True) else [graph[entry.name], *graph.children(entry.name)]
    columns = [type(column)(column.name.upper(), column.type) for column in task_show.COLUMNS]
    return relation(context, columns, [task_show.row(found, graph) for found in behind])
