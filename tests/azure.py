"""What Azure Pipelines tells every job, but for the run and the repository, which the tests tell."""

from __future__ import annotations

AZURE = {
    "BUILD_SOURCEVERSION": "4" * 40,
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_REQUESTEDFOR": "Ada Lovelace",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/fabrikam/",
    "SYSTEM_TEAMPROJECT": "Trials",
}
