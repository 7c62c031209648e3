"""`clients list --touched`: all clients whom a saved plan speaks of, as things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.engine.plan import PlanRequest, prepare
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.planning.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.plans import Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace


def touched_by(
    workspace: Workspace, environment: Environment, reader: PlatformReader, reviewed: Plan, at: datetime
) -> frozenset[str]:
    """Return the ids of all who keep, lose or gain anything by the plan, or move, as things are."""
    request = PlanRequest(at, aim=reviewed.aim, only=Selection.of(reviewed))
    made = prepare(workspace, environment, reader, request)
    consequences = (item.consequences for item in made.case.changes)
    questions = dict.fromkeys(each for found in consequences for each in found.everybody)
    ids = {id_ for question in questions for id_ in reader.matching(question, at)}
    if any(change.is_return for change in made.plan.changes):
        ids |= set(_going_back(reader, reviewed))
    return frozenset(ids)


def _going_back(reader: PlatformReader, plan: Plan) -> Iterator[str]:
    """Yield whom the event that is taken back was about."""
    for event in reader.events():
        match plan.aim:
            case EventUndone(id_) if id_ in {event.id, event.part_of} and event.client:
                yield event.client
            case RunUndone(run) if (event.kind, event.run) == ("restore", run) and event.client:
                yield event.client
            case _:
                continue
