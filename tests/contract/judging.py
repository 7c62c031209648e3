"""The guards of the fake platform, client by client and by the terms themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.errors import BlockedError
from reconciler.model.packages import Share
from tests.contract.losing import features_of, felt, losses_of, sides_of, takes_anything, was_restored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reconciler.model.losses import Entry
    from reconciler.model.packages import Definition
    from reconciler.model.settings import Guards
    from reconciler.model.transfers import Returning
    from tests.contract.world import World

ORDER = ("touching", "losing", "never")


@dataclass(frozen=True)
class Before:
    """What a package was before it was written."""

    key: str
    definition: Definition
    archived: bool


@dataclass(frozen=True)
class Verdicts:
    world: World
    several: tuple[Guards, ...]
    at: datetime
    holders: int = 0
    allowed: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def passes(self, guard: str, key: str) -> bool:
        return f"{guard}:{key}" in self.allowed

    def judge_writes(self, before: Mapping[str, Before]) -> None:
        archived = {
            key for key, was in before.items() if self.world.packages[key].archived and not was.archived
        }
        unwaived = [key for key in archived if not self.passes("archives", key)]
        bounds = [each.archives for each in self.several if each.archives != "unlimited"]
        require(all(len(unwaived) <= bound for bound in bounds), "archives")
        for key, was in before.items():
            found = set(losses_of((was.definition, self.world.packages[key].current), self.at, self.at))
            found |= {("archives", key)} if key in archived else set()
            require(not found or self.is_free(was.key), "protected")
            is_held = any(
                holder.package.key == key and holder.is_active(self.at)
                for holder in self.world.holders.values()
            )
            if is_held and "touching" in self.asked:
                self.judge_stated(key, found)

    def judge_moves(self, run: int, origins: Mapping[str, str]) -> None:
        losing = set()
        for holder in self.world.holders.values():
            for move in (each for each in holder.moved if each.run == run):
                found = set(felt(sides_of(move), move.start, self.at, move.spared))
                key = move.package.key
                is_losing = found or move.ended
                losing |= {(holder.id, key)} if is_losing else set()
                require(not is_losing or self.is_free(origins.get(key, key)), "protected")
                if self.asked - {"never"}:
                    self.judge_stated(key, found)
        unwaived = {each for each in losing if not self.passes("clients_losing", each[1])}
        if unwaived:
            total = len({client for client, _ in unwaived} | self.lost_before(run))
            require(all(total <= most for most in self.bounds), "clients_losing")

    def judge_transfers(self, told: Sequence[Returning], lately: int) -> None:
        losing = {each.package for each in told if each.losing}
        require(all(self.is_free(key) for key in losing), "protected")
        unwaived = {key for key in losing if not self.passes("clients_losing", key)}
        if unwaived and sum(each.clients for each in told) > 1:
            total = lately - sum(each.losing for each in told if each.package not in unwaived)
            require(all(total <= most for most in self.bounds), "clients_losing")

    @property
    def asked(self) -> set[str]:
        return {min((each.acknowledge for each in self.several), key=ORDER.index)} if self.several else set()

    @property
    def bounds(self) -> list[int]:
        bounds = [each.clients_losing for each in self.several if each.clients_losing != "unlimited"]
        return [
            self.holders * bound.percent // 100 if isinstance(bound, Share) else int(bound)
            for bound in bounds
        ]

    def is_free(self, key: str) -> bool:
        return self.passes("protected", key) or not any(key in each.protected for each in self.several)

    def judge_stated(self, key: str, found: set[tuple[str, str]]) -> None:
        own = {(each.verb, each.term) for each in self.entries if each.package == key}
        along = {
            ("removes", f"limits/{limit}")
            for limit, feature in features_of(self.world).items()
            if ("removes", f"features/{feature}") in found
        }
        require(found - along <= own or self.passes("acknowledge", key), "acknowledge")

    def lost_before(self, run: int) -> set[str]:
        since = self.at - timedelta(hours=23)
        return {
            holder.id
            for holder in self.world.holders.values()
            for move in holder.moved
            if move.run != run
            and self.world.runs[move.run - 1].at >= since
            and takes_anything(move, self.world.runs[move.run - 1].at)
            and not was_restored(holder, move)
        }


def require(holds: object, guard: str) -> None:
    if not holds:
        raise BlockedError(f"blocked by {guard}")
