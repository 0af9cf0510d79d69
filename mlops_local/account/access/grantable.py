"""Which privileges there are on which kind of object.

https://docs.snowflake.com/en/user-guide/security-access-control-privileges
"""

from __future__ import annotations

from mlops_local.account.errors import syntax_error

# Kinds that the account does not have are in the list too: a script of grants is written once for every account.
_CREATED_IN_SCHEMA = (
    "ALERT", "ARTIFACT REPOSITORY", "CORTEX SEARCH SERVICE", "DATASET", "DYNAMIC TABLE", "EVENT TABLE", "EXPERIMENT",
    "EXTERNAL TABLE", "FILE FORMAT", "FUNCTION", "GIT REPOSITORY", "HYBRID TABLE", "ICEBERG TABLE", "IMAGE REPOSITORY",
    "MASKING POLICY", "MATERIALIZED VIEW", "MODEL", "MODEL MONITOR", "NETWORK RULE", "NOTEBOOK", "ONLINE FEATURE TABLE", "PIPE",
    "PROCEDURE", "ROW ACCESS POLICY", "SECRET", "SEMANTIC VIEW", "SEQUENCE", "SERVICE", "SNAPSHOT", "STAGE", "STREAM",
    "STREAMLIT", "TABLE", "TAG", "TASK", "TEMPORARY TABLE", "VIEW",
)  # fmt: skip
_CREATED_IN_ACCOUNT = ("COMPUTE POOL", "DATABASE", "INTEGRATION", "NETWORK POLICY", "ROLE", "SHARE", "USER", "WAREHOUSE")
_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "EVOLVE SCHEMA", "APPLYBUDGET")

GRANTABLE: dict[str, tuple[str, ...]] = {
    "ACCOUNT": (
        *(f"CREATE {kind}" for kind in _CREATED_IN_ACCOUNT), "APPLY TAG", "APPLY MASKING POLICY", "APPLY ROW ACCESS POLICY",
        "BIND SERVICE ENDPOINT", "EXECUTE ALERT", "EXECUTE MANAGED TASK", "EXECUTE TASK", "IMPORT SHARE", "MANAGE GRANTS",
        "MANAGE WAREHOUSES", "MONITOR", "MONITOR EXECUTION", "MONITOR USAGE",
    ),
    "WAREHOUSE": ("USAGE", "OPERATE", "MONITOR", "MODIFY", "APPLYBUDGET"),
    "INTEGRATION": ("USAGE", "USE_ANY_ROLE"),
    "USER": ("MONITOR", "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"),
    "ROLE": (),
    "DATABASE": ("USAGE", "MONITOR", "MODIFY", "CREATE SCHEMA", "CREATE DATABASE ROLE", "APPLYBUDGET"),
    "SCHEMA": (
        "USAGE", "MONITOR", "MODIFY", "ADD SEARCH OPTIMIZATION", "APPLYBUDGET", *(f"CREATE {kind}" for kind in _CREATED_IN_SCHEMA),
    ),
    "TABLE": _ROWS,
    "EVENT TABLE": _ROWS,
    "ONLINE FEATURE TABLE": ("SELECT", "MONITOR", "OPERATE"),
    "VIEW": ("SELECT", "REFERENCES"),
    "DYNAMIC TABLE": ("SELECT", "MONITOR", "OPERATE"),
    "STAGE": ("USAGE", "READ", "WRITE"),
    "FILE FORMAT": ("USAGE",),
    "FUNCTION": ("USAGE",),
    "PROCEDURE": ("USAGE",),
    "TASK": ("MONITOR", "OPERATE", "APPLYBUDGET"),
    "STREAM": ("SELECT",),
    "MODEL": ("USAGE", "READ"),
    "DATASET": ("USAGE",),
    "TAG": ("APPLY", "READ"),
    "SEQUENCE": ("USAGE",),
    "ALERT": ("MONITOR", "OPERATE"),
}  # fmt: skip


def granted(privileges: list[str], kind: str) -> list[str]:
    """The privileges that a list of them means on an object of that kind: ALL is every one but OWNERSHIP."""
    known = GRANTABLE[kind]
    if privileges in (["ALL"], ["ALL PRIVILEGES"]):
        return list(known)
    for privilege in privileges:
        if privilege != "OWNERSHIP" and privilege not in known:
            raise syntax_error(f"unexpected '{privilege}': it is no privilege on a {kind.lower()}.")
    return privileges
