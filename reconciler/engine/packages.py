"""`packages`: what the platform has, and how many clients hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import WrongUsageError
from reconciler.model.packages import OfferedPackage, RevisionRef

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import PlatformReader


def offered(reader: PlatformReader, at: datetime) -> tuple[OfferedPackage, ...]:
    """Return every package with who holds it, by key."""
    heads = reader.packages()
    holdings = reader.holdings([head.key for head in heads], at)
    return tuple(OfferedPackage(head, holdings.get(head.key, {})) for head in heads)


def one_offered(reader: PlatformReader, key: str, at: datetime) -> OfferedPackage:
    """Return one package with what it grants; raises WrongUsageError where there is none."""
    head = reader.package(key)
    if head is None:
        raise WrongUsageError(f"The platform has no package {key!r}.")
    ref = RevisionRef(key, head.revision)
    held = reader.holdings([key], at).get(key, {})
    return OfferedPackage(head, held, reader.definitions([ref]).get(ref))
