"""Grants and extensions: what one client has beside its package, and until when (rules 17 and 18)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from msgspec.structs import replace

from reconciler.conformance.building import (
    CATALOG,
    LATER,
    NOW,
    apply,
    definition,
    line,
    version,
    with_catalog,
    with_client,
)
from reconciler.conformance.claims import claimed  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, InvalidError, WrongUsageError
from reconciler.model.catalog import Catalog, Feature, Limit
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.clients import ClientFilter, ClientLine, Entitlements
from reconciler.model.events import Author
from reconciler.model.expiry import LATEST, Expiry, Window
from reconciler.model.grants import Extending, Granting, LimitSet, Revoking
from reconciler.model.losses import Bounds, Entry, Lost
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.model.questions import (
    AfterMove,
    AmountThen,
    AnyOf,
    ClientQuestion,
    ExtendedBeyond,
    GrantEnds,
    LengthenedIn,
    LostSince,
    LostUnder,
    NotExtendedBeyond,
    OneOf,
    ShortenedIn,
    UsesBeyond,
)

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.clients import Client
    from reconciler.model.events import Event
    from reconciler.model.grants import Adjustment
    from reconciler.model.questions import Condition

NEEDS: tuple[str, ...] = ("grants",)
"""What every check here needs."""

WEEK: Final = timedelta(weeks=1)
ADA: Final = Author("ada", reason="Promised in May.")


def selling(platform: Platform, **document: Any) -> None:
    """Have package `basic` with an agent, and a client on it who has used a little."""
    with_catalog(platform)
    terms = {"features": ["agent"], "limits": {"sessions": 10}, "ai_credits": 100, **document}
    platform.edit_package("basic", definition(**terms), NOW)
    platform.add_client(line("acme", usage={"sessions": 4}), NOW)


def grant(platform: Platform, term: str, until: Any = LATER + WEEK, **more: Any) -> Client:
    return platform.adjust("acme", Granting(term, until, **more), LATER)


def amounts(client: Client) -> dict[str, Any]:
    return dict(client.entitlements.amounts)


def told(event: Event) -> tuple[str, str | None, str]:
    return event.kind, event.client, event.reason


def test_a_granted_feature_may_be_used_beside_the_snapshot(platform: Platform) -> None:
    selling(platform)

    client = grant(platform, "audio")

    assert client.entitlements.features == ("agent", "audio")
    assert platform.record_usage("acme", "audio", 1, LATER) == 1
    assert platform.client("acme", LATER).grants == client.grants


def test_who_has_a_grant_that_has_not_ended_is_listed(platform: Platform) -> None:
    selling(platform)
    platform.add_client(line("bolt"), NOW)
    grant(platform, "audio")
    everybody, granted = ClientFilter(), ClientFilter(granted=True)

    found = [
        [each.id for each in platform.clients(at, only=only)]
        for only, at in ((everybody, LATER), (granted, LATER), (granted, LATER + WEEK))
    ]

    assert found == [["acme", "bolt"], ["acme"], []]


@pytest.mark.parametrize("term", ["sessions", "limits/sessions"])
def test_what_is_added_comes_on_top_of_the_snapshot(platform: Platform, term: str) -> None:
    selling(platform)

    client = grant(platform, term, add=5)

    assert amounts(client) == {"user_count": 5, "ai_credits": 100, "sessions": 15}
    assert platform.record_usage("acme", "sessions", 11, LATER) == 15
    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sessions", 1, LATER)


@pytest.mark.parametrize(("set_to", "most"), [(7, 10), (30, 30), ("unlimited", "unlimited")])
def test_of_what_is_set_and_held_the_larger_counts(platform: Platform, set_to: Any, most: Any) -> None:
    selling(platform)

    client = grant(platform, "sessions", set_to=set_to)

    assert amounts(client)["sessions"] == most


def test_grants_add_up_over_the_largest_that_is_set(platform: Platform) -> None:
    selling(platform)

    for more in ({"add": 3}, {"set_to": 20}, {"add": 4}, {"set_to": 15}):
        grant(platform, "sessions", **more)

    assert amounts(platform.client("acme", LATER))["sessions"] == 27


def test_a_granted_limit_that_the_package_does_not_state_is_granted_alone(platform: Platform) -> None:
    selling(platform)

    client = grant(platform, "sources", add=3)

    assert amounts(client)["sources"] == 3


def test_seats_that_are_added_may_be_filled(platform: Platform) -> None:
    selling(platform)
    with pytest.raises(BlockedError):
        platform.set_users("acme", 8, LATER)

    grant(platform, "user_count", add=3)

    assert platform.set_users("acme", 8, LATER).users == 8


def test_a_grant_ends_at_its_date_and_not_before(platform: Platform) -> None:
    selling(platform)
    grant(platform, "sessions", LATER + WEEK, add=5)

    last = platform.client("acme", LATER + WEEK - timedelta(microseconds=1))
    over = platform.client("acme", LATER + WEEK)

    assert (amounts(last)["sessions"], len(last.grants)) == (15, 1)
    assert (amounts(over)["sessions"], over.grants) == (10, ())


@pytest.mark.parametrize(
    ("until", "left"),
    [("cycle", False), ("subscription", True), ("reassigned", True), (LATER + WEEK, True)],
)
def test_a_new_cycle_ends_what_is_granted_until_then(platform: Platform, until: Any, *, left: bool) -> None:
    selling(platform)
    grant(platform, "sessions", until, add=5)

    client = platform.start_cycle("acme", LATER)

    assert (len(client.grants) == 1) is left
    assert amounts(client)["sessions"] == (15 if left else 10)


@pytest.mark.parametrize(
    ("until", "left"),
    [("cycle", False), ("subscription", False), ("reassigned", False), (LATER + WEEK, True)],
)
def test_an_assignment_by_hand_ends_all_but_dated_grants(
    platform: Platform, until: Any, *, left: bool
) -> None:
    selling(platform)
    grant(platform, "sessions", until, add=5)

    told = platform.foresee("acme", "basic", LATER)
    client = platform.assign("acme", "basic", LATER)

    assert (len(client.grants) == 1) is left
    assert bool(told.prospect.losses) is not left


def reassigned(platform: Platform, **document: Any) -> Client:
    """Write another revision of the package, move its holders to it and return the client."""
    write = PackageWrite("basic", definition(**document), version(platform, "basic"))
    apply(platform, writes=(write,), moves=(Move(ClientQuestion("basic", (1,)), None),))
    return platform.client("acme", LATER)


@pytest.mark.parametrize(
    ("until", "left"),
    [("cycle", True), ("subscription", True), ("reassigned", False), (LATER + WEEK, True)],
)
def test_a_rollout_ends_what_is_granted_until_reassigned(
    platform: Platform, until: Any, *, left: bool
) -> None:
    selling(platform)
    grant(platform, "audio", until)

    client = reassigned(platform, features=["chat"])

    assert client.entitlements.features == (("audio", "chat") if left else ("chat",))


def test_a_removed_feature_that_is_granted_is_kept_over_a_reassignment(platform: Platform) -> None:
    selling(platform)
    grant(platform, "agent", "subscription")

    client = reassigned(platform, features=["chat"])

    assert client.entitlements.features == ("agent", "chat")


def test_while_the_subscription_entitles_to_nothing_so_does_the_grant(platform: Platform) -> None:
    selling(platform, expiry="2 days")
    grant(platform, "sessions", add=5)

    over = platform.client("acme", NOW + timedelta(days=2))

    assert over.entitlements == Entitlements()
    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sessions", 1, NOW + timedelta(days=2))


def test_a_stock_is_spent_by_what_a_cycle_used_beyond_all_else(platform: Platform) -> None:
    selling(platform)
    grant(platform, "ai_credits", add=50)
    grant(platform, "ai_credits", "subscription", add=30, once=True)
    assert platform.record_usage("acme", "ai_credits", 170, LATER) == 170

    client = platform.start_cycle("acme", LATER)

    (stock,) = (each for each in client.grants if each.once)
    assert (stock.add, stock.spent) == (30, 20)
    assert amounts(client)["ai_credits"] == 160


def test_a_cycle_within_the_allowance_spends_no_stock(platform: Platform) -> None:
    selling(platform)
    grant(platform, "ai_credits", add=30, once=True)
    platform.record_usage("acme", "ai_credits", 100, LATER)

    client = platform.start_cycle("acme", LATER)

    assert amounts(client)["ai_credits"] == 130


def test_of_two_stocks_the_one_that_ends_first_is_spent_first(platform: Platform) -> None:
    selling(platform)
    grant(platform, "ai_credits", "subscription", add=30, once=True)
    grant(platform, "ai_credits", LATER + 2 * WEEK, add=30, once=True)
    grant(platform, "ai_credits", LATER + WEEK, add=30, once=True)
    platform.record_usage("acme", "ai_credits", 145, LATER)

    client = platform.start_cycle("acme", LATER)

    spent = {each.until: each.spent for each in client.grants}
    assert spent == {LATER + WEEK: 30, LATER + 2 * WEEK: 15, "subscription": 0}


def test_a_stock_is_spent_by_the_cycle_that_an_assignment_or_an_import_ends(platform: Platform) -> None:
    selling(platform)
    platform.edit_package("other", definition("Other", features=["agent"], ai_credits=10), NOW)
    grant(platform, "ai_credits", LATER + WEEK, add=30, once=True)
    platform.record_usage("acme", "ai_credits", 110, LATER)

    platform.assign("acme", "other", LATER)
    platform.record_usage("acme", "ai_credits", 15, LATER)
    platform.import_clients([ClientLine("acme", 1, package="basic")], LATER, assign=1)

    client = platform.client("acme", LATER)
    assert [each.spent for each in client.grants] == [15]
    assert amounts(client)["ai_credits"] == 115


def test_what_is_granted_must_be_known_to_the_catalog(platform: Platform) -> None:
    selling(platform)

    for term, more in (("nowhere", {}), ("nowhere", {"add": 1}), ("features/sessions", {"add": 1})):
        with pytest.raises(BlockedError):
            grant(platform, term, **more)

    assert platform.client("acme", LATER).grants == ()


@pytest.mark.parametrize(
    ("term", "more"),
    [
        ("sessions", {}),
        ("audio", {"add": 1}),
        ("sessions", {"add": 1, "set_to": 2}),
        ("user_count", {}),
        ("sessions", {"set_to": 9, "once": True}),
        ("sources", {"add": 9, "once": True}),
        ("user_count", {"add": 9, "once": True}),
        ("sessions", {"add": 1, "limits": (LimitSet("sources", 1),)}),
        ("sessions", {"add": 1, "until": NOW}),
    ],
    ids=str,
)
def test_a_grant_states_one_amount_that_makes_sense(
    platform: Platform, term: str, more: dict[str, Any]
) -> None:
    selling(platform)

    with pytest.raises(BlockedError):
        grant(platform, term, **more)

    assert platform.client("acme", LATER).grants == ()


def test_a_feature_is_granted_beside_what_it_requires_and_with_its_limits(platform: Platform) -> None:
    calls = Feature("Calls", requires=("chat",))
    limits = {"minutes": Limit("Minutes", feature="calls", per="cycle")}
    apply(platform, catalog=replace(CATALOG, features={**CATALOG.features, "calls": calls}, limits=limits))
    platform.edit_package("basic", definition(features=[]), NOW)
    platform.add_client(line("acme"), NOW)

    for term, more in (
        ("calls", {}),
        ("minutes", {"add": 5}),
        ("calls", {"limits": (LimitSet("minutes", 5),)}),
    ):
        with pytest.raises(BlockedError):
            grant(platform, term, **more)
    grant(platform, "chat")
    with pytest.raises(BlockedError):
        grant(platform, "calls")
    client = grant(platform, "calls", limits=(LimitSet("minutes", 5),))

    assert client.entitlements.features == ("calls", "chat")
    assert amounts(client)["minutes"] == 5


def test_ai_credits_are_granted_beside_an_ai_feature_only(platform: Platform) -> None:
    with_catalog(platform)
    with_client(platform)

    with pytest.raises(BlockedError):
        grant(platform, "ai_credits", add=5)
    grant(platform, "agent")

    assert amounts(grant(platform, "ai_credits", add=5))["ai_credits"] == 5


def test_a_revoked_grant_counts_no_more(platform: Platform) -> None:
    selling(platform)
    grant(platform, "audio")
    (given, *_) = grant(platform, "sessions", add=5).grants

    client = platform.adjust("acme", Revoking(given.id), LATER)

    assert client.entitlements.features == ("agent",)
    assert [each.term for each in client.grants] == ["limits/sessions"]
    with pytest.raises(WrongUsageError):
        platform.adjust("acme", Revoking(given.id), LATER)


def test_an_extension_lets_a_subscription_end_later_and_revives_one_that_is_over(
    platform: Platform,
) -> None:
    selling(platform, expiry="1 day")
    over = platform.client("acme", LATER)

    client = platform.adjust("acme", Extending(LATER + WEEK), LATER)

    held = client.subscription
    assert (over.subscription.status, held.status) == ("expired", "active")
    assert (held.expires_at, held.extended_to) == (LATER + WEEK, LATER + WEEK)
    assert (platform.holder_count(LATER), platform.holder_count(LATER + WEEK)) == (1, 0)


@pytest.mark.parametrize(("expiry", "end"), [("2 days", LATER + WEEK), ("30 days", NOW + timedelta(days=30))])
def test_the_later_of_extension_and_expiry_counts_across_reassignments(
    platform: Platform, expiry: str, end: datetime
) -> None:
    selling(platform, expiry="3 days")
    platform.adjust("acme", Extending(LATER + WEEK), LATER)

    client = reassigned(platform, expiry=expiry)

    assert client.subscription.expires_at == end


def test_a_start_that_is_restated_keeps_the_extension(platform: Platform) -> None:
    selling(platform, expiry="3 days")
    platform.adjust("acme", Extending(LATER + WEEK), LATER)

    platform.import_clients([ClientLine("acme", 1, assigned_at=NOW - WEEK)], LATER, assign=1)

    assert platform.client("acme", LATER).subscription.expires_at == LATER + WEEK


def test_an_assignment_by_hand_ends_the_extension(platform: Platform) -> None:
    selling(platform, expiry="3 days")
    platform.adjust("acme", Extending(LATER + WEEK), LATER)

    told = platform.foresee("acme", "basic", LATER)
    client = platform.assign("acme", "basic", LATER)

    held = client.subscription
    assert (held.expires_at, held.extended_to) == (LATER + timedelta(days=3), None)
    assert told.prospect.expires_at == held.expires_at


@pytest.mark.parametrize(
    ("expiry", "until"), [(None, LATER + WEEK), ("30 days", LATER + WEEK), ("1 day", LATER)]
)
def test_what_is_no_extension_is_refused(platform: Platform, expiry: str | None, until: datetime) -> None:
    selling(platform, **({} if expiry is None else {"expiry": expiry}))

    with pytest.raises(BlockedError):
        platform.adjust("acme", Extending(until), LATER)

    assert platform.client("acme", LATER).subscription.extended_to is None


def test_what_an_adjustment_would_do_is_told_and_nothing_written(platform: Platform) -> None:
    selling(platform)
    before = platform.client("acme", LATER)
    adjustment = Granting("sessions", "cycle", add=5)

    told = platform.foresee_adjustment("acme", adjustment, LATER)

    assert platform.client("acme", LATER) == told.before == before
    after = platform.adjust("acme", adjustment, LATER)
    assert told.after.entitlements == after.entitlements
    with pytest.raises(BlockedError):
        platform.foresee_adjustment("acme", Granting("sessions", "cycle"), LATER)
    with pytest.raises(WrongUsageError):
        platform.foresee_adjustment("nobody", adjustment, LATER)


def test_each_adjustment_is_an_event_with_its_author_and_reason(platform: Platform) -> None:
    selling(platform, expiry="9 days")
    adjust = platform.adjust

    first, second, third = (LATER + timedelta(seconds=number) for number in (1, 2, 3))
    (given,) = adjust("acme", Granting("audio", "cycle"), first, by=ADA).grants
    adjust("acme", Extending(LATER + 2 * WEEK), second, by=ADA)
    adjust("acme", Revoking(given.id), third, by=ADA)

    events = list(platform.events(limit=3))
    assert [told(each) for each in events] == [
        (kind, "acme", "Promised in May.") for kind in ("grant", "extend", "revoke")
    ]
    assert [each.lost for each in events] == [False, False, True]
    assert platform.lost_since(LATER).clients == 1
    assert (given.reason, given.granted_at) == ("Promised in May.", first)


def test_clients_whose_subscription_ends_soon_come_soonest_first(platform: Platform) -> None:
    selling(platform, expiry="9 days")
    platform.edit_package("soon", definition("Soon", expiry="2 days"), NOW)
    platform.edit_package("never", definition("Never"), NOW)
    for client_id, key in (("b", "soon"), ("a", "soon"), ("c", "never")):
        platform.add_client(line(client_id, package=key), NOW)
    platform.adjust("b", Extending(NOW + timedelta(days=12)), NOW)

    def ending(days: int, at: datetime = NOW) -> list[str]:
        return [client.id for client in platform.expiring(at, NOW + timedelta(days=days))]

    assert ending(12) == ["a", "acme", "b"]
    assert (ending(9), ending(1)) == (["a", "acme"], [])
    assert ending(12, NOW + timedelta(days=2)) == ["acme", "b"]


def test_lines_of_an_import_state_grants_and_stating_them_again_grants_no_more(platform: Platform) -> None:
    selling(platform)
    stated = (
        Granting("audio", LATER + WEEK),
        Granting("sessions", "subscription", add=5),
        Granting("sources", NOW, add=5),
    )
    lines = [ClientLine("acme", 1, grants=stated), line("bolt", line=2, grants=stated, users=1)]

    platform.import_clients(lines, LATER, by=ADA)
    once = [client.grants for client in platform.clients(LATER)]
    platform.import_clients(lines, LATER + timedelta(hours=1))

    assert [client.grants for client in platform.clients(LATER)] == once
    assert [[each.term for each in of] for of in once] == [["features/audio", "limits/sessions"]] * 2
    kinds = [event.kind for event in platform.events()]
    assert kinds.count("grant") == 4


def test_a_line_that_grants_what_cannot_be_used_is_found_and_nothing_imported(platform: Platform) -> None:
    selling(platform)
    lines = [
        ClientLine("acme", 1, name="Acme", grants=(Granting("audio", "cycle"),)),
        line("bolt", line=2, grants=(Granting("nowhere", "cycle"),)),
    ]

    with pytest.raises(InvalidError) as raised:
        platform.import_clients(lines, LATER)

    assert [(each.position.line, each.rule) for each in raised.value.findings] == [(2, "grant-unknown-term")]
    assert [(client.id, client.name, client.grants) for client in platform.clients(LATER)] == [
        ("acme", "acme", ())
    ]


def test_a_client_is_added_with_grants(platform: Platform) -> None:
    selling(platform)
    seats = Granting("user_count", "subscription", add=2)

    client = platform.add_client(line("bolt", users=7, grants=(seats,)), LATER)

    assert (client.users, client.entitlements.caps["user_count"]) == (7, 7)
    with pytest.raises(BlockedError):
        platform.add_client(line("cord", users=8, grants=(seats,)), LATER)


def planned(platform: Platform, *conditions: Condition, revision: int = 1) -> list[str]:
    """Ask for the clients of a revision who meet conditions, counted and by name."""
    question = ClientQuestion("basic", (revision,), conditions)
    (answer,) = platform.answers([question], LATER, sample=9)
    assert answer.count == len(answer.sample)
    assert list(platform.matching(question, LATER)) == list(answer.sample)
    return list(answer.sample)


def holding(platform: Platform) -> None:
    """Have clients with all sorts of grants on one package, and one without any."""
    selling(platform)
    untils: dict[str, Any] = {"dated": LATER + WEEK, "moved": "reassigned", "held": "subscription"}
    for client_id in ("dated", "held", "moved", "none", "over"):
        platform.add_client(line(client_id, usage={"sessions": 12, "audio": 1}), NOW)
    for client_id, until in untils.items():
        adjust(platform, client_id, Granting("audio", until))
        adjust(platform, client_id, Granting("sessions", until, add=3))
        adjust(platform, client_id, Granting("user_count", until, set_to=6))
    platform.adjust("over", Granting("audio", LATER - timedelta(hours=1)), NOW)
    crowded = ("dated", "held", "moved", "none", "over")
    platform.import_clients([ClientLine(each, at, users=6) for at, each in enumerate(crowded, 1)], LATER)


def adjust(platform: Platform, client_id: str, adjustment: Adjustment) -> Client:
    return platform.adjust(client_id, adjustment, LATER)


def test_questions_ask_who_has_a_grant_that_counts_and_who_keeps_it_when_moved(platform: Platform) -> None:
    holding(platform)
    everybody = ["acme", "dated", "held", "moved", "none", "over"]
    audio, seats, sessions = "features/audio", "user_count", "limits/sessions"

    def asked(term: str, held: int, left: int) -> list[list[str]]:
        return [planned(platform, AfterMove(term, held, left, has)) for has in get_args(AmountThen)]

    assert planned(platform, GrantEnds()) == ["moved"]
    assert asked(audio, LARGEST_QUANTITY, 0) == [["acme", "moved", "none", "over"], ["dated", "held"], []]
    assert asked(audio, 0, 0) == [["moved"], ["acme", "dated", "held", "none", "over"], []]
    assert asked(audio, 0, LARGEST_QUANTITY) == [
        [],
        ["dated", "held", "moved"],
        ["acme", "none", "over"],
    ]
    assert asked(seats, 6, 5) == [["acme", "moved", "none", "over"], ["dated", "held"], []]
    assert asked(seats, 7, 5) == [everybody, [], []]
    assert asked(seats, 5, 6) == [[], ["dated", "held", "moved"], ["acme", "none", "over"]]
    assert asked(sessions, 10, 12) == [["moved"], [], ["acme", "dated", "held", "none", "over"]]
    assert asked(sessions, 10, 13) == [[], ["moved"], ["acme", "dated", "held", "none", "over"]]
    assert asked(sessions, LARGEST_QUANTITY, LARGEST_QUANTITY) == [[], everybody, []]


def test_alternatives_ask_what_is_had_after_a_move_as_conditions_do(platform: Platform) -> None:
    holding(platform)
    less, as_much, more = (AfterMove("limits/sessions", 10, 12, has) for has in get_args(AmountThen))
    audio = AfterMove("features/audio", LARGEST_QUANTITY, 0)

    assert planned(platform, AnyOf((less, as_much))) == ["moved"]
    assert planned(platform, AnyOf((as_much, audio))) == ["acme", "moved", "none", "over"]
    assert planned(platform, AnyOf((more, audio))) == ["acme", "dated", "held", "moved", "none", "over"]
    assert planned(platform, AnyOf((audio, AfterMove("user_count", 9, 5)))) == [
        "acme",
        "dated",
        "held",
        "moved",
        "none",
        "over",
    ]


def test_questions_ask_who_uses_more_than_is_left_with_what_is_granted(platform: Platform) -> None:
    holding(platform)
    sessions, seats = UsesBeyond("limits/sessions", 100, 10), UsesBeyond("user_count", 100, 5)

    assert planned(platform, sessions) == ["moved", "none", "over"]
    assert planned(platform, UsesBeyond("limits/sessions", 100, 8)) == [
        "dated",
        "held",
        "moved",
        "none",
        "over",
    ]
    assert planned(platform, seats) == ["moved", "none", "over"]
    assert planned(platform, UsesBeyond("user_count", 6, 3)) == ["moved", "none", "over"]
    assert planned(platform, UsesBeyond("features/audio", LARGEST_QUANTITY, 0)) == ["moved", "none", "over"]
    assert planned(platform, UsesBeyond("features/audio", 0, 0)) == ["moved"]
    assert planned(platform, UsesBeyond("limits/sessions", 10, 11)) == ["moved"]
    assert planned(platform, UsesBeyond("limits/sessions", 10, 12)) == []
    assert planned(platform, AnyOf((sessions, seats))) == ["moved", "none", "over"]


def moved_on(platform: Platform, *, back: bool = False) -> None:
    """Have everybody who holds the first revision hold the second, or the other way round."""
    terms: dict[str, Any] = {"features": ["agent"], "limits": {"sessions": 10}, "ai_credits": 100}
    number = version(platform, "basic")
    if back:
        apply(platform, moves=(Move(ClientQuestion("basic", (2,)), None, 1, number),))
    else:
        write = () if number > 1 else (PackageWrite("basic", definition(**terms, user_count=4), number),)
        apply(platform, writes=write, moves=(Move(ClientQuestion("basic", (1,)), None),))


def test_questions_ask_what_a_return_brings_back_of_what_had_ended_with_a_move(platform: Platform) -> None:
    selling(platform)
    platform.add_client(line("bolt", usage={"audio": 1}), NOW)
    adjust(platform, "bolt", Granting("sessions", "subscription", add=3))
    grant(platform, "sessions", "reassigned", add=3)
    grant(platform, "audio", "reassigned")
    moved_on(platform)

    def asked(term: str, held: int, left: int, back_to: int | None) -> list[list[str]]:
        returning = (AfterMove(term, held, left, has, back_to) for has in get_args(AmountThen))
        return [planned(platform, each, revision=2) for each in returning]

    assert platform.granted_terms(["basic"], LATER) == {
        "basic": {"features/audio": False, "limits/sessions": False}
    }
    assert asked("limits/sessions", 12, 10, None) == [["acme", "bolt"], [], []]
    assert asked("limits/sessions", 12, 10, 2) == [["acme", "bolt"], [], []]
    assert asked("limits/sessions", 12, 10, 1) == [["bolt"], [], ["acme"]]
    assert asked("features/audio", LARGEST_QUANTITY, 0, 1) == [["bolt"], ["acme"], []]
    platform.record_usage("acme", "sessions", 4, LATER)
    beyond = [UsesBeyond("limits/sessions", 99, 6, each) for each in (None, 1)]
    assert [planned(platform, each, revision=2) for each in beyond] == [["acme"], []]
    either = AnyOf((beyond[1], AfterMove("limits/sessions", 12, 10, "more", 1)))
    assert planned(platform, either, revision=2) == ["acme"]


def test_what_ended_with_a_move_comes_back_with_a_return_and_not_with_a_later_step(
    platform: Platform,
) -> None:
    selling(platform)
    moved_on(platform)
    (given,) = grant(platform, "audio", "reassigned").grants

    moved_on(platform, back=True)
    assert platform.client("acme", LATER).grants == ()
    moved_on(platform)

    assert platform.client("acme", LATER).grants == ()
    assert platform.granted_terms(["basic"], LATER) == {}
    assert given.until == "reassigned"


def test_questions_ask_whose_end_an_extension_moves(platform: Platform) -> None:
    selling(platform, expiry="3 days")
    ever = (Window(None, NOW),)
    for client_id in ("none", "short"):
        platform.add_client(line(client_id), NOW)
    adjust(platform, "acme", Extending(LATER + WEEK))

    assert planned(platform, ShortenedIn(ever)) == ["none", "short"]
    assert planned(platform, ExtendedBeyond(LATER)) == ["acme"]
    assert planned(platform, NotExtendedBeyond(LATER)) == ["none", "short"]
    assert planned(platform, NotExtendedBeyond(LATER + WEEK)) == ["acme", "none", "short"]
    assert planned(platform, AnyOf((ExtendedBeyond(LATER), ShortenedIn(ever)))) == ["acme", "none", "short"]


@pytest.mark.parametrize("longer", ["40 days", "1 month"])
def test_questions_ask_whom_a_longer_expiry_gives_more_than_an_extension(
    platform: Platform, longer: str
) -> None:
    selling(platform, expiry="3 days")
    platform.add_client(line("bolt"), NOW)
    platform.add_client(line("none"), NOW)
    expiry = Expiry.parse(longer)
    end = expiry.after(NOW)
    assert end is not None
    adjust(platform, "acme", Extending(end))
    adjust(platform, "bolt", Extending(end - timedelta(seconds=1)))

    asked = LengthenedIn(expiry.spans((Window(None, LATEST),), LATER))

    assert planned(platform, asked) == ["bolt", "none"]
    assert planned(platform, AnyOf((asked, ExtendedBeyond(end)))) == ["bolt", "none"]
    assert planned(platform, AnyOf((asked, ExtendedBeyond(LATER)))) == ["acme", "bolt", "none"]


def test_what_was_granted_to_holders_of_which_package_is_told(platform: Platform) -> None:
    selling(platform, expiry="3 days")
    platform.edit_package("other", definition("Other"), NOW)
    grant(platform, "audio", "cycle")
    grant(platform, "sessions", LATER + WEEK, add=1)
    grant(platform, "sessions", "reassigned", add=1)
    told = platform.granted_terms(["basic", "other"], LATER)

    adjust(platform, "acme", Extending(LATER + 2 * WEEK))
    platform.start_cycle("acme", LATER)

    assert told == {"basic": {"features/audio": False, "limits/sessions": True}}
    assert platform.granted_terms(["basic"], LATER) == {"basic": {"limits/sessions": True, "expiry": False}}
    assert platform.granted_terms(["basic"], LATER + WEEK) == {
        "basic": {"limits/sessions": True, "expiry": False}
    }
    assert platform.granted_terms(["basic"], LATER + 2 * WEEK) == {}


def test_an_extension_that_ends_later_than_both_makes_nobody_outdated(platform: Platform) -> None:
    selling(platform, expiry="30 days")
    platform.add_client(line("bolt"), NOW)
    adjust(platform, "acme", Extending(NOW + timedelta(days=50)))

    edited: dict[str, Any] = {"features": ["agent"], "limits": {"sessions": 10}, "ai_credits": 100}
    platform.edit_package("basic", definition(**edited, expiry="40 days"), LATER)

    (found,) = platform.outdated(LATER)
    assert (found.revision, found.clients) == (1, 1)
    assert [client.id for client in platform.clients(LATER, outdated=True)] == ["bolt"]


def test_who_kept_by_a_grant_what_a_move_took_has_lost_nothing(platform: Platform) -> None:
    selling(platform)
    platform.add_client(line("bolt"), NOW)
    platform.add_client(line("cord"), NOW)
    adjust(platform, "acme", Granting("agent", "subscription"))
    adjust(platform, "bolt", Granting("agent", "reassigned"))
    terms: dict[str, Any] = {"limits": {"sessions": 10}, "ai_credits": 100}
    entry = Entry("basic", "removes", "features/agent", 2, LATER.date())

    write = PackageWrite("basic", definition(**terms, features=["chat", "pilot"]), version(platform, "basic"))
    pilot = {"pilot": Feature("Pilot", ai=True)}
    apply(
        platform,
        catalog=Catalog(features=pilot),
        writes=(write,),
        moves=(Move(ClientQuestion("basic", (1,)), None),),
        acknowledgements=(entry,),
        bounds=Bounds((entry,)),
    )

    (in_force,) = platform.acknowledged(LATER)
    assert in_force.lost == 2
    assert platform.lost_since(LATER) == Lost(2)
    for condition in (LostUnder("removes", "features/agent"), LostSince(LATER)):
        assert [*platform.matching(ClientQuestion("basic", (2,), (condition,)), LATER)] == ["bolt", "cord"]


def test_an_entry_for_a_limit_whose_feature_goes_too_is_spent_once_nobody_could_lose_it(
    platform: Platform,
) -> None:
    """Whoever keeps the feature by a grant loses the limit alone."""
    capping = Catalog(features={"audio": Feature("Audio")}, limits={"calls": Limit("Calls", feature="audio")})
    apply(platform, catalog=capping)
    platform.edit_package("basic", definition(features=["audio"], limits={"calls": 9}), NOW)
    for client_id in ("acme", "bolt"):
        platform.add_client(line(client_id), NOW)
    grant(platform, "features/audio")
    entry = Entry("basic", "removes", "limits/calls", 2, LATER.date())
    write = PackageWrite("basic", definition(), version(platform, "basic"))
    first, rest = (Move(ClientQuestion("basic", (1,), each), 9) for each in ((OneOf(("acme",)),), ()))

    apply(platform, writes=(write,), moves=(first,), acknowledgements=(entry,))
    (before,) = platform.acknowledged(LATER)
    apply(platform, moves=(rest,))
    (after,) = platform.acknowledged(LATER)

    assert [(each.lost, each.is_spent) for each in (before, after)] == [(1, False), (1, True)]


def test_whoever_an_extension_leaves_a_shorter_term_is_counted_as_shortened_and_not_as_ended(
    platform: Platform,
) -> None:
    """By the package alone its subscription would be over at once."""
    platform.edit_package("basic", definition(expiry="15 days"), NOW)
    platform.add_client(line("acme", assigned_at=LATER - timedelta(days=12)), NOW)
    adjust(platform, "acme", Extending(LATER + timedelta(days=20)))
    platform.edit_package("basic", definition(expiry="60 days"), NOW)
    apply(platform, moves=(Move(ClientQuestion("basic", (1,)), 9),))
    ends = Entry("basic", "ends", "subscriptions", 2, LATER.date())
    shortens = Entry("basic", "shortens", "expiry", 2, LATER.date())
    write = PackageWrite("basic", definition(expiry="10 days"), version(platform, "basic"))
    move = Move(ClientQuestion("basic", (2,)), 9)

    apply(platform, writes=(write,), moves=(move,), acknowledgements=(ends, shortens))

    assert [(each.entry.verb, each.lost) for each in platform.acknowledged(LATER)] == [
        ("ends", 0),
        ("shortens", 1),
    ]


def test_clients_come_with_what_they_were_granted(platform: Platform) -> None:
    selling(platform)
    platform.add_client(line("bolt"), NOW)
    given = grant(platform, "audio")

    assert [client.grants for client in platform.clients(LATER)] == [given.grants, ()]
