"""GitLab's reports: code quality beside the lines of a merge request, and the counts of the plan widget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from reconciler.render.checks.remarks import NO_FILE, Level, Remark

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from reconciler.model.plans import Plan

_SEVERITIES: Final = {Level.ERROR: "blocker", Level.WARNING: "major", Level.NOTICE: "info"}


def code_quality(remarks: Iterable[Remark]) -> str:
    """Return the code quality report; what no file is to blame for is shown at the configuration."""
    return json.dumps([_issue(remark) for remark in remarks], ensure_ascii=False, indent=2) + "\n"


def plan_widget(plan: Plan) -> str:
    """Return the counts that a merge request's widget for plans reads (`reports: terraform`)."""
    counts = plan.summary
    changed = counts.update + counts.restore + counts.rename + counts.reassign
    return json.dumps({"create": counts.create, "update": changed, "delete": counts.archive}) + "\n"


def _issue(remark: Remark) -> dict[str, Any]:
    source = remark.source
    return {
        "description": remark.message,
        "check_name": remark.rule,
        "fingerprint": remark.fingerprint,
        "severity": _SEVERITIES[remark.level],
        "location": {
            "path": source.file if source else NO_FILE,
            "lines": {"begin": source.line if source else 1},
        },
    }
