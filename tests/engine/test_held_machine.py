"""What clients hold, changed by hands, imports, moves and their rollback in any order, beside a small model.

Nobody's effective entitlements ever change without an entry in the client's history, or the passing of an end
that was stated.
"""

from __future__ import annotations

from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reconciler.errors import BlockedError
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Extending, Granting, Revoking
from reconciler.model.plans import ClientsMoved, ClientsReassigned, EventUndone, RunUndone
from tests.builders import definition
from tests.shop import Shop, opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.changesets import Run
    from reconciler.model.plans import Aim

IDS = ("acme", "bolt")
KEYS = ("pro", "trial")
DAY = timedelta(days=1)
WAIVED = tuple(f"{guard}:{key}" for guard in ("clients_losing", "acknowledge") for key in KEYS)


@dataclass(frozen=True)
class Terms:
    """What a revision gives: seats, and how many days it lasts."""

    users: int
    days: int | None


@dataclass
class Gift:
    """More seats, until an instant or an occasion, whose number the client had then, and what it held."""

    id: str
    add: int
    ends: datetime | str
    number: int
    package: str
    revision: int
    has_ended: bool = False


@dataclass
class Holding:
    package: str
    revision: int
    start: datetime
    extended_to: datetime | None = None

    def is_same(self, other: Holding) -> bool:
        """Whether it is the same assignment, however far it was extended since."""
        return replace(self, extended_to=None) == replace(other, extended_to=None)


@dataclass
class Client:
    holding: Holding
    gifts: list[Gift] = field(default_factory=list)
    cycle: int = 0
    assignment: int = 0

    def number(self, ends: datetime | str) -> int:
        return self.cycle if ends == "cycle" else self.assignment

    def counting(self, now: datetime) -> list[Gift]:
        return [
            each
            for each in self.gifts
            if not each.has_ended
            if (each.ends > now if isinstance(each.ends, datetime) else each.number == self.number(each.ends))
            if each.ends != "reassigned" or each.revision == self.holding.revision
        ]

    def leave(self) -> None:
        """Come to another revision or package: what lasts until then has ended."""
        for each in self.gifts:
            each.has_ended |= each.ends == "reassigned"


@dataclass(frozen=True)
class Deed:
    """What was done to one client and can be taken back."""

    client: str
    before: Any
    after: Any


class Held(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - no other place without a disk
        root = Path(self.stack.enter_context(TemporaryDirectory(dir=folder)))
        self.shop: Shop = self.stack.enter_context(opened_shop(root))
        self.packages: dict[str, list[Terms]] = {}
        self.clients: dict[str, Client] = {}
        self.events: dict[str, Deed] = {}
        self.run: tuple[int, list[Deed]] | None = None
        self.seen: dict[str, tuple[Any, int]] = {}
        self.has_passed = False

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def begin(self) -> None:
        for key, terms in zip(KEYS, (Terms(5, None), Terms(3, 10)), strict=True):
            self._edit(key, terms)
        for id_, key in zip(IDS, KEYS, strict=True):
            self.shop.clients(id_, package=key)
            self.clients[id_] = Client(Holding(key, 1, self.shop.at))

    @rule(key=st.sampled_from(KEYS), users=st.sampled_from([1, 4, 6]), days=st.sampled_from([None, 9, 40]))
    def edit_a_package(self, key: str, users: int, days: int | None) -> None:
        self._edit(key, Terms(users, days))

    @rule(id_=st.sampled_from(IDS), key=st.sampled_from(KEYS), imports=st.booleans())
    def assign(self, id_: str, key: str, *, imports: bool) -> None:
        self.shop.later(seconds=1)
        client, at = self.clients[id_], self.shop.at
        if imports and client.holding.package == key:
            return
        if imports:
            self.shop.platform.import_clients([ClientLine(id_, 1, package=key)], at, assign="unlimited")
        else:
            self.shop.platform.assign(id_, key, at)
        after = Holding(key, len(self.packages[key]), at)
        self._note("import" if imports else "assign", Deed(id_, client.holding, after))
        client.holding = after
        client.cycle, client.assignment = client.cycle + 1, client.assignment + 1

    @rule(
        id_=st.sampled_from(IDS),
        add=st.integers(1, 2),
        ends=st.sampled_from([5, 50, "cycle", "subscription", "reassigned", "reassigned"]),
    )
    def grant(self, id_: str, add: int, ends: Any) -> None:
        self.shop.later(seconds=1)
        client, until = self.clients[id_], self.shop.at + ends * DAY if isinstance(ends, int) else ends
        seen = self.shop.platform.adjust(id_, Granting("user_count", until, add=add), self.shop.at)
        (new,) = {each.id for each in seen.grants} - {each.id for each in client.counting(self.shop.at)}
        held = client.holding
        gift = Gift(new, add, until, client.number(until), held.package, held.revision)
        client.gifts.append(gift)
        self._note("grant", Deed(id_, None, gift))

    @rule(id_=st.sampled_from(IDS))
    def revoke(self, id_: str) -> None:
        self.shop.later(seconds=1)
        client = self.clients[id_]
        for gift in client.counting(self.shop.at)[:1]:
            self.shop.platform.adjust(id_, Revoking(gift.id), self.shop.at)
            client.gifts.remove(gift)
            self._note("revoke", Deed(id_, gift, None))

    @rule(id_=st.sampled_from(IDS), days=st.sampled_from([3, 60]))
    def extend(self, id_: str, days: int) -> None:
        self.shop.later(seconds=1)
        client, until = self.clients[id_], self.shop.at + days * DAY
        before, ends = client.holding, self._end(client.holding)
        if ends is None or until <= ends:
            with pytest.raises(BlockedError):
                self.shop.platform.adjust(id_, Extending(until), self.shop.at)
            return
        self.shop.platform.adjust(id_, Extending(until), self.shop.at)
        client.holding = replace(before, extended_to=until)
        self._note("extend", Deed(id_, (before.extended_to,), (until,)))

    @rule(id_=st.sampled_from(IDS))
    def begin_a_cycle(self, id_: str) -> None:
        self.shop.later(seconds=1)
        ending = any(each.ends == "cycle" for each in self.clients[id_].counting(self.shop.at))
        self.shop.platform.start_cycle(id_, self.shop.at)
        self.clients[id_].cycle += 1
        self.has_passed |= ending

    @rule(days=st.sampled_from([1, 9, 31]))
    def time_passes(self, days: int) -> None:
        self.shop.later(days=days)
        self.has_passed = True

    @rule(
        ids=st.none() | st.sets(st.sampled_from(IDS), min_size=1),
        pair=st.permutations(KEYS),
        keeps_term=st.booleans(),
    )
    def move_between(self, ids: set[str] | None, pair: list[str], *, keeps_term: bool) -> None:
        key, to = pair
        aim = ClientsMoved(key, to, keeps_term, None if ids is None else tuple(sorted(ids)))
        movers = [id_ for id_ in IDS if self.clients[id_].holding.package == key]
        movers = [id_ for id_ in movers if (self._is_on(id_) if ids is None else id_ in ids)]
        run = self._apply(aim, sum(map(bool, movers)))
        if run is None:
            return
        deeds = []
        for id_ in movers:
            client = self.clients[id_]
            before, revision = client.holding, len(self.packages[to])
            client.leave()
            if keeps_term:
                client.holding = replace(before, package=to, revision=revision)
            else:
                client.holding = Holding(to, revision, run.at)
                client.cycle, client.assignment = client.cycle + 1, client.assignment + 1
            deeds.append(Deed(id_, before, client.holding))
        self.run = run.id, deeds

    @rule(key=st.sampled_from(KEYS))
    def reassign(self, key: str) -> None:
        current = len(self.packages[key])
        holders = [
            each for id_, each in self.clients.items() if each.holding.package == key and self._is_on(id_)
        ]
        movers = [each for each in holders if each.holding.revision != current]
        if self._apply(ClientsReassigned(key), len(movers)) is not None:
            for each in movers:
                each.holding = replace(each.holding, revision=current)
            self.run = None

    @rule(which=st.integers(0, 50))
    def take_back_an_event(self, which: int) -> None:
        self.shop.later(seconds=1)
        if not self.events:
            return
        id_ = sorted(self.events)[which % len(self.events)]
        deed = self.events[id_]
        is_beside = not isinstance(deed.after, Holding)
        if is_beside and not self._can_go_back(deed):
            with pytest.raises(BlockedError):
                self.shop.plan(aim=EventUndone(id_))
            return
        going = [deed] if is_beside or self.clients[deed.client].holding.is_same(deed.after) else []
        self._rolled_back(EventUndone(id_), going)

    @rule()
    def roll_back_the_last_move(self) -> None:
        if self.run is None:
            return
        number, deeds = self.run
        going = [each for each in deeds if self.clients[each.client].holding.is_same(each.after)]
        self._rolled_back(RunUndone(number), going)

    @invariant()
    def everybody_may_use_what_the_model_says(self) -> None:
        for id_, client in self.clients.items():
            seen = self.shop.client(id_)
            terms = self._terms(client.holding)
            most = terms.users + sum(each.add for each in client.counting(self.shop.at))
            assert seen.entitlements.caps == ({"user_count": most} if self._is_on(id_) else {})
            held = seen.subscription
            assert (held.package, held.revision) == (client.holding.package, client.holding.revision)
            assert (held.assigned_at, held.expires_at) == (client.holding.start, self._end(client.holding))

    @invariant()
    def nothing_changes_without_an_entry_or_a_stated_end(self) -> None:
        for id_ in self.clients:
            may = dict(self.shop.client(id_).entitlements.caps)
            entries = len(list(self.shop.platform.client_history(id_)))
            before, known = self.seen.get(id_, (may, entries))
            assert before == may or entries > known or self.has_passed
            self.seen[id_] = may, entries
        self.has_passed = False

    def _edit(self, key: str, terms: Terms) -> None:
        self.shop.later(seconds=1)
        expiry = {} if terms.days is None else {"expiry": f"{terms.days} days"}
        contents = definition(title=key.title(), user_count=terms.users, features=["chat"], **expiry)
        self.shop.platform.edit_package(key, contents, self.shop.at)
        known = self.packages.setdefault(key, [])
        if not known or known[-1] != terms:
            known.append(terms)

    def _apply(self, aim: Aim, moving: int) -> Run | None:
        """Plan and apply; the plan moves so many, and without any there is nothing to apply."""
        made = self.shop.plan(*WAIVED, aim=aim)
        moved = sum(each.reassignment.clients for each in made.changes if each.reassignment)
        assert moved == moving
        return self.shop.apply(made, *WAIVED, aim=aim, reason="Agreed.") if moving else None

    def _note(self, kind: str, deed: Deed) -> None:
        whole = [each for each in self.shop.platform.events() if each.kind == kind and each.part_of is None]
        newest = max(whole, key=lambda each: each.at)
        self.events[newest.id] = deepcopy(deed)

    def _can_go_back(self, deed: Deed) -> bool:
        client = self.clients[deed.client]
        counting = [each.id for each in client.counting(self.shop.at)]
        if isinstance(deed.after, tuple):
            return bool(client.holding.extended_to == deed.after[0])
        if deed.before is None:
            return bool(deed.after.id in counting)
        former = Client(client.holding, [deed.before], client.cycle, client.assignment)
        is_there = deed.before.ends != "reassigned" or deed.before.package == client.holding.package
        can_count = any(each.id not in counting for each in former.counting(self.shop.at))
        return bool(is_there and can_count)

    def _rolled_back(self, aim: EventUndone | RunUndone, going: list[Deed]) -> None:
        run = self._apply(aim, len(going))
        if run is not None:
            held = [Deed(each.client, self.clients[each.client].holding, each.before) for each in going]
            self._taken_back(going)
            is_of_holdings = all(isinstance(each.after, Holding) for each in held)
            self.run = (run.id, held) if is_of_holdings else None

    def _taken_back(self, deeds: Iterable[Deed]) -> None:
        for deed in deeds:
            client = self.clients[deed.client]
            if isinstance(deed.before, Holding):
                client.holding = deed.before
                client.leave()
            elif isinstance(deed.after, tuple):
                client.holding = replace(client.holding, extended_to=deed.before[0])
            elif deed.before is None:
                client.gifts = [each for each in client.gifts if each.id != deed.after.id]
            else:
                client.gifts.append(deepcopy(deed.before))

    def _terms(self, holding: Holding) -> Terms:
        return self.packages[holding.package][holding.revision - 1]

    def _end(self, holding: Holding) -> datetime | None:
        days = self._terms(holding).days
        own = None if days is None else holding.start + days * DAY
        return own and max(own, holding.extended_to or own)

    def _is_on(self, id_: str) -> bool:
        end = self._end(self.clients[id_].holding)
        return end is None or end > self.shop.at


TestHeld = Held.TestCase
TestHeld.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
