"""What a server is made of, and what a request is served with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from reconciler.live.port import ServedPlatform, TokenRegister


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may cost.

    Attributes:
        body_bytes: Of an ordinary request, such as a change set.
        import_bytes: Of an import's lines.
        page: Items on one page at most.
        page_bytes: A page is cut after the item that takes it beyond this.
    """

    body_bytes: int = 64 * 2**20
    import_bytes: int = 4 * 2**30
    page: int = 10_000
    page_bytes: int = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves.

    Attributes:
        tokens: None where the platform is open to whoever reaches it; for tests and for one's own machine.
        clock: Says now, in UTC.
    """

    platform: ServedPlatform
    tokens: TokenRegister | None
    clock: Callable[[], datetime]
    bounds: Bounds = Bounds()
