"""All kinds of object that the account knows."""

from __future__ import annotations

from mlops_local.account.statements import database, grant, parameter, role, schema, table, user, warehouse
from mlops_local.account.statements.kind import Kind

KINDS: tuple[Kind, ...] = (
    database.KIND,
    grant.KIND,
    parameter.KIND,
    role.KIND,
    schema.KIND,
    table.KIND,
    user.KIND,
    warehouse.KIND,
)
