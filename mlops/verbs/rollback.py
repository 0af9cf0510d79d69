"""Makes the default version the one it was before, or the one that is named. Once more, it is undone."""

from __future__ import annotations

from mlops.apply.versions import card_of, read_versions, set_default, version_before
from mlops.report.result import Report
from mlops.verbs.moving import moved, open_target
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    with open_target(request) as target:
        versions = read_versions(target, request.model.name)
        version = versions.require(request.version or version_before(target, versions))
        if version != versions.default:
            set_default(target, versions, version, action="rollback", reason=request.reason)
        card = card_of(target, versions.model, version)
    return moved("Rollback", versions, version, card, warnings=target.warnings)
