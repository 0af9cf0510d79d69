"""The table of verbs: the first word of a statement and the function that answers it."""

from __future__ import annotations

from mlops_local.account.statements import commands, comment, copy, dml, execute, files, grant, insert, procedure, query, script

VERBS: dict[str, commands.Verb] = {
    "(": query.run,
    "BEGIN": script.begin,
    "CALL": procedure.call,
    "COMMENT": comment.comment,
    "COMMIT": commands.commit,
    "COPY": copy.copy,
    "DECLARE": script.run,
    "DELETE": dml.delete,
    "EXECUTE": execute.execute,
    "GET": files.get,
    "GRANT": grant.grant,
    "INSERT": insert.insert,
    "LIST": files.list_files,
    "LS": files.list_files,
    "MERGE": dml.merge,
    "PUT": files.put,
    "REMOVE": files.remove,
    "REVOKE": grant.revoke,
    "RM": files.remove,
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
