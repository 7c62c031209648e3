"""Events as JSON, one line each: for logs and for notices. No e-mails, no client ids."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.secrets import without_secrets
from reconciler.render.sanitise import sanitise
from reconciler.watch.events import Outcome

if TYPE_CHECKING:
    from reconciler.model.plans import Plan
    from reconciler.watch.events import Event

_LEVELS: Final = {
    Outcome.INVALID: "error",
    Outcome.FAILED: "error",
    Outcome.BLOCKED: "warning",
    Outcome.DRIFTED: "warning",
    Outcome.REWOUND: "warning",
    Outcome.RACED: "info",
    Outcome.APPLIED: "info",
    Outcome.IN_STEP: "info",
    Outcome.RECOVERED: "info",
    Outcome.SUSPENDED: "info",
    Outcome.RESUMED: "info",
    Outcome.IDLE: "debug",
}
_FINDINGS_SHOWN: Final = 20


def log_line(event: Event, environment: str) -> str:
    """Return the event as one line of JSON; what was said before is of level debug."""
    level = _LEVELS[event.outcome] if event.is_news else "debug"
    return sanitise(json.dumps({"level": level, **document(event, environment)}, ensure_ascii=False)) + "\n"


def document(event: Event, environment: str) -> dict[str, Any]:
    """Return what there is to say about the event; absent where there is nothing."""
    stated: dict[str, Any] = {
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "event": event.outcome.value,
        "environment": environment,
        "commit": event.commit,
        "message": without_secrets(event.message),
        "plan": _plan(event.plan) if event.plan is not None else None,
        "run": event.run.id if event.run is not None else None,
        "findings": [
            {"file": each.file, "line": each.position.line, "rule": each.rule, "message": each.message}
            for each in event.findings[:_FINDINGS_SHOWN]
        ],
    }
    return {name: value for name, value in stated.items() if value not in (None, "", [])}


def _plan(plan: Plan) -> dict[str, Any]:
    guards = [{"id": each.id, "key": each.key} for each in plan.guards if each.result == "blocked"]
    return {
        "hash": plan.hash,
        "summary": plan.summary.model_dump(),
        "blocked": plan.blocked,
        "guards": guards,
    }
