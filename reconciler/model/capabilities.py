"""What a platform can do: a small, closed value that planning, guards, story and apply follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator

Snapshots: TypeAlias = Literal["assignment", "period", "none"]


class Capabilities(BaseModel):
    """What a platform can do; by default all of it.

    Attributes:
        snapshots: `assignment`: clients hold what they were assigned until they are reassigned. `period`: an
            edit reaches every holder at the next billing period. `none`: it reaches every holder at once.
        change_sets: An apply is done as a whole or not at all. Otherwise changes are made one by one, and one
            that fails ends the apply with exit code 6.
        usage: What clients use is metered, and bounded by their limits.
        expiry: Subscriptions end by themselves.
        allowed_emails: A package can be kept to some clients.
        grants: A client may have something beside its package, and its subscription longer.
        records: Runs, lineage, protected keys and events are kept by the platform; otherwise in a store of
            ours beside it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    snapshots: Snapshots = "assignment"
    change_sets: bool = True
    usage: bool = True
    expiry: bool = True
    allowed_emails: bool = True
    grants: bool = True
    records: bool = True

    @property
    def claimed(self) -> Iterator[str]:
        """Name what is there, and what is not: `usage` or `no usage`; snapshots with their kind."""
        yield f"snapshots={self.snapshots}"
        for name, value in self:
            if isinstance(value, bool):
                yield name if value else f"no {name}"


EVERYTHING: Final = Capabilities()
"""What a platform of ours can do."""
