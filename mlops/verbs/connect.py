from __future__ import annotations

from mlops.errors import AccountError
from mlops.facts import Facts, read_facts
from mlops.report.result import Case, Report, Section
from mlops.session import named_connections, open_session
from mlops.settings import read_settings
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    settings = read_settings(request.environ, named_connections)
    tables = request.definitions.source_tables(request.selected)
    with open_session(settings) as session:
        facts = read_facts(session, settings, tables)
    cases = (Case("connect", "Log in"), *(Case("connect", sentence, 0.0, sentence) for sentence in facts.missing))
    code = AccountError.exit_code if facts.missing else 0
    return Report("Connection", (_section(facts),), cases, failures=facts.missing, exit_code=code)


def _section(facts: Facts) -> Section:
    names = ("account", "user", "role", "warehouse", "database", "schema", "version")
    rows = tuple((name, str(getattr(facts, name))) for name in names)
    return Section("Connected as", ("what", "value"), rows)
