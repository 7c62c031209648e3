"""Counts as they are answered: each by a route of its own, and all that a plan needs by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import StaleError
from reconciler.live.port import state_of
from reconciler.wire.changesets import TransfersReply
from reconciler.wire.questions import (
    AcknowledgedReply,
    AllOutdatedReply,
    AnswersReply,
    GrantedReply,
    GrantedTermReply,
    HeldReply,
    HoldersReply,
    HoldingsReply,
    LostReply,
    NthReply,
    OutdatedReply,
    PackageGrantsReply,
    SuspendedReply,
    WaitingReply,
)
from reconciler.wire.together import (
    AnswersAsked,
    Asked,
    ClientsAsked,
    HoldersAsked,
    LossesAsked,
    NthAsked,
    TogetherReply,
    TransfersAsked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.wire.fields import Reply
    from reconciler.wire.questions import HoldingsBody
    from reconciler.wire.together import TogetherBody


def together(platform: PlatformReader, body: TogetherBody) -> TogetherReply:
    """Answer all that is asked; raises `StaleError` where the platform is not in the state that is named."""
    if state_of(platform) != body.state:
        raise StaleError("Packages, settings or runs changed since they were read.", hint="Read them again.")
    return TogetherReply(items=tuple(_reply(platform, each) for each in body.asked))


def _reply(platform: PlatformReader, asked: Asked) -> Reply:
    match asked:
        case HoldersAsked():
            return _OF_HOLDERS[asked.kind](platform, asked)
        case ClientsAsked():
            return _OF_CLIENTS[asked.kind](platform, asked.at)
        case LossesAsked():
            return LostReply(lost=platform.lost_since(asked.since))
        case AnswersAsked():
            return AnswersReply(items=platform.answers(asked.questions, asked.at, sample=asked.sample))
        case NthAsked():
            return NthReply(id=platform.nth_matching(asked.question, asked.n, asked.at))
        case TransfersAsked():
            return TransfersReply(transfers=platform.foresee_transfers(asked.of, asked.at))


def holdings(platform: PlatformReader, body: HoldingsBody) -> HoldingsReply:
    """Return the active holders of packages, per revision."""
    held = platform.holdings(set(body.keys), body.at)
    items = (
        HeldReply(key=key, revision=revision, clients=clients)
        for key, revisions in sorted(held.items())
        for revision, clients in sorted(revisions.items())
    )
    return HoldingsReply(items=tuple(items))


def suspended(platform: PlatformReader, body: HoldingsBody) -> SuspendedReply:
    """Return the holders of packages who are not active themselves."""
    held = platform.suspended(set(body.keys), body.at)
    items = (WaitingReply(key=key, clients=clients) for key, clients in sorted(held.items()))
    return SuspendedReply(items=tuple(items))


def granted(platform: PlatformReader, body: HoldingsBody) -> GrantedReply:
    """Return what active holders of packages were granted."""
    found = platform.granted_terms(set(body.keys), body.at)
    items = (PackageGrantsReply(key=key, terms=_granted(terms)) for key, terms in sorted(found.items()))
    return GrantedReply(items=tuple(items))


def _granted(terms: Mapping[str, bool]) -> tuple[GrantedTermReply, ...]:
    told = (GrantedTermReply(term=term, ends_with_a_move=ends) for term, ends in sorted(terms.items()))
    return tuple(told)


def outdated(platform: PlatformReader, at: datetime) -> AllOutdatedReply:
    """Return who would get something else now."""
    return AllOutdatedReply(items=tuple(map(OutdatedReply.model_validate, platform.outdated(at))))


def acknowledged(platform: PlatformReader, at: datetime) -> AcknowledgedReply:
    """Return the acknowledgements in force."""
    return AcknowledgedReply(items=platform.acknowledged(at))


def holders(platform: PlatformReader, at: datetime) -> HoldersReply:
    """Return how many hold any package."""
    return HoldersReply(clients=platform.holder_count(at))


_OF_HOLDERS: Final[Mapping[str, Callable[[PlatformReader, HoldingsBody], Reply]]] = {
    "holdings": holdings,
    "suspended": suspended,
    "granted": granted,
}
_OF_CLIENTS: Final[Mapping[str, Callable[[PlatformReader, datetime], Reply]]] = {
    "outdated": outdated,
    "acknowledgements": acknowledged,
    "holders": holders,
}
