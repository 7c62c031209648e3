"""What was written, by whom and why: one value per write, which nobody changes afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.model.fields import Amount, Instant, Line, Told
from reconciler.model.packages import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class Author(Struct, frozen=True):
    """Who writes.

    Attributes:
        name: Over HTTP the token's.
        on_behalf_of: Whom the sender named beside it.
        reason: Why, in the author's own words.
    """

    name: str = "unknown"
    on_behalf_of: str | None = None
    reason: str = ""


UNKNOWN: Final = Author()
RESTORE: Final = "restore"
MOVE: Final = "move"
FORGET: Final = "forget"
LOST_AT: Final = "lost_at"
"""When who is forgotten last lost something: it counts on, whoever it was."""
BY_RUNS: Final = (RESTORE, MOVE)
"""What a run does to clients one by one: gives back what they held, moves them between packages."""


@dataclass(frozen=True, slots=True)
class Event(Told):
    """One write, or what an import did to one client.

    Attributes:
        kind: `add`, `assign`, `import`, `update`, `forget`, `edit`, `grant`, `revoke`,
            `extend`, `restore`, `move`, `token` or `run`.
        part_of: The import that it is a part of.
        number: What stands for the client wherever events name it.
        client: Its id, as long as the platform knows it.
        package: Its key at that time.
        before: What was so before; None where there was nothing.
        lost: Whether the client lost anything by it that it could use (rule 19).
        digest: Of all above but `client`.
        run: The run that sealed it; None as long as none did.
    """

    id: Line
    at: Instant
    kind: Line
    author: Line
    on_behalf_of: Line | None
    reason: str
    part_of: Line | None
    number: Amount | None
    client: Line | None
    package: Line | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    lost: bool = False
    digest: Line = ""
    run: Amount | None = None

    @property
    def is_of_grant(self) -> bool:
        """Whether a client was granted something, or a grant taken from it."""
        return "term" in (self.after or self.before or {})

    @property
    def is_beside(self) -> bool:
        """Whether it changes what a client has beside its package alone: a grant, or an extension."""
        sides = self.after or self.before or {}
        return self.is_of_grant or ("extended_to" in sides and "package" not in sides)

    @property
    def content(self) -> dict[str, Any]:
        """What the digest is of."""
        return {
            "id": self.id,
            "at": self.at.astimezone(UTC).isoformat(),
            "kind": self.kind,
            "author": self.author,
            "on_behalf_of": self.on_behalf_of,
            "reason": self.reason,
            "part_of": self.part_of,
            "number": self.number,
            "package": self.package,
            "before": self.before,
            "after": self.after,
            "lost": self.lost,
        }

    @property
    def own_digest(self) -> str:
        """The digest that this content has."""
        return digest_of(self.content)


class Seal:
    """The digest over events, in the order of their instants and ids."""

    def __init__(self, digests: Iterable[str] = ()) -> None:
        self.events = 0
        self._sum = hashlib.sha256()
        for each in digests:
            self.add(each)

    def add(self, digest: str) -> None:
        """Take one more event in."""
        self.events += 1
        self._sum.update(digest.encode())

    @property
    def digest(self) -> str:
        """Over those so far."""
        return f"sha256:{self._sum.hexdigest()}"
