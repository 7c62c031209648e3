"""Counts that are asked for together, to be of one instant."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from reconciler.model.fields import Instant, Items
from reconciler.wire import paths
from reconciler.wire.changesets import TransfersBody
from reconciler.wire.fields import Body, Reply, Text
from reconciler.wire.questions import HoldingsBody, NthBody, QuestionsBody

FIGURES: Final = {
    paths.HOLDINGS: "holdings",
    paths.SUSPENDED: "suspended",
    paths.GRANTED: "granted",
    paths.OUTDATED: "outdated",
    paths.ACKNOWLEDGEMENTS: "acknowledgements",
    paths.LOSSES: "losses",
    paths.HOLDERS: "holders",
    paths.ANSWERS: "answers",
    paths.NTH_MATCHING: "nth-matching",
    paths.TRANSFERS: "transfers",
}
"""What is asked at a path alone, by the kind that it has among others."""

_MOST: Final = 10_000


class HoldersAsked(HoldingsBody):
    """What is asked of packages and their holders."""

    kind: Literal["holdings", "suspended", "granted"]


class ClientsAsked(Body):
    """What is asked of all clients."""

    kind: Literal["outdated", "acknowledgements", "holders"]
    at: Instant


class LossesAsked(Body):
    """Who lost anything since an instant."""

    kind: Literal["losses"]
    since: Instant


class AnswersAsked(QuestionsBody):
    """Questions about clients."""

    kind: Literal["answers"]


class NthAsked(NthBody):
    """Which client is the n-th of those who match."""

    kind: Literal["nth-matching"]


class TransfersAsked(TransfersBody):
    """What taking something back would do."""

    kind: Literal["transfers"]


Asked: TypeAlias = Annotated[
    HoldersAsked | ClientsAsked | LossesAsked | AnswersAsked | NthAsked | TransfersAsked,
    Field(discriminator="kind"),
]


class TogetherBody(Body):
    """What is asked, and the state of the platform that it is asked about."""

    state: Text
    asked: Annotated[tuple[Asked, ...], Items(_MOST)]


class TogetherReply(Reply):
    """The answers in the order of what was asked, each as it is answered alone."""

    items: tuple[Any, ...]
