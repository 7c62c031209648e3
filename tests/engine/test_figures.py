"""The figures that decide, beside an independent count of every client of random agencies."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.engine.notes import NotesRequest, notes
from reconciler.engine.plan import environment_of
from reconciler.errors import BlockedError
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Granting
from reconciler.model.plans import Figures
from reconciler.model.terms import Code
from tests.engine.agencies import Holder, document, end_of, expected

if TYPE_CHECKING:
    from reconciler.model.clients import ClientStatus
    from reconciler.model.grants import Until
    from reconciler.model.plans import Plan
    from tests.engine.agencies import Expected
    from tests.shop import Shop

CLIENTS_OF_A_REVISION = 14


class Agency:
    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.random = Random(seed)  # noqa: S311 - the same agencies each time
        self.holders: list[Holder] = []
        self.live: dict[str, Any] = {}
        shop.guards(clients_losing="unlimited", acknowledge="never")

    def sell(self, held: dict[str, Any], number: int) -> None:
        """Give the current revision to new clients, who have held it for a while and use some of it."""
        lines = [self._line(held, f"{number}-{each:02}") for each in range(CLIENTS_OF_A_REVISION)]
        self.shop.platform.import_clients(lines, self.shop.at)

    def _line(self, held: dict[str, Any], name: str) -> ClientLine:
        random = self.random
        id_ = f"{random.randrange(1000):03}-{name}"
        meters = sorted(
            {*held["features"], *held["limits"], "ai_credits"}
            if "ai_credits" in held
            else {*held["features"], *held["limits"]}
        )
        usage = {meter: random.randrange(1, 60) for meter in meters if random.random() < 0.3}
        start = self.shop.at - timedelta(days=random.randrange(100), minutes=random.randrange(1, 1440))
        status: ClientStatus = "active" if random.random() < 0.9 else "disabled"
        holder = Holder(id_, held, start, random.randrange(8), usage, status)
        self.holders.append(holder)
        return ClientLine(
            id_, 1, id_, f"owner@{id_}.example", status, "pro", start, users=holder.users, usage=usage
        )

    def grant(self, holder: Holder) -> None:
        """Grant a holder three things that outlive a reassignment, as far as it could use them."""
        for term in self.random.sample(["calls", "chat", "limits/minutes", "user_count", "ai_credits"], 3):
            until: Until = self.random.choice(["subscription", "cycle", self.shop.at + timedelta(days=900)])
            asked = Granting(term, until)
            if term not in {"calls", "chat"}:
                most = self.random.choice([5, 20, 50, "unlimited"])
                more = (
                    {"set_to": most} if self.random.random() < 0.6 else {"add": self.random.randrange(1, 30)}
                )
                asked = dataclasses.replace(asked, **more)
            with suppress(BlockedError):
                self.shop.platform.adjust(holder.id, asked, self.shop.at)
                key = term.rpartition("/")[2]
                holder.granted[key] = (asked.set_to, asked.add or 0)

    def plan(self, after: dict[str, Any], per_run: int | None, *, moves: bool) -> tuple[Plan, Expected]:
        rollout = {"existing_clients": "reassign", **({"per_run": per_run} if per_run else {})}
        self.shop.package("pro", **after, **({"rollout": rollout} if moves else {}))
        made = self.shop.plan()
        at = made.created_at
        eligible = sorted(
            each.id
            for each in self.holders
            if each.status == "active" and end_of(each.held.get("expiry"), each.start) > at
        )
        movers = set(eligible[:per_run] if moves else ())
        return made, expected(self.holders, after, movers, at, None if moves else self.live)


def counted(made: Plan) -> dict[str, int | None]:
    return {name: getattr(made.summary, name) for name in (*Figures.model_fields, "suspended")}


@pytest.mark.parametrize("seed", range(1, 24, 3))
def test_notes_go_to_whom_the_plan_says_that_it_touches(shop: Shop, seed: int) -> None:
    agency = Agency(shop, seed)
    agency.live = document(agency.random)
    shop.package("pro", **agency.live)
    shop.apply()
    agency.sell(agency.live, 0)

    made, truth = agency.plan(document(agency.random), agency.random.choice([None, 5]), moves=True)
    workspace = shop.workspace
    environment = environment_of(workspace.settings, None)
    request = NotesRequest(made.created_at, made.created_at.date())
    told, with_kept = (
        {note.client.id for note in notes(workspace, environment, shop.platform, replace(request, kept=kept))}
        for kept in (False, True)
    )

    assert told == truth.losing
    assert with_kept == truth.losing | truth.keeping | truth.gaining


@pytest.mark.parametrize("seed", range(24))
def test_every_figure_is_the_number_of_distinct_clients(shop: Shop, seed: int) -> None:
    agency = Agency(shop, seed)
    for number in range(agency.random.randrange(1, 4)):
        agency.live = held = document(agency.random)
        shop.package("pro", **held)
        shop.apply()
        agency.sell(held, number)
    after = document(agency.random)
    per_run = agency.random.choice([None, None, 5, 11])

    made, truth = agency.plan(after, per_run, moves=seed % 3 > 0)

    same_figures(made, truth)


@pytest.mark.parametrize("seed", range(100, 130))
def test_grants_are_counted_with_what_the_package_gives(shop: Shop, seed: int) -> None:
    agency = Agency(shop, seed)
    for number in range(agency.random.randrange(1, 4)):
        agency.live = held = document(agency.random)
        shop.package("pro", **held)
        shop.apply()
        agency.sell(held, number)
    for holder in agency.holders:
        if agency.random.random() < 0.7:
            agency.grant(holder)

    made, truth = agency.plan(document(agency.random), agency.random.choice([None, 9]), moves=seed % 3 > 0)

    same_figures(made, truth)


def same_figures(made: Plan, truth: Expected) -> None:
    if not made.changes:
        pytest.skip("the last edit changed nothing")
    assert counted(made) == truth.figures()
    of_all = {
        (each.code.value, each.subject): each for change in made.changes for each in change.impact.findings
    }
    assert {which: each.lose for which, each in of_all.items() if each.lose} == {
        which: len(ids) for which, ids in truth.lose.items()
    }
    assert {which: each.keep for which, each in of_all.items() if each.keep} == {
        which: len(ids) for which, ids in truth.keep.items()
    }
    for which, each in of_all.items():
        losers = truth.lose.get(which, set())
        assert not losers or each.sample[0] in losers


def test_losses_of_different_clients_add_up(shop: Shop) -> None:
    """Four revisions of one feature each: nobody loses the same, and everybody loses something."""
    shop.guards(clients_losing="unlimited", acknowledge="never")
    for number, features in enumerate((["chat"], ["calls"], ["sessions"])):
        shop.package("pro", features=features)
        shop.apply()
        shop.clients(*(f"{number}{each}" for each in "abc"), package="pro")
    shop.package("pro", features=["agent"], rollout={"existing_clients": "reassign"})

    made = shop.plan()

    assert made.summary.clients_losing == 9
    assert max(each.lose for change in made.changes for each in change.impact.findings) == 3


def test_what_holders_really_keep_is_said(shop: Shop) -> None:
    full = {"features": ["sessions"], "user_count": 5}
    shop.package("pro", **full, limits={"sessions": 5000})
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", **full, limits={"sessions": 4000})
    shop.apply()
    shop.package("pro", **full, limits={"sessions": 100})

    finding = shop.plan().changes[0].impact.findings[0]

    assert (finding.held, finding.left, finding.keep) == ((5000,), 100, 1)


@pytest.mark.parametrize(
    ("before", "after"), [("360 days", "1 year"), ("365 days", "1 year"), ("59 days", "2 months")]
)
def test_an_expiry_that_is_never_shorter_is_no_loss(shop: Shop, before: str, after: str) -> None:
    shop.package("pro", features=["chat"], expiry=before)
    shop.apply()
    shop.package("pro", features=["chat"], expiry=after)

    codes = {field.code for field in shop.plan().changes[0].fields}

    assert codes == {Code.EXPIRY_EXTENDED}


def test_subscriptions_that_end_at_once_are_breaking_and_counted_on_their_own(shop: Shop) -> None:
    shop.guards(clients_losing="unlimited")
    shop.package("pro", features=["chat"], expiry="30 days")
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    shop.later(days=20)
    shop.clients("cone", package="pro", usage={"chat": 1})
    shop.package("pro", features=["chat"], expiry="10 days", rollout={"existing_clients": "reassign"})

    made = shop.plan()

    assert (made.summary.subscriptions_ended, made.summary.clients_losing) == (2, 3)
    findings = {each.code: each for change in made.changes for each in change.impact.findings}
    assert findings[Code.SUBSCRIPTION_ENDED].lose == 2
    assert findings[Code.EXPIRY_SHORTENED].lose == 1
    assert {change.severity.value for change in made.changes} == {"breaking"}
    owed = {(each.about.verb, each.about.term) for each in made.guards if each.about}
    assert owed == {("ends", "subscriptions"), ("shortens", "expiry")}


def test_who_ends_uses_it_if_it_used_anything_in_this_cycle_also_what_was_taken_from_it_since(
    shop: Shop,
) -> None:
    shop.guards(clients_losing="unlimited", acknowledge="never")
    shop.package("pro", features=["chat", "calls"], expiry="30 days")
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    shop.platform.record_usage("acme", "calls", 3, shop.at)
    shop.package("pro", features=["chat"], expiry="30 days", rollout={"existing_clients": "reassign"})
    shop.apply()
    shop.later(days=20)
    shop.package("pro", features=["chat"], expiry="10 days", rollout={"existing_clients": "reassign"})

    made = shop.plan()

    assert (made.summary.subscriptions_ended, made.summary.clients_losing_in_use) == (2, 1)


def test_an_amount_of_nothing_is_left_out_unsaid(shop: Shop) -> None:
    shop.package("pro", features=["sessions"], limits={"sessions": 0})
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", features=["sessions"])

    assert shop.plan().is_empty


def test_suspended_holders_are_counted_apart(shop: Shop) -> None:
    shop.package("pro", features=["chat"])
    shop.package("basic", features=["chat"])
    shop.apply()
    shop.clients("acme", package="pro", status="disabled")
    shop.remove("pro")

    made = shop.plan()

    assert made.summary.suspended == 1
    assert [guard.id for guard in made.guards if guard.result == "blocked"] == ["vanished"]
