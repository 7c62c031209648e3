"""Edits, hand edits, assignments, use, time, plans, applies, rollouts and rollbacks in any order."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.conformance.building import change_set
from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, plan
from reconciler.errors import BlockedError, InvalidError, StaleError, WrongUsageError
from reconciler.live.opening import open_platform
from reconciler.model.catalog import Catalog
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Granting, Revoking
from reconciler.model.packages import Definition, DesiredPackage, Rollout, Share, Stated
from reconciler.model.plans import FILES_APPLIED, Aim, ClientsReassigned, RunUndone
from reconciler.model.settings import Environment, Guards, Settings
from reconciler.sources.workspace import Workspace
from tests.builders import NOON
from tests.engine.story_checks import announced, same_client, same_plan
from tests.engine.story_world import (
    Expected,
    File,
    Gift,
    Holder,
    Package,
    Terms,
    World,
    amount,
    missing,
    raised,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.changesets import Run
    from reconciler.model.plans import Plan

KEYS = ("basic", "max", "pro")
IDS = tuple("abcdefgh")
EMAILS = ("x@one.example", "y@one.example", "z@two.example")
FEATURES = ("agent", "calls", "chat")
AMOUNTS = ("minutes", "sessions", "user_count", "ai_credits")
UNTILS = st.sampled_from([5, 50, "cycle", "subscription", "reassigned"])
LIMITS = ("minutes", "sessions")
CATALOG = Catalog.normalised(
    {
        "features": {feature: {"title": feature, "ai": feature == "agent"} for feature in FEATURES},
        "limits": {limit: {"title": limit, "per": "cycle"} for limit in LIMITS},
    }
)
EXTRA = "extra"
"""A feature that only some catalogs have; whoever edits by hand takes no notice of that."""


def catalog(*, has_extra: bool, chat: str) -> Catalog:
    document = CATALOG.as_document()
    extra = {EXTRA: {"title": EXTRA}} if has_extra else {}
    document["features"] = {**document["features"], **extra, "chat": {"title": chat}}
    return Catalog.normalised(document)


UNGUARDED = Guards("unlimited", "unlimited", "never")
WAIVERS = tuple(f"{guard}:{key}" for guard in ("vanished", "adopt", "empty_desired") for key in (*KEYS, "*"))

caps = st.sampled_from([1, 2, 5, "unlimited"])
terms = st.builds(
    Terms,
    features=st.frozensets(st.sampled_from(FEATURES)),
    limits=st.dictionaries(st.sampled_from(LIMITS), caps).map(lambda limits: tuple(sorted(limits.items()))),
    users=st.sampled_from([1, 2, 5, "unlimited"]),
    credits=st.sampled_from([None, 1, 3, "unlimited"]),
    expiry=st.sampled_from([None, None, 10, 40]),
    emails=st.one_of(st.none(), st.none(), st.frozensets(st.sampled_from(EMAILS), min_size=1)),
).map(lambda made: made if "agent" in made.features else replace(made, credits=None))
by_hand = st.tuples(terms, st.booleans()).map(
    lambda made: replace(made[0], features=made[0].features | {EXTRA}) if made[1] else made[0]
)
files = st.builds(
    File,
    terms,
    states_emails=st.sampled_from([True, True, False]),
    archived=st.sampled_from([False, False, False, True]),
    rollout=st.sampled_from(["keep", "reassign", "reassign"]),
    per_run=st.sampled_from([None, None, 1, "50%"]),
    exclude=st.sampled_from([(), (), ("a",)]),
).map(lambda file: file if file.states_emails else replace(file, terms=replace(file.terms, emails=None)))


@dataclass(frozen=True)
class Undo:
    """What the last run did, as the model remembers it."""

    run: Run
    before: Mapping[str, tuple[Terms, bool] | None]
    old_keys: Mapping[str, str]
    terms: dict[tuple[str, str], Any]


class Story(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - no other place without a disk
        self.root = Path(self.stack.enter_context(TemporaryDirectory(dir=folder)))
        url = "sqlite:///platform.db"
        self.platform = self.stack.enter_context(open_platform(url, root=self.root))
        self.environment = Environment("local", url, guards=UNGUARDED)
        self.world = World(NOON)
        self.files: dict[str, File] = {}
        self.undo: Undo | None = None
        self.catalog = CATALOG

    def teardown(self) -> None:
        self.stack.close()

    @initialize(first=files)
    def begin(self, first: File) -> None:
        self.edit_a_file("pro", replace(first, archived=False))
        self.apply_the_files()

    @rule(key=st.sampled_from(KEYS), file=files)
    def edit_a_file(self, key: str, file: File) -> None:
        titled = replace(file.terms, title=key)
        self.files[key] = replace(file, terms=titled, renamed_from=self._origin(key))

    @precondition(lambda self: self.files)
    @rule(which=st.integers(0, 2))
    def remove_a_file(self, which: int) -> None:
        del self.files[sorted(self.files)[which % len(self.files)]]

    @precondition(lambda self: len(self.files) + len(self.world.live) < 2 * len(KEYS))
    @rule(old=st.sampled_from(KEYS), new=st.sampled_from(KEYS))
    def rename_a_file(self, old: str, new: str) -> None:
        if old in self.files and old in self.world.live and new not in {*self.files, *self.world.live}:
            file = self.files.pop(old)
            self.files[new] = replace(file, terms=replace(file.terms, title=new), renamed_from=old)

    @rule(has_extra=st.booleans(), chat=st.sampled_from(["chat", "talk"]))
    def edit_the_catalog(self, chat: str, *, has_extra: bool) -> None:
        self.catalog = catalog(has_extra=has_extra, chat=chat)

    @rule(key=st.sampled_from(KEYS), edited=by_hand)
    def edit_by_hand(self, key: str, edited: Terms) -> None:
        edited = replace(edited, title=key)
        definition = Definition.normalised(edited.document())
        package = self.world.live.get(key)
        is_archived = package.archived if package else False
        if edited.credits is not None and not is_archived and not self._offers_agent():
            with pytest.raises(BlockedError, match="has AI credits but no AI feature"):
                self.platform.edit_package(key, definition, self.world.now)
            return
        self.platform.edit_package(key, definition, self.world.now, archived=is_archived)
        if package is None:
            self.world.live[key] = Package([edited], managed=False)
        elif package.current != edited:
            package.revisions.append(edited)

    @rule(id_=st.sampled_from(IDS), key=st.sampled_from(KEYS), email=st.sampled_from(EMAILS))
    def assign(self, id_: str, key: str, email: str) -> None:
        holder, package = self.world.holders.get(id_), self.world.live.get(key)
        if package is None:
            return
        self.world.now += timedelta(microseconds=1)
        email = holder.email if holder else email
        refused = package.archived or not package.current.allows(email)
        try:
            if holder:
                self.platform.assign(id_, key, self.world.now)
            else:
                line = ClientLine(id_, 1, name=id_, owner_email=email.upper(), package=key)
                self.platform.import_clients([line], self.world.now)
        except (BlockedError, InvalidError):
            assert refused
            return
        assert not refused
        fresh = Holder(id_, email, key, len(package.revisions), self.world.now, package.current.expiry)
        if holder:
            self._spend_stocks(holder)
            fresh.status, fresh.users, fresh.gifts = holder.status, holder.users, holder.gifts
            fresh.cycle, fresh.assignment = holder.cycle + 1, holder.assignment + 1
        self.world.holders[id_] = fresh

    @precondition(lambda self: self.world.holders)
    @rule(data=st.data(), term=st.sampled_from([*FEATURES, *AMOUNTS]), until=UNTILS, many=st.integers(1, 3))
    def grant(self, data: st.DataObject, term: str, until: Any, many: int) -> None:
        """A feature, so much at least (1), so much more (2), or a stock (3)."""
        holder = data.draw(st.sampled_from(sorted(self.world.holders.values(), key=lambda each: each.id)))
        ends_at = self.world.now + timedelta(days=until) if isinstance(until, int) else None
        least, more, is_stock = 0.0, 0, False
        asked = Granting(term, ends_at or until)
        if term in FEATURES:
            least = float("inf")
        elif many == 1:
            least, asked = 3.0, replace(asked, set_to=3)
        else:
            more, is_stock = many, many == 3 and term != "user_count"
            asked = replace(asked, add=many, once=is_stock)
        try:
            seen = self.platform.adjust(holder.id, asked, self.world.now)
        except BlockedError:
            assert not self._could_use(holder, term)
            return
        assert self._could_use(holder, term)
        (id_,) = {each.id for each in seen.grants} - {each.id for each in holder.gifts}
        gift = Gift(id_, term, least, more, is_stock, ends_at)
        gift.cycle = holder.cycle if until == "cycle" else None
        gift.assignment = holder.assignment if until in {"subscription", "reassigned"} else None
        gift.revision = holder.revision if until == "reassigned" else None
        holder.gifts.append(gift)

    @precondition(lambda self: any(holder.has(self.world.now) for holder in self.world.holders.values()))
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        holders = [each for each in self.world.holders.values() if each.has(self.world.now)]
        holder = data.draw(st.sampled_from(sorted(holders, key=lambda each: each.id)))
        gift = holder.has(self.world.now)[0]
        self.platform.adjust(holder.id, Revoking(gift.id), self.world.now)
        holder.gifts.remove(gift)

    @precondition(lambda self: self.world.holders)
    @rule(data=st.data())
    def begin_a_cycle(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.world.holders.values(), key=lambda each: each.id)))
        self.platform.start_cycle(holder.id, self.world.now)
        self._spend_stocks(holder)
        used, holder.cycle = holder.usage, holder.cycle + 1
        holder.usage = {meter: used[meter] for meter in used if not self._begins_again(holder, meter)}

    @precondition(lambda self: self.world.holders)
    @rule(data=st.data(), meter=st.sampled_from([*FEATURES, *LIMITS, "ai_credits"]), more=st.integers(1, 3))
    def use(self, data: st.DataObject, meter: str, more: int) -> None:
        holder = data.draw(st.sampled_from(sorted(self.world.holders.values(), key=lambda each: each.id)))
        total = holder.usage.get(meter, 0) + more
        try:
            self.platform.record_usage(holder.id, meter, more, self.world.now)
        except BlockedError:
            assert total > self._granted(holder, meter)
            return
        assert total <= self._granted(holder, meter)
        holder.usage[meter] = total

    @precondition(lambda self: self.world.holders)
    @rule(data=st.data(), status=st.sampled_from(["active", "disabled"]), users=st.integers(0, 6))
    def import_again(self, data: st.DataObject, status: Any, users: int) -> None:
        holder = data.draw(st.sampled_from(sorted(self.world.holders.values(), key=lambda each: each.id)))
        self.platform.import_clients([ClientLine(holder.id, 1, status=status, users=users)], self.world.now)
        holder.status, holder.users = status, users

    @rule(days=st.sampled_from([1, 9, 31]))
    def time_passes(self, days: int) -> None:
        self.world.now += timedelta(days=days)

    @rule()
    def apply_the_files(self) -> None:
        expected = self.world.expected(self.files)
        made = self._plan()
        same_plan(made, expected)
        if made.is_empty:
            return
        before, terms = self.world.all_held(), self.world.terms_other_than(self.catalog.as_document())
        try:
            run = self._apply(made)
        except BlockedError:
            assert self._leaves_a_package_without_its_term()
            return
        self._remember(run, expected, terms)
        self.world.catalog = self.catalog.as_document()
        for each in expected.values():
            self.world.settle(each, run.id)
        assert announced(made) == self.world.lost_since(before)
        self.files = {key: replace(file, renamed_from=None) for key, file in self.files.items()}
        assert [change.action for change in self._plan().changes if change.reassignment is None] == []

    @precondition(lambda self: self.world.live)
    @rule(data=st.data(), ids=st.none() | st.sets(st.sampled_from(IDS), min_size=1))
    def reassign_by_hand(self, data: st.DataObject, ids: set[str] | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.world.live)))
        package = self.world.live[key]
        movers = [
            holder
            for holder in self.world.active(key)
            if holder.revision != len(package.revisions) and not package.archived
            if package.current.allows(holder.email) and (ids is None or holder.id in ids)
        ]
        aim = ClientsReassigned(key, None if ids is None else tuple(ids))
        if ids and not ids <= self.world.holders.keys():
            with pytest.raises(WrongUsageError, match="there is no client"):
                self._plan(aim)
            return
        made = self._plan(aim)
        assert sum(c.reassignment.clients for c in made.changes if c.reassignment) == len(movers)
        if movers:
            before = self.world.all_held()
            run = self._apply(made)
            self._remember(run, {}, {})
            for holder in movers:
                self.world.move(holder, len(package.revisions), run.id)
            assert announced(made) == self.world.lost_since(before)

    @precondition(lambda self: self.undo is not None)
    @rule()
    def roll_back_the_last_run(self) -> None:
        undo = self.undo
        assert undo is not None
        aim = RunUndone(undo.run.id)
        if self._misses_a_term(undo):
            with pytest.raises(BlockedError, match="which the catalog would not have then"):
                self._plan(aim)
            return
        made = self._plan(aim)
        if made.is_empty:
            return
        before = self.world.all_held()
        try:
            run = self._apply(made)
        except BlockedError:
            assert self._takes_a_title(undo)
            return
        self._undone(undo, run)
        assert announced(made) == self.world.lost_since(before)
        self._have_the_files_count_again()

    @rule(key=st.sampled_from(KEYS), edited=terms)
    def a_plan_is_stale_after_a_hand_edit(self, key: str, edited: Terms) -> None:
        made = self._plan()
        package = self.world.live.get(key)
        spoken_of = {change.renamed_from or change.key for change in made.changes}
        is_same = package is None or package.current == replace(edited, title=key)
        if is_same or key not in spoken_of or (edited.credits is not None and not self._offers_agent()):
            return
        self.edit_by_hand(key, edited)
        with pytest.raises(StaleError):
            self._apply(made)

    @invariant()
    def every_client_has_what_the_model_says(self) -> None:
        live = self.platform.catalog()
        assert (live or Catalog()).as_document() == self.world.catalog
        seen = {client.id: client for client in self.platform.clients(self.world.now)}
        assert seen.keys() == self.world.holders.keys()
        for id_, holder in self.world.holders.items():
            same_client(seen[id_], holder, self.world)

    def _spend_stocks(self, holder: Holder) -> None:
        """Take what the cycle used beyond all else off stocks, those first that end first."""
        mine, held = holder.has(self.world.now), self.world.terms(holder)
        rest = raised(held, [gift for gift in mine if not gift.once])
        allowed = {**dict(rest.limits), "ai_credits": rest.credits}
        never = datetime.max.replace(tzinfo=UTC)
        order = {each.id: number for number, each in enumerate(holder.gifts)}
        stocks = [gift for gift in mine if gift.once]
        for term in {gift.term for gift in stocks}:
            beyond = max(holder.usage.get(term, 0) - max(amount(allowed.get(term)), 0), 0)
            left = sorted(
                (g for g in stocks if g.term == term), key=lambda g: (g.ends_at or never, order[g.id])
            )
            for gift in left:
                taken = int(min(gift.more, beyond))
                gift.more, beyond = gift.more - taken, beyond - taken

    def _begins_again(self, holder: Holder, meter: str) -> bool:
        """Whether it is known to count per cycle: a rollback may have taken a limit out of the catalog."""
        if meter == "ai_credits" or any(meter in section for section in self.world.catalog.values()):
            return True
        held = self.world.terms(holder)
        return meter in held.features and meter not in dict(held.limits)

    def _could_use(self, holder: Holder, term: str) -> bool:
        """Whether the catalog that was applied knows it, and the client has what it needs."""
        catalog = self.world.catalog
        if term == "ai_credits":
            held = raised(self.world.terms(holder), holder.has(self.world.now))
            return any(catalog["features"].get(each, {}).get("ai") for each in held.features)
        return term == "user_count" or any(term in section for section in catalog.values())

    def _offers_agent(self) -> bool:
        """Whether the live catalog has the one AI feature, which a rollback may have taken away."""
        return self.platform.catalog() is None or "agent" in self.world.catalog["features"]

    def _leaves_a_package_without_its_term(self) -> bool:
        """Whether the files' catalog lacks what a package needs that no file speaks of."""
        spoken_of = self.files.keys() | {file.renamed_from for file in self.files.values()}
        left = [package for key, package in self.world.live.items() if key not in spoken_of]
        offered = self.catalog.features.keys()
        return any(not each.archived and not each.current.features <= offered for each in left)

    def _plan(self, aim: Aim = FILES_APPLIED) -> Plan:
        request = PlanRequest(self.world.now, WAIVERS, aim=aim)
        made = plan(self._workspace(), self.environment, self.platform, request)
        assert not made.blocked
        return made

    def _apply(self, made: Plan) -> Run:
        self.world.now += timedelta(microseconds=1)
        request = ApplyRequest(self.world.now, "story", WAIVERS)
        return apply(self._workspace(), self.environment, made, self.platform, request)

    def _workspace(self) -> Workspace:
        packages = {key: _desired(key, file) for key, file in sorted(self.files.items())}
        return Workspace(self.root, Settings(), self.catalog, packages, {}, ())

    def _origin(self, key: str) -> str | None:
        return self.files[key].renamed_from if key in self.files else None

    def _granted(self, holder: Holder, meter: str) -> float:
        held = self.world.entitled(holder)
        if held is None:
            return -1
        if meter == "ai_credits":
            return amount(held.credits)
        if meter in LIMITS:
            return amount(dict(held.limits).get(meter))
        return float("inf") if meter in held.features else -1

    def _remember(self, run: Run, expected: dict[str, Expected], terms: dict[tuple[str, str], Any]) -> None:
        written = {key: each for key, each in expected.items() if each.action}
        live = self.world.live
        before = {
            key: (live[each.live_key].current, live[each.live_key].archived)
            if each.action != "create"
            else None
            for key, each in written.items()
        }
        self.undo = Undo(run, before, {key: each.live_key for key, each in written.items()}, terms)

    def _takes_a_title(self, undo: Undo) -> bool:
        """Whether a package has, since the run, got the title that another one would get back."""
        live = self.world.live
        returning = {state[0].title: key for key, state in undo.before.items() if state and key in live}
        return any(
            package.current.title in returning and returning[package.current.title] != key
            for key, package in live.items()
            if not package.archived
        )

    def _have_the_files_count_again(self) -> None:
        """Release what the rollback parked, as an apply does once all of its files have changed."""
        releases = tuple(each.parking for each in self.platform.parked())
        if releases:
            released = change_set(self.platform, at=self.world.now, releases=releases)
            self.platform.apply(released)

    def _misses_a_term(self, undo: Undo) -> bool:
        """Whether a package would have what the catalog would not, and did not have it so already."""
        now, then, live = self.world.catalog, self.world.taken_back(undo.terms), self.world.live
        found = {key: self._restored(undo, key) for key in undo.before if key in live}
        written = {key: terms for key, (_, terms, _, is_same) in found.items() if not is_same}
        archived = {key for key, (_, _, is_archived, is_same) in found.items() if is_archived and not is_same}
        left = {
            key: package.current
            for key, package in live.items()
            if key not in written and not package.archived
        }
        return any(missing(terms, then) for key, terms in written.items() if key not in archived) or any(
            missing(terms, then) - missing(terms, now) for terms in left.values()
        )

    def _restored(self, undo: Undo, key: str) -> tuple[str, Terms, bool, bool]:
        """Key, terms and archival of a live package once the run is undone; whether it has them already."""
        package, state = self.world.live[key], undo.before[key]
        terms, archived = state or (package.current, True)
        old_key = key if undo.old_keys[key] in self.world.live else undo.old_keys[key]
        is_same = (old_key, terms, archived) == (key, package.current, package.archived)
        return old_key, terms, archived, is_same

    def _undone(self, undo: Undo, run: Run) -> None:
        """Packages are as before, as a new revision where they differ; who was moved away is back."""
        returning = {
            holder.id: holder.moved_in[1]
            for holder in self.world.holders.values()
            if holder.moved_in and holder.moved_in[0] == undo.run.id and holder.status == "active"
        }
        before: dict[str, tuple[Terms, bool] | None] = {}
        old_keys: dict[str, str] = {}
        for key in [key for key in undo.before if key in self.world.live]:
            package = self.world.live[key]
            old_key, restored, archived, is_same = self._restored(undo, key)
            if not is_same:
                before[old_key], old_keys[old_key] = (package.current, package.archived), key
            self.world.settle(Expected(old_key, key, "update", restored, archived=archived), run.id)
        for id_, revision in returning.items():
            self.world.move(self.world.holders[id_], revision, run.id)
        back = self.world.taken_back(undo.terms)
        terms = self.world.terms_other_than(back)
        self.world.catalog = back
        self.undo = Undo(run, before, old_keys, terms)


def _desired(key: str, file: File) -> DesiredPackage:
    per_run = Share(int(file.per_run.rstrip("%"))) if isinstance(file.per_run, str) else file.per_run
    rollout: Any = file.rollout
    return DesiredPackage(
        key,
        Stated(Definition.normalised(file.terms.document(states_emails=file.states_emails))),
        f"packages/{key}.yaml",
        states_emails=file.states_emails,
        archived=file.archived,
        renamed_from=(file.renamed_from,) if file.renamed_from else (),
        rollout=Rollout(rollout, per_run, file.exclude),
    )


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
