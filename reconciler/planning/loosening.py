"""Guards on both sides: as the last apply recorded them, and as the files have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.packages import Share
from reconciler.model.plans import GuardChange
from reconciler.model.quantities import magnitude

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from reconciler.model.settings import Bound, Guards

_FROM_THE_STRICTEST: Final = ("touching", "losing", "never")


class GuardPair(Struct, frozen=True):
    """The guards of an environment on both sides, so that none is loosened by the change that it would block.

    A share and a number are compared by what they allow of the clients with an active subscription, called
    `holders`: they need to be known only where both `clients_losing` differ.

    Attributes:
        applied: None on a platform to which no files were ever applied: then those of the files count.
    """

    applied: Guards | None
    wanted: Guards

    @property
    def needs_holders(self) -> bool:
        """Whether the comparison depends on how many clients there are."""
        return self.applied is not None and self.applied.clients_losing != self.wanted.clients_losing

    def stricter(self, holders: int) -> Guards:
        """Return what a plan is judged by: of each guard the stricter one."""
        if self.applied is None:
            return self.wanted
        sides = (self.applied, self.wanted)
        strictest = {
            name: min((getattr(side, name) for side in sides), key=lambda value: rank(value, holders))
            for name, rank in _RANKS.items()
        }
        return replace(self.wanted, **strictest, protected=self._protected_by_either())

    def changes(self, holders: int) -> tuple[tuple[GuardChange, ...], tuple[GuardChange, ...]]:
        """Return the guards that become looser, and the others that differ."""
        loosened: list[GuardChange] = []
        tightened: list[GuardChange] = []
        if self.applied is not None:
            before, after = self.applied.as_document(), self.wanted.as_document()
            for name in (each for each in before if before[each] != after[each]):
                change = GuardChange(guard=name, before=before[name], after=after[name])
                (loosened if self._is_looser(name, holders) else tightened).append(change)
        return tuple(loosened), tuple(tightened)

    def recorded(self, waiting: Collection[str]) -> Guards:
        """Return the guards that an apply records: those of the files, without the loosenings that wait."""
        kept = {name: getattr(self.applied, name) for name in waiting}
        if "protected" in kept:
            kept["protected"] = self._protected_by_either()
        return replace(self.wanted, **kept)

    def _protected_by_either(self) -> tuple[str, ...]:
        return tuple(sorted({*(self.applied or self.wanted).protected, *self.wanted.protected}))

    def _is_looser(self, name: str, holders: int) -> bool:
        before, after = getattr(self.applied, name), getattr(self.wanted, name)
        if name == "protected":
            return not set(before) <= set(after)
        return _RANKS[name](after, holders) > _RANKS[name](before, holders)


def _clients_allowed(bound: Bound, holders: int) -> tuple[float, int]:
    """Return how many may lose something; of equal bounds a share is the looser, since it grows with them."""
    if isinstance(bound, Share):
        return holders * bound.percent / 100, bound.percent
    return magnitude(bound), 0


_RANKS: Final[Mapping[str, Callable[[Any, int], tuple[float, int]]]] = {
    "archives": lambda quantity, _holders: (magnitude(quantity), 0),
    "clients_losing": _clients_allowed,
    "acknowledge": lambda which, _holders: (_FROM_THE_STRICTEST.index(which), 0),
}
"""How much each guard lets pass; of two lists of `protected` each may have what the other has not."""
