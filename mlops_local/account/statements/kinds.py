"""All kinds of object that the account knows."""

from __future__ import annotations

from mlops_local.account.statements import (
    absent,
    database,
    dataset,
    dynamic_table,
    file_format,
    function,
    grant,
    model,
    parameter,
    procedure,
    role,
    schema,
    stage,
    stream,
    table,
    tag,
    task,
    user,
    version,
    view,
    warehouse,
)
from mlops_local.account.statements.kind import Kind

KINDS: tuple[Kind, ...] = (
    *absent.KINDS,
    database.KIND,
    dataset.KIND,
    dynamic_table.KIND,
    file_format.KIND,
    function.KIND,
    function.USER_KIND,
    grant.KIND,
    model.KIND,
    parameter.KIND,
    procedure.KIND,
    role.KIND,
    schema.KIND,
    stage.KIND,
    stream.KIND,
    table.KIND,
    tag.KIND,
    task.KIND,
    user.KIND,
    version.KIND,
    view.KIND,
    warehouse.KIND,
)
