"""Clients: taken in, assigned, using what they may, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.conformance.building import (
    LATER,
    NOW,
    apply,
    definition,
    line,
    with_catalog,
    with_client,
)
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, InvalidError, UnaskedMovesError, WrongUsageError
from reconciler.model.clients import ClientFilter, ClientLine, Entitlements, ImportReport
from reconciler.model.emails import normal_email
from reconciler.model.moving import Moving
from reconciler.model.packages import Share
from reconciler.model.questions import ClientQuestion, OwnerIn
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.live.port import Platform


def test_a_client_is_assigned_a_snapshot_of_the_current_revision(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("basic", definition(features=["audio", "chat"]), NOW)

    client = platform.add_client(line("acme"), NOW)

    assert (client.subscription.revision, client.subscription.assigned_at) == (2, NOW)
    assert client.entitlements == Entitlements(("audio", "chat"), {}, {"user_count": 5})
    assert platform.snapshot("acme") == definition(features=["audio", "chat"])


@needs("snapshots=assignment")
def test_a_removed_feature_is_kept_by_clients_who_hold_it(platform: Platform) -> None:
    with_client(platform)

    platform.edit_package("basic", definition(features=[]), NOW)

    client = platform.client("acme", LATER)
    assert client.entitlements.features == ("chat",)
    assert (client.subscription.revision, client.subscription.current_revision) == (1, 2)


def test_an_edit_that_changes_nothing_mints_no_revision(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)

    head = platform.edit_package("basic", definition(), NOW)

    assert (head.revision, head.version) == (1, 2)


@needs("expiry")
@pytest.mark.parametrize(
    ("expiry", "end"),
    [
        ("14 days", datetime(2026, 2, 14, 9, tzinfo=UTC)),
        ("1 month", datetime(2026, 2, 28, 9, tzinfo=UTC)),
        ("99999 years", None),
    ],
)
def test_expiry_counts_from_the_assignment(platform: Platform, expiry: str, end: datetime | None) -> None:
    start = datetime(2026, 1, 31, 9, tzinfo=UTC)
    platform.edit_package("basic", definition(expiry=expiry), start)

    client = platform.add_client(line("acme"), start)

    assert client.subscription.expires_at == end


@needs("expiry")
def test_an_expired_subscription_entitles_to_nothing_from_its_last_instant_on(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="1 day"), NOW)
    platform.add_client(line("acme"), NOW)
    end = NOW + timedelta(days=1)

    before = platform.client("acme", end - timedelta(microseconds=1))
    after = platform.client("acme", end)

    assert (before.subscription.status, before.entitlements.features) == ("active", ("chat",))
    assert (after.subscription.status, after.entitlements) == ("expired", Entitlements())
    assert (platform.holder_count(end - timedelta(microseconds=1)), platform.holder_count(end)) == (1, 0)


@pytest.mark.parametrize("status", ["disabled", "archived"])
def test_a_client_who_is_not_active_is_entitled_to_nothing(platform: Platform, status: str) -> None:
    with_client(platform, status=status)

    client = platform.client("acme", NOW)

    assert (client.subscription.status, client.entitlements) == ("suspended", Entitlements())
    assert (platform.holder_count(NOW), platform.holdings(["basic"], NOW)) == (0, {})


def test_a_client_who_becomes_active_again_counts_again(platform: Platform) -> None:
    with_client(platform, status="disabled")

    platform.import_clients([ClientLine("acme", 1, status="active")], LATER)

    assert platform.holdings(["basic"], LATER) == {"basic": {1: 1}}


@needs("allowed_emails")
def test_allowed_emails_gate_assignment_whatever_their_case(platform: Platform) -> None:
    platform.edit_package("basic", definition(allowed_emails=["Ops@Acme.example"]), NOW)

    platform.add_client(line("acme", owner_email="  oPs@acme.EXAMPLE "), NOW)

    with pytest.raises(BlockedError):
        platform.add_client(line("other"), NOW)
    assert [client.id for client in platform.clients(NOW)] == ["acme"]


@needs("allowed_emails")
def test_allowed_emails_do_not_gate_use(platform: Platform) -> None:
    with_client(platform)

    platform.edit_package("basic", definition(allowed_emails=["someone@else.example"]), NOW)

    assert platform.record_usage("acme", "chat", 1, LATER) == 1


def test_an_archived_package_is_not_assignable_and_keeps_its_holders(platform: Platform) -> None:
    with_client(platform)
    with_client(platform, "globex")
    platform.edit_package("basic", definition(), NOW, archived=True)

    with pytest.raises(BlockedError):
        platform.add_client(line("initech"), NOW)
    with pytest.raises(BlockedError):
        platform.assign("globex", "basic", NOW)

    assert platform.client("acme", NOW).entitlements.features == ("chat",)


@needs("usage")
def test_assigning_by_hand_starts_anew(platform: Platform) -> None:
    with_catalog(platform)
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("other", definition("Other"), NOW)
    used = {"chat": 3, "sessions": 4, "sources": 5, "ai_credits": 6}
    platform.add_client(line("acme", usage=used, users=2), NOW)

    client = platform.assign("acme", "other", LATER)

    assert (client.subscription.package, client.subscription.assigned_at) == ("other", LATER)
    assert (client.usage, client.users) == ({"sources": 5}, 2)


@needs("expiry")
def test_what_an_assignment_would_do_is_told_and_nothing_written(platform: Platform) -> None:
    with_catalog(platform)
    held = definition(features=["agent", "chat"], limits={"sessions": 10}, ai_credits=100)
    platform.edit_package("basic", held, NOW)
    platform.edit_package("other", definition("Other", features=["audio"], expiry="1 week"), NOW)
    platform.add_client(line("acme", usage={"chat": 3, "sources": 5, "ai_credits": 6}, users=5), NOW)
    before = platform.client("acme", LATER)

    told = platform.foresee("acme", "other", LATER)

    assert told.client == before == platform.client("acme", LATER)
    assert (told.package, told.revision, told.assigned_at, told.is_held) == ("other", 1, LATER, False)
    assert sorted((field.code.value, field.path) for field in told.prospect.losses) == [
        ("ai-credits-lowered", "/ai_credits"),
        ("expiry-shortened", "/expiry"),
        ("feature-removed", "/features/agent"),
        ("feature-removed", "/features/chat"),
        ("limit-removed", "/limits/sessions"),
    ]
    assert [field.path for field in told.prospect.gains] == ["/features/audio"]
    assert told.prospect.used == {"chat": 3, "ai_credits": 6}
    assert told.prospect.expires_at == LATER + timedelta(weeks=1)
    assert told.restarted == {"chat": 3, "ai_credits": 6}


@needs("usage")
def test_an_assignment_does_what_it_was_told_to_do(platform: Platform) -> None:
    with_catalog(platform)
    with_client(platform, usage={"chat": 3, "sources": 5})
    platform.edit_package("other", definition("Other", features=["audio"], expiry="1 week"), NOW)
    told = platform.foresee("acme", "other", LATER)

    client = platform.assign("acme", "other", LATER)

    held = client.subscription
    assert (held.package, held.revision, held.assigned_at) == (told.package, told.revision, told.assigned_at)
    assert held.expires_at == told.prospect.expires_at
    assert client.usage.keys() == {"chat", "sources"} - told.restarted.keys()


def test_assigning_what_is_held_is_told_as_such(platform: Platform) -> None:
    with_client(platform)

    told = platform.foresee("acme", "basic", LATER)

    assert (told.is_held, told.prospect.fields) == (True, ())


@needs("allowed_emails")
def test_an_assignment_that_a_rule_forbids_is_not_foreseen(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("old", definition("Old"), NOW, archived=True)
    platform.edit_package("closed", definition("Closed", allowed_emails=["a@b.example"]), NOW)

    for key in ("old", "closed"):
        with pytest.raises(BlockedError):
            platform.foresee("acme", key, LATER)
    for client, key in (("acme", "nowhere"), ("nobody", "basic")):
        with pytest.raises(WrongUsageError):
            platform.foresee(client, key, LATER)


@needs("usage")
def test_a_feature_that_the_catalog_lost_starts_anew_where_it_is_held(platform: Platform) -> None:
    platform.edit_package("basic", definition(features=["gone"]), NOW)
    platform.add_client(line("acme", usage={"gone": 3, "unheard_of": 4}), NOW)

    client = platform.start_cycle("acme", LATER)

    assert client.usage == {"unheard_of": 4}
    assert client.subscription.assigned_at == NOW


@needs("usage")
def test_use_beyond_a_limit_is_refused_and_not_recorded(platform: Platform) -> None:
    platform.edit_package("basic", definition(limits={"sessions": 10}), NOW)
    platform.add_client(line("acme"), NOW)

    total = platform.record_usage("acme", "sessions", 10, NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sessions", 1, NOW)
    assert (total, platform.client("acme", NOW).usage) == (10, {"sessions": 10})


@needs("usage")
def test_a_client_over_its_limit_may_give_back_and_use_again_below_it(platform: Platform) -> None:
    platform.edit_package("basic", definition(limits={"sources": 5}), NOW)
    platform.add_client(line("acme", usage={"sources": 9}), NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sources", 1, NOW)
    platform.record_usage("acme", "sources", -5, NOW)

    assert platform.record_usage("acme", "sources", 1, NOW) == 5


@needs("usage")
def test_nobody_gives_back_more_than_was_used(platform: Platform) -> None:
    with_client(platform, usage={"chat": 2})

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "chat", -3, NOW)

    assert platform.client("acme", NOW).usage == {"chat": 2}


@pytest.mark.parametrize("meter", ["audio", "sources", "ai_credits"])
def test_what_a_package_leaves_out_may_not_be_used(platform: Platform, meter: str) -> None:
    with_catalog(platform)
    with_client(platform)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", meter, 1, NOW)


def test_a_limit_of_a_features_name_that_is_left_out_grants_nothing(platform: Platform) -> None:
    with_catalog(platform)
    platform.edit_package("basic", definition(features=["sources"]), NOW)
    platform.add_client(line("acme"), NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sources", 1, NOW)


@needs("usage")
def test_ai_credits_are_a_pool(platform: Platform) -> None:
    with_catalog(platform)
    platform.edit_package("basic", definition(features=["agent"], ai_credits=100), NOW)
    platform.add_client(line("acme"), NOW)

    platform.record_usage("acme", "ai_credits", 60, NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "ai_credits", 41, NOW)


def test_ai_credits_exist_only_beside_an_ai_feature(platform: Platform) -> None:
    with_catalog(platform)

    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition(ai_credits=100), NOW)

    assert platform.packages() == ()


def test_an_empty_list_of_emails_is_refused(platform: Platform) -> None:
    with pytest.raises(BlockedError):
        platform.edit_package("basic", replace(definition(), allowed_emails=()), NOW)

    assert platform.packages() == ()


@needs("usage")
def test_unlimited_is_unlimited_up_to_what_json_keeps_exact(platform: Platform) -> None:
    platform.edit_package("basic", definition(limits={"sessions": "unlimited"}), NOW)
    platform.add_client(line("acme"), NOW)

    platform.record_usage("acme", "sessions", 2**53 - 1, NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sessions", 1, NOW)


@needs("expiry")
def test_an_expired_client_may_use_nothing(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="1 day"), NOW)
    platform.add_client(line("acme"), NOW)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "chat", 1, NOW + timedelta(days=1))


@needs("usage")
def test_the_user_count_caps_growth_and_not_shrinking(platform: Platform) -> None:
    with_client(platform)
    platform.import_clients([ClientLine("acme", 1, users=9)], NOW)

    shrunk = platform.set_users("acme", 7, NOW)

    with pytest.raises(BlockedError):
        platform.set_users("acme", 8, NOW)
    assert shrunk.users == platform.client("acme", NOW).users == 7
    assert platform.set_users("acme", 5, NOW).users == 5


def test_a_client_with_too_many_users_is_not_added(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(BlockedError):
        platform.add_client(line("globex", users=6), NOW)


@needs("usage")
def test_users_are_not_negative(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(WrongUsageError):
        platform.set_users("acme", -1, NOW)


def test_a_client_is_added_once(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(BlockedError):
        platform.add_client(line("acme"), NOW)


def test_a_client_who_is_not_there_is_named_with_what_comes_near(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(WrongUsageError) as raised:
        platform.client("acne", NOW)

    assert "acme" in raised.value.hint


def test_a_package_that_is_not_there_is_named_with_what_comes_near(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(WrongUsageError) as raised:
        platform.assign("acme", "basik", NOW)

    assert "basic" in raised.value.hint


@needs("snapshots=assignment")
def test_clients_come_by_id_of_one_package_or_only_outdated(platform: Platform) -> None:
    for client_id in ("b", "a", "B", "z"):
        with_client(platform, client_id)
    platform.edit_package("other", definition("Other"), NOW)
    platform.assign("a", "other", NOW)
    platform.edit_package("basic", definition(features=[]), NOW)
    platform.assign("z", "basic", LATER)

    everyone = [client.id for client in platform.clients(NOW)]
    of_basic = [client.id for client in platform.clients(NOW, package="basic")]
    outdated = [client.id for client in platform.clients(NOW, outdated=True)]

    assert (everyone, of_basic, outdated) == (["B", "a", "b", "z"], ["B", "b", "z"], ["B", "b"])


def test_clients_of_a_package_that_is_not_there_are_refused(platform: Platform) -> None:
    with pytest.raises(WrongUsageError):
        list(platform.clients(NOW, package="basic"))


def test_an_import_adds_and_updates(platform: Platform) -> None:
    with_client(platform)

    report = platform.import_clients([line("acme", name="Acme", line=1), line("globex", line=2)], LATER)

    assert report == ImportReport(added=1, updated=1)
    assert [client.name for client in platform.clients(NOW)] == ["Acme", "globex"]


@needs("usage")
def test_an_import_keeps_what_a_line_does_not_state(platform: Platform) -> None:
    with_client(platform, users=3, usage={"chat": 1, "audio": 2})
    before = platform.client("acme", LATER)

    platform.import_clients([ClientLine("acme", 1, usage={"chat": 7})], LATER)

    assert platform.client("acme", LATER) == replace(before, usage={"audio": 2, "chat": 7})


@needs("snapshots=assignment")
def test_an_import_that_states_what_is_held_keeps_the_snapshot(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=[]), NOW)

    platform.import_clients([ClientLine("acme", 1, package="basic", assigned_at=NOW)], LATER)

    assert platform.client("acme", LATER).subscription.revision == 1


@needs("expiry")
def test_an_import_with_another_start_keeps_snapshot_and_usage(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="4 weeks"), NOW)
    platform.add_client(line("acme", usage={"chat": 5}), NOW)
    platform.edit_package("basic", definition(features=[], expiry="1 week"), NOW, archived=True)
    start = NOW - timedelta(days=1)

    report = platform.import_clients([ClientLine("acme", 1, assigned_at=start)], LATER, assign=0)

    client = platform.client("acme", LATER)
    assert (client.subscription.revision, client.subscription.assigned_at) == (1, start)
    assert client.subscription.expires_at == start + timedelta(weeks=4)
    assert client.usage == {"chat": 5}
    assert report.moves == (Moving("basic", "basic", 1, 1, 0, 0, ("acme",)),)


@needs("usage")
def test_an_import_with_another_package_assigns_it_now(platform: Platform) -> None:
    with_client(platform, usage={"chat": 5})
    platform.edit_package("other", definition("Other"), NOW)

    report = platform.import_clients([ClientLine("acme", 1, package="other")], LATER, assign=0)

    client = platform.client("acme", LATER)
    assert (client.subscription.package, client.subscription.assigned_at) == ("other", LATER)
    assert client.usage == {}
    assert report == ImportReport(0, 1, (Moving("basic", "other", 1, sample=("acme",)),))


def moving(platform: Platform) -> list[ClientLine]:
    """Four clients of a package, and the lines that give them a lesser one; one loses what it uses."""
    platform.edit_package("basic", definition(features=["chat", "audio"]), NOW)
    platform.edit_package("less", definition("Less"), NOW)
    platform.add_client(line("a"), NOW)
    platform.add_client(line("b", usage={"audio": 1}), NOW)
    platform.add_client(line("c", usage={"chat": 1}), NOW)
    platform.add_client(line("d", status="disabled", usage={"audio": 1}), NOW)
    return [ClientLine(each, number, package="less") for number, each in enumerate("abcd", 1)]


MOVED = Moving("basic", "less", 4, 3, 1, 0, ("b", "a", "c", "d"))


@needs("usage")
def test_an_import_moves_nobody_unasked_and_says_whom_it_would(platform: Platform) -> None:
    lines = moving(platform)
    before = list(platform.clients(LATER))

    with pytest.raises(UnaskedMovesError) as raised:
        platform.import_clients([*lines, line("new", line=5)], LATER)

    assert raised.value.moves == (MOVED,)
    assert list(platform.clients(LATER)) == before


@needs("usage")
def test_an_import_that_is_asked_to_moves_clients_within_its_bound(platform: Platform) -> None:
    lines = moving(platform)
    before = list(platform.clients(LATER))

    with pytest.raises(BlockedError):
        platform.import_clients(lines, LATER, assign=2)

    assert list(platform.clients(LATER)) == before
    assert platform.import_clients(lines, LATER, assign=3).moves == (MOVED,)
    assert {client.subscription.package for client in platform.clients(LATER)} == {"less"}


@needs("usage")
def test_a_share_bounds_an_import_by_the_active_holders(platform: Platform) -> None:
    lines = moving(platform)

    with pytest.raises(BlockedError):
        platform.import_clients(lines, LATER, assign=Share(99))

    assert platform.import_clients(lines, LATER, assign=Share(100)).updated == 4


@needs("usage")
def test_the_recorded_bound_counts_for_an_import_where_it_is_stricter(platform: Platform) -> None:
    lines = moving(platform)
    apply(platform, guards=Guards(clients_losing=2))

    with pytest.raises(BlockedError):
        platform.import_clients(lines, LATER, assign="unlimited")

    assert platform.import_clients(lines[1:3], LATER, assign="unlimited").updated == 2


@needs("usage")
def test_one_client_whom_an_import_moves_is_not_judged(platform: Platform) -> None:
    lines = moving(platform)

    assert platform.import_clients(lines[1:2], LATER, assign=0).moves[0].clients_losing == 1


@needs("expiry")
def test_a_start_by_which_a_subscription_is_over_is_counted_as_its_end(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="1 week"), NOW)
    platform.add_client(line("acme", usage={"chat": 1}), NOW)
    lines = [ClientLine("acme", 1, assigned_at=NOW - timedelta(weeks=2))]

    with pytest.raises(UnaskedMovesError) as raised:
        platform.import_clients(lines, NOW)

    assert raised.value.moves == (Moving("basic", "basic", 1, 1, 1, 1, ("acme",)),)


@needs("allowed_emails")
def test_every_bad_line_is_found_and_nothing_imported(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("closed", definition("Closed", allowed_emails=["a@b.example"]), NOW)
    platform.edit_package("old", definition("Old"), NOW, archived=True)
    before = list(platform.clients(LATER))
    lines = [
        line("new", line=1),
        line("x", line=2, package="nowhere"),
        line("y", line=3, package="closed"),
        line("z", line=4, package="old"),
        line("new", line=5),
        ClientLine("w", 6, name="W"),
        ClientLine("acme", 7, package="old"),
        ClientLine("acme", 8, name="Acme"),
    ]

    with pytest.raises(InvalidError) as raised:
        platform.import_clients(lines, LATER)

    found = [(finding.position.line, finding.rule) for finding in raised.value.findings]
    assert found == [
        (2, "client-unknown-package"),
        (3, "client-email-not-allowed"),
        (4, "client-package-archived"),
        (5, "client-duplicate-id"),
        (6, "client-missing-key"),
        (7, "client-package-archived"),
        (8, "client-duplicate-id"),
    ]
    assert list(platform.clients(LATER)) == before


def test_a_stream_that_breaks_off_imports_nothing(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)

    def broken() -> Iterator[ClientLine]:
        yield line("acme")
        raise InvalidError("line 2 is not JSON")

    with pytest.raises(InvalidError):
        platform.import_clients(broken(), NOW)

    assert list(platform.clients(NOW)) == []


def test_a_start_later_than_now_is_refused(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(BlockedError, match="later than now"):
        platform.add_client(line("globex", assigned_at=LATER), NOW)
    with pytest.raises(InvalidError):
        platform.import_clients([ClientLine("acme", 1, assigned_at=LATER)], NOW)

    assert [client.id for client in platform.clients(NOW)] == ["acme"]
    assert platform.client("acme", NOW).subscription.assigned_at == NOW


def listed(platform: Platform, **only: Any) -> list[str]:
    return [each.id for each in platform.clients(LATER, only=ClientFilter(**only))]


@needs("usage")
def test_clients_are_listed_by_what_they_hold_what_they_use_and_their_status(platform: Platform) -> None:
    platform.edit_package("basic", definition(limits={"sources": 5}), NOW)
    platform.edit_package("full", definition("Full", features=["audio", "chat"]), NOW)
    platform.add_client(line("acme", usage={"sources": 2}), NOW)
    platform.add_client(line("bolt", package="full", usage={"chat": 1}, users=0), NOW)
    platform.add_client(line("cone", package="full", status="disabled", users=3), NOW)

    assert listed(platform) == ["acme", "bolt", "cone"]
    assert listed(platform, holds="audio") == ["bolt", "cone"]
    assert listed(platform, holds="sources") == ["acme"]
    assert listed(platform, holds="user_count") == ["acme", "bolt", "cone"]
    assert listed(platform, holds="nothing_has_it") == []
    assert listed(platform, uses="sources") == ["acme"]
    assert listed(platform, uses="chat") == ["bolt"]
    assert listed(platform, uses="user_count") == ["cone"]
    assert listed(platform, status="disabled") == ["cone"]
    assert listed(platform, holds="audio", status="active") == ["bolt"]
    of_one = platform.clients(LATER, package="full", only=ClientFilter(uses="chat"))
    assert [each.id for each in of_one] == ["bolt"]


@needs("snapshots=assignment")
def test_what_clients_hold_is_what_their_own_snapshot_grants(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=["audio"]), LATER)

    assert (listed(platform, holds="chat"), listed(platform, holds="audio")) == (["acme"], [])


@needs("allowed_emails")
@pytest.mark.parametrize(
    ("listed_as", "owner"),
    [
        ("ops@münchen.example", "ops@xn--mnchen-3ya.example"),
        ("ops@xn--mnchen-3ya.example", "Ops@MÜNCHEN.example"),
    ],
)
def test_both_spellings_of_a_domain_are_one_address(platform: Platform, listed_as: str, owner: str) -> None:
    platform.edit_package("basic", definition(allowed_emails=[listed_as]), NOW)

    platform.add_client(line("acme", owner_email=owner), NOW)

    inside = ClientQuestion("basic", (1,), (OwnerIn((normal_email(listed_as),)),))
    (answer,) = platform.answers([inside], NOW, sample=0)
    assert answer.count == 1
