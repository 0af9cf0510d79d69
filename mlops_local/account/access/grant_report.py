"""Which privileges each role has used, and which it was granted and has never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlops_local.account.access.uses import ON_ACCOUNT, Use, on_future, read_uses
from mlops_local.account.catalogue.catalogue import Catalogue
from mlops_local.account.catalogue.grants import FUTURE, Grant

if TYPE_CHECKING:
    from mlops_local.account.account import Account


@dataclass(frozen=True)
class Granted:
    """One privilege that a role was granted; ``use`` is None when it has not used it."""

    role: str
    privilege: str
    on: str
    use: Use | None


def granted_privileges(account: Account, *, roles: tuple[str, ...] = (), since: datetime | None = None) -> list[Granted]:
    """Of these roles, or of all but those that the system defines; a use before ``since`` is none."""
    account.history.flush()
    with account.system_session() as session:
        uses = read_uses(session.connection)
        grants = session.catalogue.grants.where(grantee_kind="ROLE")
        wanted = [grant for grant in grants if (grant.grantee in roles if roles else grant.granted_by is not None)]
        return list(_listed(session.catalogue, wanted, uses, since))


def _listed(
    catalogue: Catalogue, grants: list[Grant], uses: dict[tuple[str, str, int], Use], since: datetime | None
) -> Iterator[Granted]:
    for grant in grants:
        if grant.object_kind == "ROLE" or grant.future_in is not None:
            continue
        use = uses.get((grant.grantee, _privilege(grant), grant.object or ON_ACCOUNT))
        recent = use if use is not None and (since is None or use.last >= since) else None
        yield Granted(grant.grantee, grant.privilege, _object(catalogue, grant), recent)


def _privilege(grant: Grant) -> str:
    future = grant.object_kind.startswith(FUTURE)
    return on_future(grant.privilege, grant.object_kind.removeprefix(FUTURE)) if future else grant.privilege


def _object(catalogue: Catalogue, grant: Grant) -> str:
    """As GRANT spells it."""
    if grant.object is None:
        return grant.object_kind
    entry = catalogue.by_id(grant.object)
    name = entry.full_name if entry is not None else grant.object_name
    if grant.object_kind.startswith(FUTURE):
        return f"{grant.object_kind}S IN {entry.kind if entry is not None else ''} {name}"
    return f"{grant.object_kind} {name}"
