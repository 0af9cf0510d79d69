"""Makes a version the default one, when it passes its gates and stands up to the one that is."""

from __future__ import annotations

from mlops.apply.versions import judge_version, read_versions, set_default
from mlops.errors import GateError
from mlops.gates import failures
from mlops.report.result import Case, Report
from mlops.verbs.moving import moved, open_target, verdict_section
from mlops.verbs.request import Request


def run(request: Request) -> Report:
    with open_target(request) as target:
        model = request.model
        versions = read_versions(target, model.name)
        version = versions.require(request.version or "")
        if version == versions.default:
            return moved("Promote", versions, version)
        verdicts = judge_version(target, model, versions, version)
        failed = failures(verdicts)
        if not failed:
            set_default(target, versions, version, action="promote", reason=request.reason)
    section = verdict_section(model.name, version, verdicts)
    if failed:
        case = Case("promote", f"{model.name} {version}", 0.0, " ".join(failed))
        return Report("Promote", (section,), (case,), failures=failed, exit_code=GateError.exit_code)
    return moved("Promote", versions, version, section)
