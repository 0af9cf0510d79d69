"""Tells which privileges the roles of an account have used and which they have not: ``python -m mlops_local grants --data DIR``.

The account must not be served at the same time. With ``--unused`` it says only what could be revoked, as REVOKE statements.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from mlops_local.account.access.grant_report import Granted, granted_privileges
from mlops_local.account.syntax.names import quote_if_needed
from mlops_local.serve import ServeError, open_account


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    try:
        if not (options.data / "data.duckdb").exists():
            raise ServeError(f"{options.data} holds no account.")
        with open_account(options.data) as account:
            found = granted_privileges(account, roles=tuple(options.role), since=options.since)
    except ServeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in (_revokes(found) if options.unused else _report(found)))
    return 0


def _report(found: Sequence[Granted]) -> Iterator[str]:
    for role, granted in groupby(sorted(found, key=_order), key=lambda one: one.role):
        listed = list(granted)
        used = [(one, one.use) for one in listed if one.use is not None]
        yield f"{role} has used {len(used)} of {len(listed)} granted privileges"
        for one, use in used:
            times = "once" if use.count == 1 else f"{use.count} times"
            yield f"  used   {one.privilege} ON {one.on}, {times}, last {use.last:%Y-%m-%d %H:%M}"
        for one in listed:
            if one.use is None:
                yield f"  never  {one.privilege} ON {one.on}"


def _order(one: Granted) -> tuple[str, str, str]:
    return one.role, one.on, one.privilege


def _revokes(found: Sequence[Granted]) -> Iterator[str]:
    for one in sorted(found, key=_order):
        if one.use is None:
            yield f"REVOKE {one.privilege} ON {one.on} FROM ROLE {quote_if_needed(one.role)};"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlops_local grants", description="Say which granted privileges were used, and which never."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of an account that is not being served")
    parser.add_argument("--role", type=str.upper, action="append", default=[], help="only this role; may be given several times")
    parser.add_argument("--since", type=_moment, metavar="MOMENT", help="ISO date or time; uses before it do not count")
    parser.add_argument("--unused", action="store_true", help="print the REVOKE statements of what was never used")
    return parser
