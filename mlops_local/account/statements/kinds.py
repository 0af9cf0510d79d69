"""All kinds of object that the account knows."""

from __future__ import annotations

from mlops_local.account.statements import (
    database,
    dynamic_table,
    function,
    grant,
    model,
    parameter,
    procedure,
    role,
    schema,
    table,
    tag,
    task,
    user,
    view,
    warehouse,
)
from mlops_local.account.statements.kind import Kind

KINDS: tuple[Kind, ...] = (
    database.KIND,
    dynamic_table.KIND,
    function.KIND,
    grant.KIND,
    model.KIND,
    parameter.KIND,
    procedure.KIND,
    role.KIND,
    schema.KIND,
    table.KIND,
    tag.KIND,
    task.KIND,
    user.KIND,
    view.KIND,
    warehouse.KIND,
)
