"""Change sets: all or nothing, once, and only on what was planned on."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.conformance.building import (
    CATALOG,
    LATER,
    NOW,
    apply,
    change_set,
    definition,
    line,
    only,
    version,
    with_client,
)
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, InvalidError, StaleError, WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ArchiveWrite, Expectation, Move, PackageState, PackageWrite
from reconciler.model.packages import RevisionRef, Share
from reconciler.model.questions import ClientQuestion, OneOf, UsesMoreThan
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from reconciler.live.port import Platform

EVERYONE = ClientQuestion("basic", (1,))
GUARDS = Guards(2, Share(7), "touching", ("basic", "pro"))


def written(platform: Platform, key: str = "basic", **document: Any) -> PackageWrite:
    heads = {head.key: head.version for head in platform.packages()}
    return PackageWrite(key, definition(**document), heads.get(key))


def test_a_new_platform_has_nothing(platform: Platform) -> None:
    assert (platform.catalog(), platform.guards(), platform.packages()) == (None, None, ())
    assert (platform.runs(), platform.holder_count(NOW)) == ((), 0)
    assert platform.identity() == platform.identity()


def test_an_apply_creates_managed_packages_and_records_the_run(platform: Platform) -> None:
    planned = change_set(
        platform,
        writes=(written(platform),),
        commit="abc",
        allowed=("archives:*",),
        changes=({"action": "create", "key": "basic", "fields": []},),
    )

    run = platform.apply(planned)

    (head,) = platform.packages()
    assert (head.key, head.revision, head.version, head.managed) == ("basic", 1, 1, True)
    assert (head.digest, head.title) == (definition().digest, "Basic")
    assert (run.id, run.at, run.environment) == (1, LATER, "local")
    assert "ada" in {run.actor, run.on_behalf_of}
    assert (run.commit, run.allowed, run.changes) == ("abc", planned.allowed, planned.changes)
    assert (run.before, run.after) == ({}, {"basic": PackageState(1, archived=False, managed=True)})
    assert platform.run(1) == platform.run_of_plan(planned.plan_hash) == run


def test_a_run_tells_what_was_done_whatever_the_plan_says_of_it(platform: Platform) -> None:
    apply(platform, writes=(written(platform), written(platform, "pro", title="Pro")))
    platform.add_client(line("acme"), NOW)
    told: tuple[dict[str, Any], ...] = (
        {"action": "create", "key": "basic", "fields": []},
        {"action": "archive", "key": "untouched"},
        {"action": "reassign", "key": "pro"},
    )

    run = apply(
        platform,
        writes=(
            written(platform, features=[]),
            ArchiveWrite("pro", version(platform, "pro")),
            written(platform, "new", title="New"),
        ),
        moves=(Move(EVERYONE, 1),),
        changes=told,
    )

    assert run.changes == (
        {"action": "update", "key": "basic", "fields": []},
        {"action": "archive", "key": "pro"},
        {"action": "create", "key": "new"},
        {"action": "reassign", "key": "basic"},
    )
    assert platform.run(run.id) == run


def test_one_package_is_the_one_among_all(platform: Platform) -> None:
    apply(platform, writes=(written(platform, "a", title="A"),))
    odd = platform.edit_package("b-c_1", definition(), NOW)

    assert platform.package("b-c_1") == odd
    assert [platform.package("a"), odd] == list(platform.packages())
    assert platform.package("c") is None


def test_runs_come_newest_first_and_no_more_than_asked_for(platform: Platform) -> None:
    for key in ("a", "b", "c"):
        apply(platform, writes=(written(platform, key, title=key),))

    assert [run.id for run in platform.runs(limit=2)] == [3, 2]
    assert [run.id for run in platform.runs(limit=2, before=2)] == [1]
    assert platform.runs(before=1) == ()


def test_brief_runs_lack_what_grows_with_their_packages(platform: Platform) -> None:
    for key in ("a", "b"):
        apply(platform, writes=(written(platform, key, title=key),))

    brief = platform.runs(limit=1, before=2, brief=True)

    whole = platform.runs(limit=1, before=2)
    assert [len(run.changes) for run in whole] == [1]
    assert brief == tuple(replace(run, changes=(), before={}, after={}) for run in whole)


def test_a_run_that_is_not_there_is_refused(platform: Platform) -> None:
    with pytest.raises(WrongUsageError):
        platform.run(1)

    assert platform.run_of_plan("sha256:0") is None


def test_a_change_set_is_applied_once(platform: Platform) -> None:
    planned = change_set(platform, writes=(written(platform),))
    first = platform.apply(planned)

    second = platform.apply(planned)

    assert (first, len(platform.runs())) == (second, 1)
    assert version(platform, "basic") == 1


def test_a_change_set_for_another_platform_is_stale(platform: Platform) -> None:
    planned = replace(change_set(platform, writes=(written(platform),)), lineage="another")

    with pytest.raises(StaleError):
        platform.apply(planned)

    assert platform.packages() == ()


def test_a_write_mints_a_revision_only_where_the_definition_differs(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))

    apply(platform, writes=(written(platform),))
    apply(platform, writes=(written(platform, description="New"),))

    (head,) = platform.packages()
    assert (head.revision, head.version) == (2, 3)
    wanted = {RevisionRef("basic", number) for number in (1, 2, 3)} | {RevisionRef("none", 1)}
    assert platform.definitions(wanted) == {
        RevisionRef("basic", 1): definition(),
        RevisionRef("basic", 2): definition(description="New"),
    }


@pytest.mark.parametrize("archived", [True, False])
def test_a_package_written_since_the_plan_makes_it_stale(platform: Platform, archived: bool) -> None:  # noqa: FBT001 - a parameter of the case
    apply(platform, writes=(written(platform),))
    planned = change_set(platform, writes=(written(platform, features=[]),))
    platform.edit_package("basic", definition(), NOW, archived=archived)
    before = platform.packages()

    with pytest.raises(StaleError) as raised:
        platform.apply(planned)

    assert "basic" in raised.value.message
    assert (platform.packages(), len(platform.runs())) == (before, 1)


def test_a_package_that_exists_now_makes_its_creation_stale(platform: Platform) -> None:
    planned = change_set(platform, writes=(written(platform),))
    platform.edit_package("basic", definition(), NOW)

    with pytest.raises(StaleError):
        platform.apply(planned)


def test_a_package_that_is_gone_makes_its_update_stale(platform: Platform) -> None:
    with pytest.raises(StaleError):
        apply(platform, writes=(PackageWrite("basic", definition(), expected_version=1),))


def test_one_stale_package_leaves_the_others_unwritten(platform: Platform) -> None:
    writes = (written(platform), PackageWrite("other", definition("Other"), expected_version=4))

    with pytest.raises(StaleError):
        apply(platform, writes=writes, catalog=CATALOG, guards=GUARDS)

    assert (platform.packages(), platform.catalog(), platform.guards()) == ((), None, None)


def test_an_unrelated_edit_does_not_make_a_plan_stale(platform: Platform) -> None:
    planned = change_set(platform, writes=(written(platform),))
    platform.edit_package("other", definition("Other"), NOW)

    platform.apply(planned)

    assert [head.key for head in platform.packages()] == ["basic", "other"]


def test_a_package_is_written_once_per_change_set(platform: Platform) -> None:
    with pytest.raises(InvalidError):
        apply(platform, writes=(written(platform), written(platform)))


def test_archiving_keeps_definition_and_holders(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    with_client(platform)

    run = apply(platform, writes=(ArchiveWrite("basic", version(platform, "basic")),))

    (head,) = platform.packages()
    assert (head.archived, head.revision, head.version) == (True, 1, 2)
    assert run.after == {"basic": PackageState(1, archived=True, managed=True)}
    assert platform.client("acme", LATER).entitlements.features == ("chat",)


def test_an_archived_package_is_restored_by_a_write(platform: Platform) -> None:
    apply(platform, writes=(replace(written(platform), archived=True),))

    apply(platform, writes=(written(platform),))

    (head,) = platform.packages()
    assert (head.archived, head.revision) == (False, 1)


def test_a_package_made_by_hand_is_not_archived_by_an_apply(platform: Platform) -> None:
    head = platform.edit_package("basic", definition(), NOW)

    with pytest.raises(BlockedError):
        apply(platform, writes=(ArchiveWrite("basic", head.version),))

    assert platform.packages() == (head,)


def test_a_write_adopts_a_package_made_by_hand(platform: Platform) -> None:
    head = platform.edit_package("basic", definition(), NOW)

    run = apply(platform, writes=(written(platform),))

    (adopted,) = platform.packages()
    assert (head.managed, adopted.managed, adopted.revision) == (False, True, 1)
    assert run.before == {"basic": PackageState(1, archived=False, managed=False)}


def test_an_edit_by_hand_keeps_a_package_managed(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))

    assert platform.edit_package("basic", definition(features=[]), NOW).managed


def test_holders_follow_a_renamed_package(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    with_client(platform)
    rename = PackageWrite("pro", definition("Pro"), version(platform, "basic"), renamed_from="basic")

    run = apply(platform, writes=(rename,))

    assert [head.key for head in platform.packages()] == ["pro"]
    assert platform.client("acme", LATER).subscription.package == "pro"
    assert (run.renamed, list(run.before), list(run.after)) == ({"pro": "basic"}, ["basic"], ["pro"])
    assert platform.definitions([RevisionRef("pro", 1), RevisionRef("basic", 1)]).keys() == {
        RevisionRef("pro", 1)
    }


@needs("change_sets")
def test_two_packages_swap_their_keys(platform: Platform) -> None:
    apply(platform, writes=(written(platform, "a", title="A"), written(platform, "b", title="B")))

    apply(
        platform,
        writes=(
            PackageWrite("a", definition("B"), 1, renamed_from="b"),
            PackageWrite("b", definition("A"), 1, renamed_from="a"),
        ),
    )

    assert [(head.key, head.title, head.revision) for head in platform.packages()] == [
        ("a", "B", 1),
        ("b", "A", 1),
    ]


def test_a_key_that_a_rename_frees_is_taken_by_a_new_package(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))

    apply(
        platform,
        writes=(
            PackageWrite("pro", definition("Pro"), 1, renamed_from="basic"),
            PackageWrite("basic", definition(), None),
        ),
    )

    assert [(head.key, head.version) for head in platform.packages()] == [("basic", 1), ("pro", 2)]


def test_a_rename_onto_a_key_that_exists_is_stale(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    platform.edit_package("pro", definition("Other"), NOW)

    with pytest.raises(StaleError):
        apply(platform, writes=(PackageWrite("pro", definition("Pro"), 1, renamed_from="basic"),))


def test_two_packages_do_not_have_the_same_title_whatever_its_case(platform: Platform) -> None:
    platform.edit_package("basic", definition("Straße"), NOW)

    with pytest.raises(BlockedError):
        platform.edit_package("other", definition("STRASSE"), NOW)
    with pytest.raises(BlockedError):
        apply(platform, writes=(written(platform, "other", title="strasse"),))

    assert [head.key for head in platform.packages()] == ["basic"]


def test_an_archived_package_leaves_its_title_to_others(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW, archived=True)

    platform.edit_package("other", definition(), NOW)

    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition(), NOW)


def test_a_term_of_the_catalog_is_written_where_it_is_as_expected(platform: Platform) -> None:
    apply(platform, catalog=CATALOG)
    audio, talk = only("audio"), only("audio", title="Talk")

    with pytest.raises(StaleError):
        apply(platform, catalog=talk)
    with pytest.raises(StaleError):
        apply(platform, catalog=audio, expected_catalog=talk)
    apply(platform, catalog=talk, expected_catalog=audio)
    apply(platform, expected_catalog=Catalog(limits=CATALOG.limits))

    assert platform.catalog() == Catalog({**CATALOG.features, **talk.features})


def test_another_term_may_change_meanwhile(platform: Platform) -> None:
    apply(platform, catalog=CATALOG)
    apply(platform, catalog=only("chat", title="Talk"), expected_catalog=only("chat"))

    apply(platform, expected_catalog=only("audio"))

    catalog = platform.catalog()
    assert catalog is not None
    assert [each.title for each in catalog.features.values()] == ["AI agent", "Talk"]


def test_a_term_that_a_package_needs_does_not_go_without_it(platform: Platform) -> None:
    apply(platform, catalog=CATALOG, writes=(written(platform, features=["chat", "audio"]),))

    with pytest.raises(BlockedError):
        apply(platform, expected_catalog=only("audio"))
    assert platform.catalog() == CATALOG
    apply(platform, expected_catalog=only("audio"), writes=(written(platform, features=["chat"]),))

    assert "audio" not in (platform.catalog() or CATALOG).features


def test_a_catalog_that_would_contradict_itself_is_blocked(platform: Platform) -> None:
    apply(platform, catalog=CATALOG)
    minutes = Catalog.normalised({"limits": {"minutes": {"title": "Minutes", "feature": "calls"}}})

    with pytest.raises(BlockedError):
        apply(platform, catalog=minutes)

    assert platform.catalog() == CATALOG


@pytest.mark.parametrize("guards", [GUARDS, Guards("unlimited", "unlimited", "never"), Guards(0, 7)])
def test_guards_are_kept_until_an_apply_brings_others(platform: Platform, guards: Guards) -> None:
    apply(platform, guards=guards)
    apply(platform)

    assert platform.guards() == guards


def test_guards_are_written_where_the_recorded_ones_are_those_expected(platform: Platform) -> None:
    apply(platform, guards=GUARDS)

    with pytest.raises(StaleError):
        apply(platform, guards=Guards())
    with pytest.raises(StaleError):
        apply(platform, guards=Guards(), expected_guards=replace(GUARDS, protected=()))
    apply(platform, guards=Guards(), expected_guards=GUARDS)

    assert platform.guards() == Guards()


def test_what_nobody_can_be_assigned_is_archived_whatever_the_catalog_has(platform: Platform) -> None:
    credited = written(platform, features=["agent"], ai_credits=5)
    apply(platform, writes=(credited,), catalog=CATALOG)
    archived = replace(credited, expected_version=version(platform, "basic"), archived=True)

    apply(platform, writes=(archived,), expected_catalog=only("agent"))

    assert [head.archived for head in platform.packages()] == [True]
    restored = replace(archived, expected_version=version(platform, "basic"), archived=False)
    with pytest.raises(BlockedError):
        apply(platform, writes=(restored,))


def test_ai_credits_are_judged_by_the_catalog_of_the_same_change_set(platform: Platform) -> None:
    write = written(platform, features=["agent"], ai_credits=5)

    apply(platform, catalog=CATALOG, writes=(write,))

    with pytest.raises(BlockedError):
        apply(platform, writes=(written(platform, features=["chat"], ai_credits=5),))


@needs("usage")
def test_more_clients_than_expected_are_stale(platform: Platform) -> None:
    with_client(platform)
    using = ClientQuestion("basic", (1,), (UsesMoreThan("chat", 0),))
    expectation = Expectation((using,), 0, "clients using chat")
    planned = change_set(platform, guards=GUARDS, expectations=(expectation,))
    platform.record_usage("acme", "chat", 1, NOW)

    with pytest.raises(StaleError) as raised:
        platform.apply(planned)

    assert "clients using chat" in raised.value.message
    assert platform.guards() is None


def test_fewer_clients_than_expected_are_fine(platform: Platform) -> None:
    with_client(platform)

    apply(platform, guards=GUARDS, expectations=(Expectation((EVERYONE,), 2, "holders"),))

    assert platform.guards() == GUARDS


def test_the_clients_of_an_expectation_are_added_up_over_its_questions(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("other", definition("Other"), NOW)
    platform.add_client(line("globex", package="other"), NOW)
    both = (EVERYONE, ClientQuestion("other", (1,)), ClientQuestion("nowhere", (1,)))

    with pytest.raises(StaleError, match="first"):
        apply(
            platform,
            expectations=(
                Expectation((), 0, "nobody"),
                Expectation(both, 1, "first"),
                Expectation(both[:1], 1, "second"),
            ),
        )

    apply(platform, expectations=(Expectation(both, 2, "both"), Expectation(both[1:], 1, "one")))

    assert len(platform.runs()) == 1


def test_expectations_speak_of_the_keys_before_the_writes(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    with_client(platform)
    rename = PackageWrite("pro", definition("Pro"), version(platform, "basic"), renamed_from="basic")

    with pytest.raises(StaleError):
        apply(platform, writes=(rename,), expectations=(Expectation((EVERYONE,), 0, "holders"),))


@needs("expiry")
def test_a_rollout_move_keeps_start_and_usage_and_counts_the_new_expiry_from_the_start(
    platform: Platform,
) -> None:
    apply(platform, writes=(written(platform, expiry="1 week"),))
    with_client(platform, usage={"chat": 3})

    run = apply(
        platform, writes=(written(platform, expiry="2 months", features=[]),), moves=(Move(EVERYONE, 1),)
    )

    client = platform.client("acme", LATER)
    assert (client.subscription.revision, client.subscription.assigned_at) == (2, NOW)
    assert client.subscription.expires_at == NOW.replace(month=12)
    assert (client.entitlements.features, client.usage, run.moved) == ((), {"chat": 3}, 1)


@needs("expiry")
def test_a_move_to_a_definition_without_expiry_never_expires(platform: Platform) -> None:
    apply(platform, writes=(written(platform, expiry="1 week"),))
    with_client(platform)

    apply(platform, writes=(written(platform),), moves=(Move(EVERYONE, 1),))

    assert platform.client("acme", LATER).subscription.expires_at is None
    assert platform.holder_count(NOW + timedelta(days=9999)) == 1


@needs("expiry")
def test_a_move_may_find_a_subscription_expired(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    with_client(platform)

    apply(platform, writes=(written(platform, expiry="1 day"),), moves=(Move(EVERYONE, 1),))

    assert platform.client("acme", LATER).subscription.status == "expired"
    assert platform.holdings(["basic"], LATER) == {}


def test_more_movers_than_planned_are_stale_and_nothing_is_written(platform: Platform) -> None:
    apply(platform, writes=(written(platform),))
    with_client(platform)
    planned = change_set(platform, writes=(written(platform, features=[]),), moves=(Move(EVERYONE, 1),))
    with_client(platform, "globex")

    with pytest.raises(StaleError):
        platform.apply(planned)

    assert platform.holdings(["basic"], LATER) == {"basic": {1: 2}}
    assert (version(platform, "basic"), len(platform.runs())) == (1, 1)


@needs("snapshots=assignment")
def test_only_those_who_match_move(platform: Platform) -> None:
    for client_id, users in (("a", 1), ("b", 4), ("c", 5)):
        with_client(platform, client_id, users=users)
    platform.edit_package("basic", definition(features=[]), NOW)
    who = ClientQuestion("basic", (1,), (UsesMoreThan("user_count", 3), OneOf(("a", "b"))))

    run = apply(platform, moves=(Move(who, 1, expected_version=2),))

    assert run.moved == 1
    assert [client.id for client in platform.clients(LATER, outdated=True)] == ["a", "c"]


@needs("snapshots=assignment")
def test_who_is_on_the_target_already_does_not_move(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=[]), NOW)
    with_client(platform, "globex")

    run = apply(platform, moves=(Move(ClientQuestion("basic", (1, 2)), 1),))

    assert (run.moved, platform.holdings(["basic"], LATER)) == (1, {"basic": {2: 2}})


def test_clients_move_back_to_the_revision_that_is_named(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=[]), NOW)
    apply(platform, moves=(Move(EVERYONE, 1),))

    apply(platform, moves=(Move(ClientQuestion("basic", (2,)), 1, to_revision=1),))

    assert platform.snapshot("acme") == definition()


def test_a_move_to_a_revision_that_is_not_there_is_stale(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(StaleError):
        apply(platform, moves=(Move(EVERYONE, 1, to_revision=7),))


def test_a_move_of_a_package_that_was_written_since_is_stale(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(StaleError):
        apply(platform, moves=(Move(EVERYONE, 1, expected_version=9),))


def test_a_move_of_a_package_that_is_not_there_is_stale(platform: Platform) -> None:
    with pytest.raises(StaleError):
        apply(platform, moves=(Move(EVERYONE, 1),))


@needs("snapshots=assignment")
def test_nobody_is_moved_into_an_archived_package(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=[]), NOW, archived=True)

    with pytest.raises(BlockedError):
        apply(platform, moves=(Move(EVERYONE, 1),))


def test_holders_of_an_archived_package_return_to_an_older_revision(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("basic", definition(features=[]), NOW)
    apply(platform, moves=(Move(EVERYONE, 1),))
    platform.edit_package("basic", definition(features=[]), NOW, archived=True)

    run = apply(platform, moves=(Move(ClientQuestion("basic", (2,)), 1, to_revision=1),))

    assert (run.moved, platform.client("acme", LATER).subscription.revision) == (1, 1)


@needs("allowed_emails")
def test_nobody_is_moved_past_the_allowed_emails(platform: Platform) -> None:
    with_client(platform)
    with_client(platform, "globex")
    platform.edit_package("basic", definition(allowed_emails=["ops@acme.example"]), NOW)

    with pytest.raises(BlockedError) as raised:
        apply(platform, moves=(Move(EVERYONE, 2),))
    assert "globex" not in raised.value.message
    run = apply(platform, moves=(Move(dataclasses.replace(EVERYONE, conditions=(OneOf(("acme",)),)), 2),))

    assert (run.moved, platform.holdings(["basic"], LATER)) == (1, {"basic": {1: 1, 2: 1}})


@needs("snapshots=assignment")
def test_a_suspended_client_is_not_moved(platform: Platform) -> None:
    with_client(platform, status="disabled")
    platform.edit_package("basic", definition(features=[]), NOW)

    run = apply(platform, moves=(Move(EVERYONE, 1),))

    assert (run.moved, platform.client("acme", LATER).subscription.revision) == (0, 1)


@needs("usage")
def test_a_client_over_a_lowered_limit_keeps_what_it_used(platform: Platform) -> None:
    platform.edit_package("basic", definition(limits={"sources": 9}), NOW)
    platform.add_client(line("acme", usage={"sources": 8}), NOW)
    platform.edit_package("basic", definition(limits={"sources": 5}), NOW)

    apply(platform, moves=(Move(EVERYONE, 1),))

    assert platform.client("acme", LATER).usage == {"sources": 8}
    with pytest.raises(BlockedError):
        platform.record_usage("acme", "sources", 1, LATER)
