"""One client beside a plan: what another revision of its package gives and takes, why it moves or stays.

Whatever is said of one client here is said of all its like in the plan: the same differences, the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.clients import subscription_status
from reconciler.model.emails import normal_email
from reconciler.model.english import instant
from reconciler.model.expiry import end_of
from reconciler.model.grants import kept_on_assignment, kept_on_reassignment, with_grants
from reconciler.model.packages import Definition
from reconciler.model.plans import FieldChange
from reconciler.model.prospects import Prospect
from reconciler.model.quantities import allowance
from reconciler.model.terms import EXPIRY, Code, Kind, Term
from reconciler.planning.fields import differences, masked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date, datetime

    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client, Entitlements
    from reconciler.model.packages import Rollout
    from reconciler.model.plans import Change, GuardResult
    from reconciler.model.prospects import Adjusted

Stay: TypeAlias = Literal["nothing-changes", "not-active", "kept", "excluded", "not-allowed", "waits"]


class Explanation(Struct, frozen=True):
    """One client, where what it has comes from, and what the current plan has in store for it.

    Attributes:
        snapshot: What its package gives it, without grants.
        minted_by: The run that made the revision that the client holds; None where no run on record did.
        stays: Why this plan does not move it; None where it does.
        prospect: What a move brings: with this plan, or at a later reassignment once the plan is applied.
        changes: What the plan does to its package.
        guards: What blocks that.
        waits_until: The day of the next step, before which nobody moves; None where no step waits.
    """

    client: Client
    snapshot: Definition
    minted_by: Run | None
    stays: Stay | None
    prospect: Prospect
    changes: tuple[Change, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    waits_until: date | None = None


def prospect(
    client: Client, snapshot: Definition, target: Definition, at: datetime, start: datetime | None = None
) -> Prospect:
    """Work out what the client gains and loses if its snapshot becomes `target` at an instant.

    The expiry counts from `start`, and what ends with an assignment has ended; None: from the same start as
    before (rule 10), and what ends with a reassignment has.
    """
    held = client.subscription
    kept = kept_on_reassignment(client.grants) if start is None else kept_on_assignment(client.grants)
    target = with_grants(target, kept)
    found = differences(with_grants(snapshot, client.grants), target, email=masked)
    extended_to = held.extended_to if start is None else None
    expires_at = end_of(target.expiry, start or held.assigned_at, extended_to)
    rest = (each for each in found if each.code.row.kind is not Kind.EXPIRY and each.code.row.reaches_holders)
    stated = next((each for each in found if each.code.row.kind is Kind.EXPIRY), None)
    fields = tuple(sorted((*rest, *_end(held.expires_at, expires_at, stated)), key=lambda each: each.path))
    used = {key: amount for field in fields if (amount := client.usage.get(key := field.term.key))}
    is_expired = subscription_status("active", expires_at, at) == "expired"
    over = tuple(field.path for field in fields if _is_over(client, field, target))
    return Prospect(fields, used, over, expires_at, is_expired)


def prospect_anew(
    client: Client, snapshot: Definition, target: Definition, at: datetime, restarted: Collection[str]
) -> Prospect:
    """Work out the same where the client is assigned `target` by hand: start and cycle begin at that instant.

    Nobody is over a cap of what goes back to 0 by it, which `restarted` names.
    """
    found = prospect(client, snapshot, target, at, at)
    return replace(found, over=tuple(path for path in found.over if Term.at(path).key not in restarted))


def adjustment_prospect(adjusted: Adjusted, at: datetime) -> Prospect:
    """Work out what a client may use more or less of by an adjustment."""
    before, after = adjusted.before, adjusted.after
    found = differences(_entitling(before.entitlements), _entitling(after.entitlements))
    used = {key: amount for field in found if (amount := before.usage.get(key := field.term.key))}
    over = tuple(each.path for each in found if _is_over(after, each, _entitling(after.entitlements)))
    ends = after.subscription.expires_at
    return Prospect(found, used, over, ends, subscription_status("active", ends, at) == "expired")


def _entitling(entitlements: Entitlements) -> Definition:
    return Definition("", entitlements.caps, features=entitlements.features, limits=entitlements.limits)


def reason_to_stay(client: Client, prospect: Prospect, rollout: Rollout, target: Definition) -> Stay:
    """Say why a plan that does not move the client leaves it where it is; the first reason that holds."""
    if client.subscription.status != "active":
        return "not-active"
    if not prospect.fields:
        return "nothing-changes"
    if rollout.existing_clients == "keep":
        return "kept"
    if client.id in rollout.exclude:
        return "excluded"
    emails = target.allowed_emails
    if emails is not None and normal_email(client.owner_email) not in emails:
        return "not-allowed"
    return "waits"


def minting(runs: tuple[Run, ...], key: str, revision: int) -> Run | None:
    """Return the run that made this revision of the package that has `key` now; `runs` newest first."""
    for run in runs:
        after = run.after.get(key)
        earlier_key = run.renamed.get(key, key)
        before = run.before.get(earlier_key)
        if after and after.revision == revision and (before is None or before.revision != revision):
            return run
        key = earlier_key
    return None


def _end(
    before: datetime | None, after: datetime | None, stated: FieldChange | None
) -> Iterator[FieldChange]:
    """Yield what differs where the client's own end comes earlier or later, whatever is stated (rule 15)."""
    if before == after:
        return
    is_earlier = after is not None and (before is None or after < before)
    code = Code.EXPIRY_SHORTENED if is_earlier else Code.EXPIRY_EXTENDED
    sides = (stated.before, stated.after) if stated else (_when(before), _when(after))
    yield FieldChange(
        path=EXPIRY.path, before=sides[0], after=sides[1], code=code, severity=code.row.severity
    )


def _when(end: datetime | None) -> str | None:
    return None if end is None else instant(end)


def _is_over(client: Client, field: FieldChange, target: Definition) -> bool:
    if "over" not in field.code.row.counted:
        return False
    cap = allowance(target.amounts.get(field.term.key))
    return cap is not None and client.used(field.term.key) > cap
