"""What an adapter implements: what a product shows, and how it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.packages import Definition


class Package(Struct, frozen=True):
    """A package as the product has it."""

    definition: Definition
    archived: bool = False


class Seen(Struct, frozen=True):
    """All that the product has.

    Attributes:
        packages: By key.
        holders: The package of each client who may use one now, by client id.
    """

    packages: Mapping[str, Package]
    holders: Mapping[str, str]


class Product(Protocol):
    """A product that has no snapshots and no transactions.

    Each method may raise `UnreachableError`, and `BlockedError` for what the product has no place for.
    """

    @property
    def kind(self) -> str:
        """What it is, in one word, as plans name it."""
        ...

    @property
    def snapshots(self) -> Literal["period", "none"]:
        """When holders feel an edit: at their next billing period, or at once."""
        ...

    def seen(self) -> Seen:
        """Return everything, as it is now: what was written is seen by the next call."""
        ...

    def write(self, key: str, package: Package, *, renamed_from: str | None = None) -> None:
        """Make a package be exactly this, whatever it was; its holders stay.

        Killed in the middle, it leaves something that `seen` shows as it is, and the same call finishes it.
        """
        ...

    def place(self, packages: Mapping[str, str | None]) -> None:
        """Give each client this package and no other, by client id; None: none at all."""
        ...
