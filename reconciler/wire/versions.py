"""Which versions of the API exist, and what both ends do where they do not share one.

The server says what it speaks under `PLATFORM`, which no version ever changes, and in the header `VERSION` of
every answer. A client asks once per session, before anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION: Final = 1
"""The version that this program speaks, on either end."""


def agree(spoken: Collection[int], *, where: str) -> None:
    """Raise `UnreachableError`, saying which end to upgrade, where the server does not speak our version."""
    if VERSION in spoken:
        return
    versions = ", ".join(map(str, sorted(spoken))) or "none"
    newer = bool(spoken) and min(spoken) > VERSION
    raise UnreachableError(
        f"{where} speaks version {versions} of the API; this program speaks version {VERSION}.",
        hint="Upgrade reconciler." if newer else "Upgrade the server.",
    )
