"""Who comes to hold something else one by one, counted in memory that does not grow with them.

They go back to what they held before a hand changed it, or move to another package.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct, field

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.model.clients import subscription_status
from reconciler.model.english import instant
from reconciler.model.grants import with_grants
from reconciler.model.plans import (
    Action,
    Change,
    ClientsMoved,
    EventUndone,
    Impact,
    ImpactFinding,
    Reach,
    Reassignment,
    RunUndone,
)
from reconciler.model.quantities import allowance
from reconciler.model.terms import EXPIRY, Code, Kind, Term, worst
from reconciler.model.transfers import MOST_NAMED, Felt, Returning, Transfer
from reconciler.planning.fields import differences, masked
from reconciler.planning.guards import Assessed
from reconciler.planning.impact import Consequences
from reconciler.planning.pairing import Pair

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from pydantic import JsonValue

    from reconciler.model.clients import Client
    from reconciler.model.events import Author, Event
    from reconciler.model.expiry import Expiry
    from reconciler.model.grants import Grant
    from reconciler.model.packages import Definition, DesiredPackage, PackageHead
    from reconciler.model.plans import Aim, FieldChange, TermAfter
    from reconciler.model.transfers import TransferAim
    from reconciler.planning.facts import Facts

_ENDED: Final = (Code.SUBSCRIPTION_ENDED, "/subscriptions")
_Which: TypeAlias = "tuple[Code, str]"
_Group: TypeAlias = "tuple[str, int, str, int, TermAfter]"
_Sides: TypeAlias = "tuple[JsonValue, JsonValue]"


EDIT: Final = "edit"
UNDOABLE: Final = frozenset({"assign", "import", "grant", "revoke", "extend", EDIT})
"""Kinds of events that can be taken back."""
_INSTEAD: Final = {
    "add": "A client is not taken back: `clients forget` erases it.",
    "run": "`rollback run:NUMBER` takes back a run.",
    "restore": "It is part of a run: `rollback run:NUMBER` takes that back.",
    "move": "It is part of a run: `rollback run:NUMBER` takes that back.",
}


def require_undoable(id_: str, event: Event | None) -> Event:
    """Return the event; raises `WrongUsageError` where none is there that can be taken back (rule 16)."""
    if event is None:
        hint = "`events list` and `history --client` name them."
        raise WrongUsageError(f"there is no event {id_}", hint=hint)
    if event.kind not in UNDOABLE:
        hint = _INSTEAD.get(event.kind, "Assignments, imports, grants, extensions and edits by hand can be.")
        raise WrongUsageError(f"event {id_} ({event.kind}) cannot be taken back", hint=hint)
    return event


def require_reason(of: TransferAim, by: Author) -> None:
    """Raise `BlockedError` where clients are moved between packages without a reason (rule 16)."""
    if isinstance(of, ClientsMoved) and not by.reason:
        raise BlockedError(
            "a move between packages is stated in no file, and needs a reason",
            hint="Say why with --reason.",
        )


class Return(Struct, frozen=True):
    """One client who comes to hold something else.

    Attributes:
        client: As it is before.
        to_package: The key that the package has now.
        expires_at: When its subscription ends afterwards.
        grants: What it has beside that afterwards.
    """

    client: Client
    snapshot: Definition
    to_package: str
    to_revision: int
    target: Definition
    expires_at: datetime | None
    grants: tuple[Grant, ...] = ()
    term: TermAfter = "former"

    @property
    def sides(self) -> tuple[Definition, Definition]:
        """What it may use before and afterwards, while its subscription is active."""
        return with_grants(self.snapshot, self.client.grants), with_grants(self.target, self.grants)


class _Tally(Struct):
    counts: Counter[str] = field(default_factory=Counter)
    felt: Counter[tuple[_Which, str]] = field(default_factory=Counter)
    named: dict[_Which, list[str]] = field(default_factory=dict)
    sides: dict[_Which, _Sides] = field(default_factory=dict)


class Returns:
    """The clients who come to hold something else, at one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._tallies: dict[_Group, _Tally] = {}
        self._differing: dict[tuple[str, str], tuple[FieldChange, ...]] = {}

    def note(self, each: Return) -> bool:
        """Count one more client; return whether it loses anything."""
        held = each.client.subscription
        group = held.package, held.revision, each.to_package, each.to_revision, each.term
        tally = self._tallies.setdefault(group, _Tally())
        ending = {*each.client.grants} - {*each.grants} if each.term != "same" else ()
        tally.counts["clients"] += 1
        tally.counts["grants_ending"] += bool(ending)
        is_on = subscription_status(each.client.status, each.expires_at, self._at) == "active"
        if held.status != "active":
            tally.counts.update({"resumed": is_on, "gaining": is_on})
            return False
        return self._felt(each, tally, is_on=is_on)

    def told(self) -> tuple[Returning, ...]:
        """Return what is known so far, by package and revision."""
        return tuple(_returning(group, tally) for group, tally in sorted(self._tallies.items()))

    def _felt(self, each: Return, tally: _Tally, *, is_on: bool) -> bool:
        fields = (field for field in self._fields(each) if is_on or _is_loss(field.code))
        found = {(field.code, field.path): (field.before, field.after) for field in fields}
        found |= _ending(each, is_on=is_on)
        used = {which: _used(each, *which) for which in found}
        tally.sides = found | tally.sides if each.client.grants else tally.sides | found
        for which in found:
            self._count(tally, which, used[which], each)
        losses = [which for which in found if _is_loss(which[0])]
        tally.counts.update(
            {
                "losing": bool(losses),
                "losing_in_use": any("over" in used[which] for which in losses),
                "gaining": len(losses) < len(found),
                "ended": not is_on,
            }
        )
        return bool(losses)

    def _count(self, tally: _Tally, which: _Which, used: Collection[str], each: Return) -> None:
        for name in ("lose", *used):
            tally.felt[which, name] += 1
        named = tally.named.setdefault(which, [])
        if len(named) < MOST_NAMED:
            named.append(each.client.id)

    def _fields(self, each: Return) -> tuple[FieldChange, ...]:
        """Return what a client feels, whenever it began; what all do without grants is worked out once."""
        if each.client.grants or each.grants:
            return _felt_between(*each.sides)
        pair = each.snapshot.digest, each.target.digest
        if pair not in self._differing:
            self._differing[pair] = _felt_between(each.snapshot, each.target)
        return self._differing[pair]


def _is_loss(code: Code) -> bool:
    return code.row.severity.is_loss


def _felt_between(before: Definition, after: Definition) -> tuple[FieldChange, ...]:
    rows = ((each, each.code.row) for each in differences(before, after, email=masked))
    return tuple(each for each, row in rows if row.reaches_holders and row.kind is not Kind.EXPIRY)


def _ending(each: Return, *, is_on: bool) -> dict[_Which, _Sides]:
    """Return what becomes of the end of its subscription."""
    before, after = each.client.subscription.expires_at, each.expires_at
    if not is_on:
        return {_ENDED: (None, None)}
    if before == after:
        return {}
    is_earlier = after is not None and (before is None or after < before)
    which = (Code.EXPIRY_SHORTENED if is_earlier else Code.EXPIRY_EXTENDED), EXPIRY.path
    terms = each.snapshot.expiry, each.target.expiry
    if terms[0] != terms[1]:
        return {which: (_stated(terms[0]), _stated(terms[1]))}
    return {which: (_when(before), _when(after))}


def _stated(expiry: Expiry | None) -> str | None:
    return None if expiry is None else str(expiry)


def _when(end: datetime | None) -> str | None:
    return None if end is None else instant(end)


def _used(each: Return, code: Code, path: str) -> tuple[str, ...]:
    """Return whether the client used it, and whether it uses more than is left."""
    client = each.client
    if (code, path) == _ENDED:
        return ("use", "over") if client.usage else ()
    if not code.row.counted & {"use", "over"}:
        return ()
    term = Term.at(path)
    left = 0 if term.section == "features" else allowance(each.sides[1].amounts.get(term.key))
    amount = client.used(term.key)
    more = left is not None and amount > left
    return (*(("use",) if amount else ()), *(("over",) if more else ()))


def _returning(group: _Group, tally: _Tally) -> Returning:
    felt = tuple(_told(tally))
    counts: dict[str, Any] = {**tally.counts, "term": group[-1], "felt": felt}
    return Returning(*group[:4], **counts)


def _told(tally: _Tally) -> Iterator[Felt]:
    for (code, path), names in sorted(tally.named.items()):
        counts = {name: tally.felt[(code, path), name] for name in ("lose", "use", "over")}
        before, after = tally.sides[code, path]
        yield Felt(code.value, path, **counts, before=(before,), after=after, sample=tuple(names))


def assessed(
    returns: Iterable[Returning],
    heads: Mapping[str, PackageHead],
    files: Mapping[str, DesiredPackage],
    facts: Facts,
) -> Iterator[Assessed]:
    """Yield what guards judge: that nobody stated these losses in a file, they are not asked to."""
    for each in returns:
        pair = Pair(files.get(each.package), heads[each.package])
        yield Assessed(_change(each, heads[each.package], facts), pair, Consequences(each.package, facts.at))


def transfer_of(aim: Aim, changes: Iterable[Change]) -> Transfer | None:
    """Return what the platform is asked to take back; None where nobody goes back with the plan."""
    back = [each.impact for each in changes if each.is_transfer]
    if not back or not isinstance(aim, RunUndone | EventUndone | ClientsMoved):
        return None
    losing = sum(each.clients_losing or 0 for each in back)
    return Transfer(aim, losing, sum(each.subscriptions_ended or 0 for each in back))


def _change(each: Returning, head: PackageHead, facts: Facts) -> Change:
    findings = tuple(_findings(each))
    return Change(
        action=Action.REASSIGN,
        key=each.package,
        title=head.title,
        severity=worst(finding.code.row.severity for finding in findings if finding.lose),
        reach=Reach.ON_REASSIGN,
        impact=Impact(
            holders=facts.holders(each.package),
            suspended=facts.suspended.get(each.package, 0),
            affected=each.losing,
            grants_ending=each.grants_ending,
            findings=findings,
            clients_losing=each.losing,
            clients_losing_in_use=each.losing_in_use,
            clients_gaining=each.gaining,
            subscriptions_ended=each.ended,
        ),
        reassignment=Reassignment(
            clients=each.clients,
            to_package=each.to_package,
            to_revision=each.to_revision,
            term=each.term,
            from_revisions={str(each.revision): each.clients},
            resumed=each.resumed,
        ),
    )


def _findings(each: Returning) -> Iterator[ImpactFinding]:
    for felt in each.felt:
        code, term = Code(felt.code), Term.at(felt.path)
        counts = {"lose": felt.lose, "use": felt.use, "over": felt.over}
        counts |= {"lose_use": felt.use, "lose_over": felt.over}
        told = counts if _is_loss(code) else {"gain": felt.lose}
        yield ImpactFinding.model_validate(
            {
                "code": code,
                "subject": term.key,
                "from": felt.before,
                "to": felt.after,
                "sample": felt.sample,
                **told,
            }
        )
