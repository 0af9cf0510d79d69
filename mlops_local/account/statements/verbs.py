"""The table of verbs: the first word of a statement and the function that answers it."""

from __future__ import annotations

from mlops_local.account.statements import commands, comment, dml, execute, grant, procedure, query

VERBS: dict[str, commands.Verb] = {
    "(": query.run,
    "BEGIN": commands.begin,
    "CALL": procedure.call,
    "COMMENT": comment.comment,
    "COMMIT": commands.commit,
    "DELETE": dml.delete,
    "EXECUTE": execute.execute,
    "GRANT": grant.grant,
    "INSERT": dml.insert,
    "MERGE": dml.merge,
    "REVOKE": grant.revoke,
    "ROLLBACK": commands.rollback,
    "SELECT": query.run,
    "SET": commands.set_variable,
    "START": commands.begin,
    "TRUNCATE": dml.truncate,
    "UNSET": commands.unset_variable,
    "UPDATE": dml.update,
    "USE": commands.use,
    "WITH": procedure.with_or_query,
}
