"""What clients come to hold one by one: foreseen, and carried out with an event per client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.live.embedded.assignments import holding_changed
from reconciler.live.embedded.crossing import Stay
from reconciler.live.embedded.moving_between import Between
from reconciler.live.embedded.preconditions import stale
from reconciler.live.embedded.undoing import Past
from reconciler.model.english import counted
from reconciler.model.events import MOVE, RESTORE
from reconciler.model.plans import ClientsMoved
from reconciler.model.transfers import Transfers
from reconciler.planning.transfers import EDIT, Returns, require_reason
from reconciler.store import clients, events, grants, usage
from reconciler.store.usage import StoredUsage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.embedded.crossing import Crossing
    from reconciler.model.events import Author
    from reconciler.model.transfers import Returning, Transfer, TransferAim
    from reconciler.store.events import Deed


def foreseen(connection: Connection, of: TransferAim, at: datetime) -> Transfers:
    """Return what it would do; raises `WrongUsageError` or `BlockedError` where it cannot be done."""
    source = _source(connection, of)
    event = source.event if isinstance(source, Past) else None
    if isinstance(source, Past) and event is not None and event.kind == EDIT:
        return Transfers(event, package=source.key_now(event.package or ""))
    returns, stay = Returns(at), Stay()
    for page in source.pages(connection, at, stay):
        for each in page:
            returns.note(each.seen)
    return Transfers(event, returns.told(), None, stay.changed, stay.added, stay.barred)


def carry_out(connection: Connection, transfer: Transfer, by: Author, at: datetime) -> tuple[Returning, ...]:
    """Do it, with an event per client; raises `StaleError` where more than may be lose something."""
    require_reason(transfer.of, by)
    returns, kind = Returns(at), MOVE if isinstance(transfer.of, ClientsMoved) else RESTORE
    for page in _source(connection, transfer.of).pages(connection, at, Stay()):
        lost = [returns.note(each.seen) for each in page]
        _write(connection, page)
        deeds = [_deed(kind, each, lost=is_loss) for each, is_loss in zip(page, lost, strict=True)]
        events.record(connection, deeds, by, at)
    told = returns.told()
    _require_planned(transfer, told)
    return told


def _source(connection: Connection, of: TransferAim) -> Past | Between:
    return Between.found(connection, of) if isinstance(of, ClientsMoved) else Past.found(connection, of)


def _deed(kind: str, each: Crossing, *, lost: bool) -> Deed:
    if each.beside is not None:
        return replace(each.beside, kind=kind, lost=lost)
    return holding_changed(kind, each.now, each.then, lost=lost)


def _write(connection: Connection, page: Sequence[Crossing]) -> None:
    """Have each hold what it holds then; a grant until the next reassignment has ended."""
    clients.rewrite_subscriptions(connection, [each.then for each in page])
    usage.replace(connection, [StoredUsage(each.now.id, each.then.package_id, each.used) for each in page])
    movers = [each for each in page if each.beside is None]
    grants.end_with_reassignment(connection, [each.now.id for each in movers if each.now.is_granted])
    grants.add(connection, [each.given for each in page if each.given])
    for each in page:
        grants.spend(connection, each.now.id, each.spent or {})
        if each.gone is not None:
            grants.remove(connection, each.now.id, each.gone)


def _require_planned(transfer: Transfer, told: Sequence[Returning]) -> None:
    losing, ended = sum(each.losing for each in told), sum(each.ended for each in told)
    if losing > transfer.losing or ended > transfer.ended:
        planned = f"{counted(transfer.losing, 'client')} and {counted(transfer.ended, 'subscription')}"
        raise stale([f"at most {planned} were to lose something or to end, not {losing:,} and {ended:,}"])
