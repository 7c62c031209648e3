"""One client beside the plan that the files would make now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.engine.plan import PlanRequest, prepare
from reconciler.model.packages import RevisionRef, Rollout
from reconciler.model.questions import OneOf
from reconciler.planning.client_diff import Explanation, minting, prospect, reason_to_stay

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.engine.plan import Prepared
    from reconciler.live.port import PlatformReader
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition
    from reconciler.model.settings import Environment
    from reconciler.planning.drafts import Draft
    from reconciler.planning.rollouts import Step
    from reconciler.sources.workspace import Workspace

_RUNS_LOOKED_AT: Final = 1000


def explain_client(
    workspace: Workspace, environment: Environment, reader: PlatformReader, client_id: str, at: datetime
) -> Explanation:
    """Explain what the client has and what the current plan would change for it.

    Raises WrongUsageError where there is no such client.
    """
    client = reader.client(client_id, at)
    prepared = prepare(workspace, environment, reader, PlanRequest(at))
    held = _Held.found(client, workspace, reader, prepared)
    snapshot = reader.snapshot(client.id)
    outcome = prospect(client, snapshot, held.target, at)
    stays = None if held.moves(reader, at) else reason_to_stay(client, outcome, held.rollout, held.target)
    subscription = client.subscription
    runs = reader.runs(limit=_RUNS_LOOKED_AT)
    return Explanation(
        client=client,
        snapshot=snapshot,
        minted_by=minting(runs, subscription.package, subscription.revision),
        stays=stays,
        prospect=outcome,
        changes=tuple(change for change in prepared.plan.changes if change.key == held.key),
        guards=tuple(
            guard
            for guard in prepared.plan.guards
            if guard.result == "blocked" and guard.key in {held.key, "*"}
        ),
        waits_until=next((step.day for step in prepared.plan.waiting if step.key == held.key), None),
    )


class _Held(Struct, frozen=True):
    """The package that the client holds, as the plan would leave it.

    Attributes:
        key: The package's key after the plan.
        step: The holders whom the plan moves.
    """

    client: Client
    key: str
    target: Definition
    rollout: Rollout
    step: Step | None

    @classmethod
    def found(cls, client: Client, workspace: Workspace, reader: PlatformReader, prepared: Prepared) -> _Held:
        live_key = client.subscription.package
        draft = _draft_of(live_key, prepared)
        key = draft.key if draft else live_key
        desired = workspace.packages.get(key)
        step = prepared.weighed.steps.get((key, None))
        target = draft.after if draft else _current(client, reader)
        return cls(client, key, target, desired.rollout if desired else Rollout(), step)

    def moves(self, reader: PlatformReader, at: datetime) -> bool:
        """Ask the platform whether the client is among those who move."""
        if self.step is None or self.client.subscription.revision not in self.step.candidate.sources:
            return False
        conditions = (*self.step.conditions, OneOf((self.client.id,)))
        question = replace(self.step.candidate.eligible, conditions=conditions)
        (answer,) = reader.answers([question], at, sample=0)
        return answer.count > 0


def _draft_of(live_key: str, prepared: Prepared) -> Draft | None:
    drafts = prepared.weighed.drafts.values()
    return next((draft for draft in drafts if draft.pair.head and draft.pair.live_key == live_key), None)


def _current(client: Client, reader: PlatformReader) -> Definition:
    held = client.subscription
    ref = RevisionRef(held.package, held.current_revision)
    return reader.definitions([ref])[ref]
