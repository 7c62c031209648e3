"""Bodies around the questions about clients, which are sent as they are, and their answers."""

from __future__ import annotations

from typing import Annotated

from reconciler.model.fields import Instant, Items, PackageKey, Whole
from reconciler.model.losses import InForce, Lost
from reconciler.model.plans import Outdated
from reconciler.model.questions import Answer, ClientQuestion
from reconciler.wire.fields import Body, Reply

_MOST = 10_000


class QuestionsBody(Body):
    """Questions to be answered together; `sample` ids each."""

    questions: Annotated[tuple[ClientQuestion, ...], Items(_MOST)]
    at: Instant
    sample: Annotated[int, Whole(0, 1_000)]


class AnswersReply(Reply):
    """Answers in the order of the questions."""

    items: tuple[Answer, ...]


class MatchingBody(Body):
    """The question whose matching clients are asked for."""

    question: ClientQuestion
    at: Instant


class NthBody(MatchingBody):
    """Which of the matching clients, by id from 1, is asked for."""

    n: Annotated[int, Whole(1)]


class NthReply(Reply):
    """The id of the client; null where fewer match."""

    id: str | None


class HoldingsBody(Body):
    """The packages whose holders are counted."""

    keys: Annotated[tuple[PackageKey, ...], Items(_MOST)]
    at: Instant


class HeldReply(Reply):
    """How many clients hold one revision of a package."""

    key: str
    revision: int
    clients: int


class HoldingsReply(Reply):
    """What is held by at least one client."""

    items: tuple[HeldReply, ...]


class WaitingReply(Reply):
    """How many clients hold a package while they themselves are not active."""

    key: str
    clients: int


class SuspendedReply(Reply):
    """What is held by at least one client who is not active."""

    items: tuple[WaitingReply, ...]


class GrantedTermReply(Reply):
    """A term that a holder was granted; `expiry` stands for an extension."""

    term: str
    ends_with_a_move: bool


class PackageGrantsReply(Reply):
    """What holders of a package were granted."""

    key: str
    terms: tuple[GrantedTermReply, ...]


class GrantedReply(Reply):
    """What was granted to holders of which package."""

    items: tuple[PackageGrantsReply, ...]


class OutdatedReply(Reply):
    """Active holders of one revision that grants something else than the current one, as since `since`."""

    package: str
    revision: int
    clients: int
    since: Instant

    def value(self) -> Outdated:
        """Return the figure."""
        return Outdated(**dict(self))


class AllOutdatedReply(Reply):
    """All who would get something else now, by package and revision."""

    items: tuple[OutdatedReply, ...]


class AcknowledgedReply(Reply):
    """The acknowledgements of the last applied run, by package, verb and term."""

    items: tuple[InForce, ...]


class LostReply(Reply):
    """Who lost anything since an instant."""

    lost: Lost


class HoldersReply(Reply):
    """How many clients have an active subscription to any package."""

    clients: int
