"""What another definition would bring one client, and what giving it a package by hand would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.model.clients import Client
    from reconciler.model.plans import FieldChange


class Prospect(Struct, frozen=True):
    """What moving to another definition would do to one client.

    Attributes:
        fields: Differences from what it holds, as far as it would notice them (rule 14).
        used: Usage in this cycle, per subject of `fields` that is metered; 0 is left out.
        over: Paths of `fields` whose new cap it is above already: new use is refused until it is under it.
        expires_at: When the subscription would end.
        is_expired: Whether that is over already.
    """

    fields: tuple[FieldChange, ...]
    used: Mapping[str, int]
    over: tuple[str, ...]
    expires_at: datetime | None
    is_expired: bool

    @property
    def losses(self) -> tuple[FieldChange, ...]:
        """What the client has now and would not have, or have less of."""
        return tuple(each for each in self.fields if each.severity.is_loss)

    @property
    def gains(self) -> tuple[FieldChange, ...]:
        """What the client would have more of."""
        return tuple(each for each in self.fields if not each.severity.is_loss)


class Adjusted(Struct, frozen=True):
    """What a grant, its revocation or an extension does to a client, seen at one instant (rules 17, 18)."""

    before: Client
    after: Client


class Assignment(Struct, frozen=True):
    """What giving a client a package by hand would do (rules 10 and 16).

    Attributes:
        client: As it is before.
        revision: The package's current one, which the client would hold a snapshot of.
        assigned_at: The instant at which the expiry and the cycle begin anew.
        restarted: What of its usage goes back to 0, per meter.
    """

    client: Client
    package: str
    revision: int
    assigned_at: datetime
    prospect: Prospect
    restarted: Mapping[str, int]

    @property
    def is_held(self) -> bool:
        """Whether the client holds this revision already."""
        held = self.client.subscription
        return (held.package, held.revision) == (self.package, self.revision)
