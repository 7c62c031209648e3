"""What a plan is about, so that the same can be planned again, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.plans import WHOLE_PLAN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.model.plans import CatalogChange, Change, GuardResult, Plan


class Selection(Struct, frozen=True):
    """What of all that is due is planned.

    Attributes:
        packages: Keys, as they are after the plan.
        moves: Key of the package, and the revision moved to; None for the current one.
        terms: Of the catalog, by JSON Pointer.
        loosened: Guards.
    """

    packages: frozenset[str] = frozenset()
    moves: frozenset[tuple[str, int | None]] = frozenset()
    terms: frozenset[str] = frozenset()
    loosened: frozenset[str] = frozenset()

    @classmethod
    def of(cls, plan: Plan, blocking: Collection[GuardResult] = ()) -> Selection:
        """Return what the plan is about, without what guards block and what must go together with that.

        A guard that blocks is not loosened: else what it holds back would pass in the next run of the same
        files.
        """
        held = _together(plan.changes, frozenset(result.key for result in blocking))
        if WHOLE_PLAN in held:
            return cls()
        guards = {result.id for result in blocking}
        going = [change for change in plan.changes if change.key not in held]
        needed = {
            each.path
            for change in plan.changes
            if change.key in held
            for each in change.fields
            if each.after is None
        }
        return cls(
            packages=frozenset(change.key for change in going if change.reassignment is None),
            moves=frozenset(
                (change.key, change.reassignment.to_revision) for change in going if change.reassignment
            ),
            terms=frozenset(
                each.path for each in plan.catalog.fields if each.after is not None or each.path not in needed
            ),
            loosened=frozenset(each.guard for each in plan.loosened if each.guard not in guards),
        )

    @property
    def is_empty(self) -> bool:
        """Whether it is about nothing."""
        return self == Selection()

    def of_catalog(self, change: CatalogChange) -> CatalogChange:
        """Return the selected terms of all that differ."""
        return change.model_copy(
            update={"fields": tuple(each for each in change.fields if each.path in self.terms)}
        )


def _together(changes: Iterable[Change], keys: frozenset[str]) -> frozenset[str]:
    """Return the keys with those of renames, and of what takes the keys that renames free."""
    sides = [{change.key, change.renamed_from} for change in changes if change.renamed_from]
    held: frozenset[str | None] = keys
    while more := [each for each in sides if each & held and not each <= held]:
        held = held.union(*more)
    return frozenset(key for key in held if key)
