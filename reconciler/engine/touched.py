"""`clients list --touched`: all clients whom a saved plan speaks of, as things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.engine.plan import PlanRequest, prepare
from reconciler.model.events import BY_RUNS
from reconciler.model.plans import ClientsMoved, EventUndone, RunUndone
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
    if any(change.is_transfer for change in made.plan.changes):
        ids |= set(_moving_between(reader, reviewed, at))
    return frozenset(ids)


def _moving_between(reader: PlatformReader, plan: Plan, at: datetime) -> Iterator[str]:
    """Yield who is moved between packages, or whom what is taken back was about."""
    if isinstance(plan.aim, ClientsMoved):
        yield from plan.aim.clients or (each.id for each in reader.clients(at, package=plan.aim.package))
        return
    for event in reader.events():
        match plan.aim:
            case EventUndone(id_) if id_ in {event.id, event.part_of} and event.client:
                yield event.client
            case RunUndone(run) if event.kind in BY_RUNS and event.run == run and event.client:
                yield event.client
            case _:
                continue
