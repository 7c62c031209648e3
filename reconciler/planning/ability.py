"""What of a package a platform cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import BlockedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.capabilities import Capabilities
    from reconciler.model.packages import Definition
    from reconciler.model.plans import PlatformIdentity
    from reconciler.planning.drafts import Draft


def require_possible(drafts: Iterable[Draft], platform: PlatformIdentity) -> None:
    """Raise `BlockedError` where a package asks for what the platform cannot do."""
    for draft in drafts:
        if not draft.archived:
            require_able(platform.kind, platform.capabilities, draft.key, draft.after)


def require_able(kind: str, able: Capabilities, key: str, definition: Definition) -> None:
    """Raise `BlockedError` where the definition asks for what a platform of this kind cannot do."""
    for term, why in _beyond(definition, able):
        raise BlockedError(
            f"package `{key}` has `{term}`, and a platform of the kind {kind} {why}",
            hint=f"Take `{term}` out of the package.",
        )


def _beyond(definition: Definition, able: Capabilities) -> Iterator[tuple[str, str]]:
    if definition.expiry is not None and not able.expiry:
        yield "expiry", "ends no subscription by itself"
    if definition.allowed_emails is not None and not able.allowed_emails:
        yield "allowed_emails", "keeps no package to some clients"
