"""What planning asks of a platform about clients: values that any platform can answer in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.terms import CAPS

if TYPE_CHECKING:
    from reconciler.model.expiry import Window


@dataclass(frozen=True, slots=True)
class UsesMoreThan:
    """Usage of `meter` (a feature, a limit or a cap) in this cycle is above `amount`."""

    meter: str
    amount: int


@dataclass(frozen=True, slots=True)
class HasMoreUsersThan:
    """The client has more team members than `count`."""

    count: int


@dataclass(frozen=True, slots=True)
class OwnerNotIn:
    """The owner's e-mail, normalised, is none of `emails` (normalised, sorted)."""

    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerIn:
    """The owner's e-mail, normalised, is one of `emails` (normalised, sorted)."""

    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssignedIn:
    """The subscription started in one of `windows`."""

    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class NotOneOf:
    """The client's id is none of `ids` (sorted)."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The client's id is one of `ids` (sorted)."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MovedIn:
    """The run `run` reassigned the client, away from `from_revision`."""

    run: int
    from_revision: int


@dataclass(frozen=True, slots=True)
class UpTo:
    """The client's id is not after `id` in the order of code points; how a rollout's step is cut."""

    id: str


Condition: TypeAlias = (
    UsesMoreThan | HasMoreUsersThan | OwnerNotIn | OwnerIn | AssignedIn | NotOneOf | OneOf | MovedIn | UpTo
)


def more_than(meter: str, amount: int) -> Condition:
    """Return the condition that more than the amount of the meter is in use."""
    cap = CAPS.get(meter)
    return HasMoreUsersThan(amount) if cap and cap.metered == "users" else UsesMoreThan(meter, amount)


@dataclass(frozen=True, slots=True)
class ClientQuestion:
    """Which clients with an active subscription to `package`, on one of `revisions`, meet all `conditions`?

    Attributes:
        package: The key that the package has on the platform.
        revisions: Sorted; empty means none, so that the answer is 0.
    """

    package: str
    revisions: tuple[int, ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """How many clients match, and the first few of their ids in order.

    Attributes:
        complete: False where the platform cannot know, so that `count` is only a lower bound.
    """

    count: int
    sample: tuple[str, ...] = ()
    complete: bool = True
