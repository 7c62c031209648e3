from __future__ import annotations

import pytest

from reconciler.model.plans import Action, Reach
from reconciler.model.terms import Code, Severity
from tests.shop import Shop, change_of, counts

FULL = {"features": ["chat", "calls", "sessions"], "limits": {"sessions": 100, "minutes": 50}}


@pytest.fixture
def held(shop: Shop) -> Shop:
    """A package that three clients hold, each using something else."""
    shop.package("pro", **FULL)
    shop.apply()
    shop.clients("acme", package="pro", usage={"calls": 3, "sessions": 90}, users=5)
    shop.clients("bolt", package="pro", usage={"sessions": 20}, users=2)
    shop.clients("cone", package="pro")
    return shop


def test_a_removed_feature_is_kept_by_clients_who_hold_it(held: Shop) -> None:
    held.package("pro", features=["chat", "sessions"], limits={"sessions": 100})

    change = change_of(held.plan(), "pro")

    assert (change.severity, change.reach) == (Severity.BREAKING, Reach.KEPT_UNTIL_REASSIGNED)
    assert counts(change)["feature-removed", "calls"] == (3, 0, 1, 0)
    assert change.impact.findings[0].sample == ("acme", "bolt", "cone")
    assert change.impact.affected == 3


def test_a_lowered_limit_says_who_is_over_it(held: Shop) -> None:
    held.package("pro", **{**FULL, "limits": {"sessions": 50, "minutes": 50}})

    change = change_of(held.plan(), "pro")

    assert counts(change) == {("limit-lowered", "sessions"): (3, 0, 2, 1)}


def test_fewer_users_say_who_is_over(held: Shop) -> None:
    held.package("pro", **FULL, user_count=4)

    assert counts(change_of(held.plan(), "pro")) == {("user-count-lowered", "user_count"): (3, 0, 0, 1)}


@pytest.mark.parametrize(
    ("listed", "held"),
    [
        ("ops@münchen.example", "ops@xn--mnchen-3ya.example"),
        ("ops@XN--MNCHEN-3YA.example", "ops@MÜNCHEN.example"),
    ],
)
def test_a_domain_on_a_list_is_the_owner_s_in_either_spelling(shop: Shop, listed: str, held: str) -> None:
    shop.package("pro", **FULL)
    shop.apply()
    shop.clients("acme", package="pro", owner_email=held)
    shop.clients("bolt", package="pro")
    shop.package("pro", **FULL, allowed_emails=[listed])

    (finding,) = change_of(shop.plan(), "pro").impact.findings

    assert (finding.code, finding.not_allowed, finding.sample) == (Code.EMAILS_NARROWED, 1, ("bolt",))
    shop.apply(shop.plan("acknowledge:pro"), "acknowledge:pro")
    assert shop.plan().is_empty


def test_a_narrowed_list_says_who_is_no_longer_allowed(held: Shop) -> None:
    held.package("pro", **FULL, allowed_emails=["owner@ACME.example"])

    finding = change_of(held.plan(), "pro").impact.findings[0]

    assert (finding.code, finding.keep, finding.not_allowed, finding.sample) == (
        Code.EMAILS_NARROWED,
        2,
        2,
        ("bolt", "cone"),
    )


def test_a_shorter_expiry_says_whose_subscription_would_be_over(held: Shop) -> None:
    held.later(days=20)
    held.clients("dune", package="pro")
    held.package("pro", **FULL, expiry="14 days")

    finding = change_of(held.plan(), "pro").impact.findings[0]

    assert (finding.code, finding.keep, finding.expired) == (Code.EXPIRY_SHORTENED, 4, 3)


def test_expired_and_disabled_clients_hold_nothing(held: Shop) -> None:
    held.package("trial", features=["chat"], expiry="14 days")
    held.apply()
    held.clients("dune", package="trial")
    held.clients("echo", package="trial", status="disabled")
    held.later(days=15)
    held.clients("fern", package="trial")
    held.package("trial", expiry="14 days")

    change = change_of(held.plan(), "trial")

    assert change.impact.holders == 1
    assert counts(change)["feature-removed", "chat"] == (1, 0, 0, 0)


def test_clients_on_older_revisions_are_counted_by_what_they_hold(held: Shop) -> None:
    held.package("pro", features=["chat", "sessions"], limits={"sessions": 100})
    held.apply()
    held.clients("dune", package="pro")
    held.package("pro", features=["chat"])

    change = change_of(held.plan(), "pro")

    assert (change.impact.holders, change.impact.stale) == (4, 3)
    assert counts(change)["feature-removed", "sessions"] == (4, 0, 2, 0)


def test_new_packages_reach_new_clients_only(shop: Shop) -> None:
    shop.package("pro", **FULL)

    change = change_of(shop.plan(), "pro")

    assert (change.action, change.severity, change.reach) == (
        Action.CREATE,
        Severity.EXPANDING,
        Reach.NEW_CLIENTS_ONLY,
    )


def test_a_change_points_at_the_key_that_it_comes_from(held: Shop) -> None:
    held.package("pro", features=["chat", "sessions"], limits={"sessions": 100})

    source = change_of(held.plan(), "pro").source

    assert source is not None
    assert (source.file, source.line, source.column) == ("packages/pro.yaml", 3, 1)


def test_changes_come_in_the_order_create_widen_narrow_archive(held: Shop) -> None:
    for key in ("aaa", "old"):
        held.package(key, features=["chat"])
    held.apply()
    held.package("aaa", archived=True, features=["chat"])
    held.package("new", features=["chat"])
    held.package("old", features=["chat", "calls"])
    held.package("pro", features=["chat"])

    actions = [(change.action, change.key) for change in held.plan().changes]

    assert actions == [
        (Action.CREATE, "new"),
        (Action.UPDATE, "old"),
        (Action.UPDATE, "pro"),
        (Action.ARCHIVE, "aaa"),
    ]


def test_emails_are_masked_unless_asked_for(held: Shop) -> None:
    held.package("pro", **FULL, allowed_emails=["anna@acme.example"])

    text = held.plan().model_dump_json()

    assert "anna@acme.example" not in text
    assert "a***@acme.example" in text


def test_the_same_state_gives_the_same_plan_but_for_time(held: Shop) -> None:
    held.package("pro", features=["chat"])

    first, second = held.plan(), held.plan()

    assert first.hash != second.hash
    assert first.model_copy(update={"created_at": second.created_at}).sealed().hash == second.hash


def test_the_platforms_own_edits_are_told_from_the_files(held: Shop) -> None:
    edited = held.workspace.packages["pro"].definition
    held.platform.edit_package(
        "pro", type(edited).normalised({**edited.as_document(), "user_count": 9}), held.at
    )
    by_platform = change_of(held.plan(), "pro").origin
    held.package("pro", **FULL, user_count=7)
    by_both = change_of(held.plan(), "pro").origin
    held.apply()
    held.package("pro", **FULL, user_count=8)
    by_files = change_of(held.plan(), "pro").origin

    assert (by_platform, by_both, by_files) == ("platform", "both", "files")


def test_every_plan_says_who_is_on_an_older_revision(held: Shop) -> None:
    held.package("pro", **FULL, user_count=9)
    held.apply()

    outdated = held.plan().outdated

    assert [(each.package, each.revision, each.clients) for each in outdated] == [("pro", 1, 3)]


def test_names_in_exclude_that_hold_nothing_of_the_package_are_told(held: Shop) -> None:
    rollout = {"existing_clients": "reassign", "exclude": ["ACME", "acme", "nobody"]}
    held.package("pro", features=["chat"], rollout=rollout)

    (told,) = held.plan().client_notices

    assert told.text.startswith("pro: `exclude` names who has no active subscription to it")
    assert (told.clients, told.count) == (("ACME", "nobody"), 2)


def test_waivers_that_let_nothing_pass_are_told(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    made = held.plan("acknowledge:pro", "everything:pro", "clients_losing:start")

    assert not made.blocked
    assert [each for each in made.notices if each.startswith("The waiver")] == [
        "The waiver `clients_losing:start` lets nothing pass in this plan.",
        "The waiver `everything:pro` lets nothing pass in this plan.",
    ]
