"""One run of the history."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from reconciler.render.json.values import instant, line

if TYPE_CHECKING:
    from reconciler.model.changesets import Run


def run_json(run: Run) -> str:
    """Return the run on one line."""
    return line(
        {
            "id": run.id,
            "plan_hash": run.plan_hash,
            "at": instant(run.at),
            "actor": run.actor,
            "on_behalf_of": run.on_behalf_of,
            "environment": run.environment,
            "commit": run.commit,
            "allowed": list(run.allowed),
            "changes": [dict(change) for change in run.changes],
            "before": {key: asdict(state) for key, state in run.before.items()},
            "after": {key: asdict(state) for key, state in run.after.items()},
            "renamed": dict(run.renamed),
            "moved": run.moved,
        }
    )
