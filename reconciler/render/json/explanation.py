"""One client beside the current plan, as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.render.json.client import client_document
from reconciler.render.json.values import instant, line

if TYPE_CHECKING:
    from reconciler.model.changesets import Run
    from reconciler.planning.prospects import Explanation, Prospect


def explanation_json(explanation: Explanation) -> str:
    """Return the explanation on one line."""
    return line(
        {
            "client": client_document(explanation.client),
            "minted_by": None if explanation.minted_by is None else _run(explanation.minted_by),
            "plan": {
                "moves": explanation.stays is None,
                "stays": explanation.stays,
                "changes": [change.model_dump(mode="json", by_alias=True) for change in explanation.changes],
                "blocked": [guard.model_dump(mode="json") for guard in explanation.guards],
            },
            "on_reassignment": _prospect(explanation.prospect),
        }
    )


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "at": instant(run.at),
        "actor": run.actor,
        "on_behalf_of": run.on_behalf_of,
        "commit": run.commit,
    }


def _prospect(prospect: Prospect) -> dict[str, Any]:
    return {
        "fields": [field.model_dump(mode="json", by_alias=True) for field in prospect.fields],
        "used": prospect.used,
        "over": list(prospect.over),
        "expires_at": None if prospect.expires_at is None else instant(prospect.expires_at),
        "is_expired": prospect.is_expired,
    }
