"""The plan as its file: the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.packages import canonical_json

if TYPE_CHECKING:
    from reconciler.model.plans import Plan


def plan_json(plan: Plan) -> str:
    """Return the plan file's text: canonical JSON and a newline."""
    return canonical_json(plan.as_document()) + "\n"
