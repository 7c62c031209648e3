"""What a server is made of, and what a request is served with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.wire import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from reconciler.live.port import ServedPlatform, TokenRegister
    from reconciler.model.clients import Entitlements
    from reconciler.model.tokens import Token
    from reconciler.server.identity import Identities

    Entitled = tuple[str, datetime, tuple[str, str] | None]


_LARGE: Final = frozenset(
    {
        paths.CHANGE_SETS,
        paths.DEFINITIONS,
        paths.HOLDINGS,
        paths.ANSWERS,
        paths.MATCHING,
        paths.NTH_MATCHING,
        paths.TOGETHER,
    }
)


class Bounds(Struct, frozen=True):
    """What one request may cost.

    Attributes:
        body_bytes: Of an ordinary request, such as an assignment.
        package_bytes: Of a package: more than its file may have.
        large_bytes: Of a change set, and of a question, which may name many clients.
        import_bytes: Of an import's lines, which are not kept in memory.
        page: Items on one page at most.
        page_bytes: A page is cut after the item that takes it beyond this.
        silence_seconds: For so long nothing of a body may come.
        body_seconds: In so long all of a body must come.
        failures: Credentials that may fail at once, and again each minute, from one address.
    """

    body_bytes: int = 256 * 2**10
    package_bytes: int = 2 * 2**20
    large_bytes: int = 64 * 2**20
    import_bytes: int = 4 * 2**30
    page: int = 10_000
    page_bytes: int = 16 * 2**20
    silence_seconds: float = 30
    body_seconds: float = 900
    failures: int = 60

    def of(self, path: str) -> int:
        """Return how many bytes a body may have that is sent to a path, which is one of `paths`."""
        if path == paths.IMPORTS:
            return self.import_bytes
        if path == paths.PACKAGE:
            return self.package_bytes
        return self.large_bytes if path in _LARGE else self.body_bytes


class Served(Struct, frozen=True):
    """What a server serves.

    Attributes:
        tokens: None where the platform is open to whoever reaches it; for tests and for one's own machine.
        clock: Says now, in UTC.
        identities: The issuers whose ID tokens are taken beside tokens.
    """

    platform: ServedPlatform
    tokens: TokenRegister | None
    clock: Callable[[], datetime]
    bounds: Bounds = Bounds()
    identities: Identities | None = None

    def entitled(
        self, asked: Collection[Entitled]
    ) -> Mapping[Entitled, tuple[Token | None, Entitlements | None]]:
        """Return what clients may use at instants, and the tokens that are shown, if any are."""
        shown = {each for *_, each in asked if each is not None}
        ask = partial(self.platform.entitlements, {(client, at) for client, at, _ in asked})
        tokens, found = self.tokens.find_beside(shown, ask) if self.tokens and shown else ({}, ask())
        return {each: (tokens.get(each[2] or ("", "")), found.get(each[:2])) for each in asked}

    @property
    def is_open(self) -> bool:
        """Whether nobody needs credentials, since there can be none."""
        return self.tokens is None or (self.identities is None and self.tokens.is_open())
