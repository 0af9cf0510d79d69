"""The name under which a service connection with workload identity federation signs in.

https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
"""

from __future__ import annotations

from urllib.parse import urlsplit


def subject_of(collection: str, project: str, connection: str) -> str:
    """`sc://ORGANISATION/PROJECT/CONNECTION`; of https://dev.azure.com/ORGANISATION/ the last part is the organisation."""
    parts = urlsplit(collection)
    organisation = parts.path.strip("/").rpartition("/")[2] or parts.hostname or "local"
    return f"sc://{organisation}/{project}/{connection}"
