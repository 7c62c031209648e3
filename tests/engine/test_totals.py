"""A bound is a total: over all runs of an entry, and over the last hours for all losses (rule 19)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
import yaml

from reconciler.engine.prune import prune
from reconciler.errors import BlockedError, StaleError
from reconciler.live.opening import open_platform
from reconciler.model.grants import Granting, Revoking
from reconciler.model.plans import ClientsReassigned, RunUndone
from reconciler.render.story.blockers import Audience, blockers
from reconciler.render.story.words import plain
from tests.builders import definition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.live.port import Platform
    from reconciler.model.changesets import ChangeSet, Run
    from reconciler.model.plans import GuardResult, Plan
    from tests.shop import Shop

IDS = tuple(f"client-{number:02}" for number in range(20))
A_DAY_APART: Final = {"existing_clients": "reassign", "every": "1 days"}
FOUR: Final = ClientsReassigned("pro", IDS[:4])
OTHER_FOUR: Final = ClientsReassigned("pro", IDS[4:8])


def entry(verb: str, term: str, clients: int, until: str = "2027-12-31") -> dict[str, Any]:
    return {verb: term, "clients": clients, "reason": "They were told.", "until": until}


def stepping(shop: Shop, *entries: dict[str, Any], **rollout: Any) -> None:
    """Take calls away, some holders at a time."""
    shop.package(
        "pro",
        features=["chat"],
        rollout={"existing_clients": "reassign", "per_run": 4, "every": "0 days", **rollout},
        acknowledge=list(entries),
    )


def suggested(made: Plan) -> list[dict[str, Any]]:
    """Return what the plan says to paste, as the file would have it."""
    (blocker,) = blockers(made, Audience.TERMINAL)
    pastes = [point.paste for point in blocker.points if point.paste]
    written = yaml.safe_load("\n".join(line for paste in pastes for line in paste.lines))
    return [{**each, "until": str(each["until"])} for each in written["acknowledge"]]


def of(made: Plan, guard: str) -> list[GuardResult]:
    return [each for each in made.guards if each.id == guard]


def test_steps_end_where_the_bound_of_the_entry_is_reached(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 10))
    sold.apply()
    sold.later(days=2)
    sold.apply()
    sold.later(days=2)

    made = sold.plan()

    (result,) = of(made, "acknowledge")
    assert result.result == "blocked"
    assert "4 clients touched by `removes: calls`, 8 before and 8 in later steps, but" in result.message
    assert result.about
    assert (result.about.clients, result.about.before) == (12, 8)
    with pytest.raises(BlockedError):
        sold.apply(made)


def test_what_a_plan_says_to_paste_is_enough_for_all_steps(sold: Shop) -> None:
    stepping(sold, per_run=1)
    pasted = suggested(sold.plan())
    stepping(sold, *pasted, per_run=1)

    runs = [sold.apply() for _ in IDS]

    assert pasted[0]["clients"] == len(IDS)
    assert [run.moved for run in runs] == [1] * len(IDS)
    assert sold.plan().is_empty


def test_what_a_plan_says_to_raise_counts_who_lost_it_before_and_who_will(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 4), exclude=[IDS[0]])
    sold.apply()

    (blocker,) = blockers(sold.plan(), Audience.TERMINAL)

    (correction,) = blocker.points[0].corrections
    assert plain(correction) == "Where it is intended, raise the bound of removes: calls to clients: 19."


def test_who_loses_in_a_later_step_what_it_lost_before_is_counted_once(sold: Shop) -> None:
    kept(sold, entry("removes", "calls", 40))
    run = sold.apply(by_hand(sold, *IDS[16:]), aim=ClientsReassigned("pro", IDS[16:]))
    sold.apply(aim=RunUndone(run.id))
    stepping(sold, entry("removes", "calls", 4))

    (result,) = of(sold.plan(), "acknowledge")

    assert result.about
    assert (result.about.before, result.about.clients, result.about.later) == (4, 8, 12)


def test_whose_subscription_a_later_step_ends_as_an_earlier_one_did_is_counted_once(sold: Shop) -> None:
    old = tuple(f"old-{number}" for number in range(6))
    sold.clients(*old, package="pro", assigned_at=sold.at - timedelta(days=40))
    kept(sold, entry("ends", "subscriptions", 40), entry("removes", "calls", 40), expiry="30 days")
    run = sold.apply(by_hand(sold, *old[4:]), aim=ClientsReassigned("pro", old[4:]))
    sold.apply(aim=RunUndone(run.id))
    rollout = {"existing_clients": "reassign", "per_run": 22, "every": "0 days"}
    stated = [entry("ends", "subscriptions", 2), entry("removes", "calls", 40)]
    sold.package("pro", features=["chat"], expiry="30 days", rollout=rollout, acknowledge=stated)

    (ends,) = (
        each.about for each in of(sold.plan(), "acknowledge") if each.about and each.about.verb == "ends"
    )

    assert (ends.before, ends.clients, ends.later) == (2, 4, 2)


def test_subscriptions_that_end_by_a_later_step_are_in_the_bound(sold: Shop) -> None:
    ending = {"features": ["calls", "chat"], "expiry": "3 days", "rollout": {**A_DAY_APART, "per_run": 4}}
    sold.clients("a-old", "b-old", package="pro", assigned_at=sold.at - timedelta(days=40))
    sold.package("pro", **ending)
    pasted = suggested(sold.plan())
    sold.package("pro", **ending, acknowledge=pasted)

    moved = []
    for _ in range(6):
        moved.append(sold.apply().moved)
        sold.later(days=1)

    assert {next(iter(each)): each["clients"] for each in pasted} == {"ends": 22, "shortens": 20}
    assert moved == [4, 4, 4, 4, 4, 2]


def test_who_is_shortened_twice_under_one_entry_counts_once(sold: Shop) -> None:
    def shortened(expiry: str) -> dict[str, Any]:
        rollout = {"existing_clients": "reassign", "per_run": 12, "every": "0 days"}
        entries = [entry("shortens", "expiry", 20)]
        return {"features": ["calls", "chat"], "expiry": expiry, "rollout": rollout, "acknowledge": entries}

    sold.package("pro", **shortened("90 days"))
    sold.apply()
    sold.package("pro", **shortened("60 days"))

    moved = [sold.apply().moved for _ in range(2)]

    assert moved == [12, 8]
    assert [each.lost for each in sold.platform.acknowledged(sold.at)] == [20]


def test_a_larger_bound_lets_the_steps_go_on_and_counts_what_was_lost_before(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 4))
    sold.apply()
    sold.later(days=2)
    assert sold.plan().blocked

    stepping(sold, entry("removes", "calls", 8))

    sold.apply()
    assert sold.platform.acknowledged(sold.at)[0].lost == 8


def test_whoever_was_brought_back_and_loses_it_again_counts_once(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 4))
    run = sold.apply()
    sold.apply(aim=RunUndone(run.id))
    sold.later(days=2)

    made = sold.plan()

    assert not made.blocked
    sold.apply(made)
    assert sold.platform.acknowledged(sold.at)[0].lost == 4


def test_an_entry_is_spent_where_nobody_is_left_and_approves_nothing_again(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 40), per_run=40)
    sold.apply()
    assert any("is spent here" in notice for notice in sold.plan().notices)
    sold.platform.edit_package("pro", definition(title="Pro", features=["calls", "chat"]), sold.at)
    sold.clients("late", package="pro")

    made = sold.plan()

    (result,) = of(made, "acknowledge")
    assert result.about
    assert (result.result, result.about.entry) == ("blocked", "spent")
    stepping(sold, entry("removes", "calls", 40, until="2028-01-31"), per_run=40)
    assert not sold.plan().blocked


def test_an_excluded_client_is_left_so_that_the_entry_is_not_spent(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 40), per_run=40, exclude=[IDS[0]])

    sold.apply()

    assert [each.is_spent for each in sold.platform.acknowledged(sold.at)] == [False]


def test_an_entry_that_the_files_no_longer_have_ends_with_the_next_run(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 4))
    sold.apply()
    sold.later(days=2)
    stepping(sold)
    sold.apply(None, "acknowledge:pro")
    sold.later(days=2)

    stepping(sold, entry("removes", "calls", 4))

    assert not sold.plan().blocked


def test_losing_clients_are_those_of_the_last_hours(sold: Shop) -> None:
    sold.guards(clients_losing=6)
    stepping(sold, entry("removes", "calls", 40))
    sold.apply()

    made = sold.plan()

    (result,) = of(made, "clients_losing")
    assert result.message == (
        "8 clients would lose something with this apply and the 23 hours before; the bound is 6 clients."
    )
    sold.later(hours=23)
    assert not sold.plan().blocked


def test_a_step_that_earlier_losses_block_is_told_when_it_may_go_on(sold: Shop) -> None:
    sold.guards(clients_losing=9)
    stepping(sold, entry("removes", "calls", 40))
    sold.apply()
    sold.later(hours=5)
    second = sold.apply()
    sold.later(hours=1)

    (result,) = of(sold.plan(), "clients_losing")

    assert result.advice == (
        "Apply it from 2026-11-02 11:01 UTC on, when enough of the earlier losses no longer count, or write "
        "`guards: {clients_losing: 12}` under the environment in reconciler.yaml, and apply that on its own "
        "first: it counts from the next run on."
    )
    sold.at = second.at - timedelta(hours=5) + timedelta(hours=23, minutes=1)
    assert not sold.plan().blocked


def test_more_clients_than_the_bound_are_told_how_many_may_move_at_once(sold: Shop) -> None:
    sold.guards(clients_losing="10%")
    stepping(sold, entry("removes", "calls", 40))

    (result,) = of(sold.plan(), "clients_losing")

    assert result.message.endswith("; the bound is 10% of 20, which is 2 clients.")
    assert result.advice.startswith("Move at most 2 clients at once (`rollout: {per_run: 2}`), or write ")
    stepping(sold, entry("removes", "calls", 40), per_run=2)
    assert not sold.plan().blocked


def test_a_share_of_few_clients_that_is_nobody_is_said_to_be_and_not_to_be_kept_by_steps(sold: Shop) -> None:
    sold.guards(clients_losing="4%")
    stepping(sold, entry("removes", "calls", 40), per_run=1)

    (result,) = of(sold.plan(), "clients_losing")

    assert result.message.endswith("; the bound is 4% of 20, which is 0 clients.")
    assert result.advice == (
        "Write `guards: {clients_losing: 1}` under the environment in reconciler.yaml, and apply that on its "
        "own first: it counts from the next run on."
    )


def test_a_rollback_is_not_told_to_go_in_steps(sold: Shop) -> None:
    sold.guards(clients_losing=2)
    sold.package("pro", features=["calls", "chat"], user_count=9, rollout={"existing_clients": "reassign"})
    run = sold.apply()

    (result,) = of(sold.plan(aim=RunUndone(run.id)), "clients_losing")

    assert result.advice.startswith("Write `guards: ")


def test_whom_a_rollback_restored_did_not_lose_lately(sold: Shop) -> None:
    sold.guards(clients_losing=6)
    stepping(sold, entry("removes", "calls", 40))
    run = sold.apply()

    sold.apply(aim=RunUndone(run.id))

    assert not sold.plan().blocked


def mini_gains_what_pro_loses(shop: Shop, *instead: str) -> Run:
    """Take calls away from who holds the one package, and give them to as many of the other."""
    mini = tuple(f"small-{number:02}" for number in range(20))
    shop.package("mini", features=["chat"])
    shop.settled(clients_losing=20, acknowledge="never")
    shop.clients(*mini, package="mini")
    reassign = {"existing_clients": "reassign"}
    shop.package("pro", features=["chat", *instead], rollout=reassign)
    shop.package("mini", features=["calls", "chat"], rollout=reassign)
    return shop.apply()


def test_a_rollback_takes_those_whom_it_restores_off_the_losses_of_the_last_hours(sold: Shop) -> None:
    run = mini_gains_what_pro_loses(sold)

    made = sold.plan(aim=RunUndone(run.id))
    sold.apply(made, aim=RunUndone(run.id))

    assert (made.blocked, made.summary.clients_losing) == (False, 20)
    assert sold.platform.lost_since(sold.at - timedelta(hours=23)).clients == 20


def test_whom_a_rollback_restores_and_something_else_took_from_lost_lately(sold: Shop) -> None:
    run = mini_gains_what_pro_loses(sold)
    sold.package("least", features=[])
    sold.apply()
    for id_ in IDS[:3]:
        sold.platform.assign(id_, "least", sold.at)
        sold.platform.assign(id_, "pro", sold.at)

    (result,) = of(sold.plan(aim=RunUndone(run.id)), "clients_losing")

    assert result.message.startswith(
        "23 clients would lose something with this apply and the 23 hours before"
    )


def test_whom_a_waived_rollback_restores_is_taken_off_all_the_same(sold: Shop) -> None:
    run = mini_gains_what_pro_loses(sold, "agent")
    waiver = "clients_losing:pro"

    made = sold.plan(waiver, aim=RunUndone(run.id))
    sold.apply(made, waiver, aim=RunUndone(run.id))

    assert not made.blocked


def test_two_losses_of_one_client_within_hours_count_once(sold: Shop) -> None:
    sold.guards(clients_losing=20)
    stepping(sold, entry("removes", "calls", 40), per_run=40)
    sold.apply()

    sold.package(
        "pro",
        features=["chat"],
        user_count=3,
        rollout={"existing_clients": "reassign"},
        acknowledge=[entry("removes", "calls", 40), entry("lowers", "user_count", 40)],
    )

    assert not sold.plan().blocked


def total_of(made: Plan, verb: str) -> int:
    """Return how many the plan says would ever have lost something under an entry."""
    (about,) = (each.about for each in of(made, "acknowledge") if each.about and each.about.verb == verb)
    return about.clients


def losing(made: Plan) -> str:
    """Return how many the plan says lose something with it and the hours before."""
    (said,) = {each.message.partition(" would")[0] for each in of(made, "clients_losing")}
    return said


def give_calls(shop: Shop, *ids: str) -> None:
    """Grant calls, and the minutes that they need, for longer than any test lasts."""
    until = shop.at + timedelta(days=900)
    for id_ in ids:
        shop.platform.adjust(id_, Granting("minutes", until, set_to=9), shop.at)
        shop.platform.adjust(id_, Granting("calls", until), shop.at)


def test_whoever_lost_it_among_others_who_did_not_and_loses_it_again_counts_once(sold: Shop) -> None:
    give_calls(sold, *IDS[:5])
    stepping(sold, entry("removes", "calls", 40), per_run=40)
    run = sold.apply()
    assert sold.platform.acknowledged(sold.at)[0].lost == 15
    sold.apply(aim=RunUndone(run.id))
    (given,) = (each for each in sold.client(IDS[0]).grants if each.term == "features/calls")
    sold.platform.adjust(IDS[0], Revoking(given.id), sold.at)
    stepping(sold, entry("removes", "calls", 40, until="2028-01-31"), per_run=40)

    made = sold.plan()

    assert (made.summary.clients_losing, total_of(made, "removes")) == (16, 16)
    sold.apply(made)
    assert sold.platform.acknowledged(sold.at)[0].lost == 16


def test_whoever_lost_something_among_others_in_the_last_hours_and_loses_again_counts_once(
    sold: Shop,
) -> None:
    give_calls(sold, *IDS[:5])
    stepping(sold, entry("removes", "calls", 40), per_run=40)
    sold.apply()
    sold.guards(clients_losing=0)
    sold.package("pro", features=[], rollout={"existing_clients": "reassign", "exclude": [IDS[0], IDS[5]]})

    assert losing(sold.plan()) == "19 clients"


def test_whoever_lost_by_hand_in_the_last_hours_and_loses_by_a_run_counts_once(sold: Shop) -> None:
    sold.package("mini", features=["calls"])
    sold.apply()
    sold.platform.assign(IDS[0], "mini", sold.at)
    sold.guards(clients_losing=0)
    sold.package("mini", features=[], rollout={"existing_clients": "reassign"})
    sold.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    assert losing(sold.plan()) == "20 clients"


def test_a_subscription_that_ends_twice_under_one_entry_counts_once(sold: Shop) -> None:
    rollout = {"existing_clients": "reassign", "per_run": 12, "every": "0 days"}
    entries = [entry("ends", "subscriptions", 20)]
    ending = {"features": ["calls", "chat"], "rollout": rollout, "acknowledge": entries}
    sold.later(days=4)
    sold.package("pro", **ending, expiry="3 days")
    run = sold.apply()
    sold.apply(aim=RunUndone(run.id))
    sold.package("pro", **ending, expiry="2 days")

    made = sold.plan()

    assert (made.summary.subscriptions_ended, total_of(made, "ends")) == (12, 12)
    sold.apply(made)
    assert [each.lost for each in sold.platform.acknowledged(sold.at)] == [12]


def test_an_entry_follows_its_package_to_another_key(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 6))
    sold.apply()
    sold.later(days=2)
    sold.remove("pro")
    sold.package(
        "plus",
        title="Pro",
        features=["chat"],
        renamed_from="pro",
        rollout={"existing_clients": "reassign", "per_run": 4, "every": "0 days"},
        acknowledge=[entry("removes", "calls", 6)],
    )

    made = sold.plan()

    assert [each.result for each in of(made, "acknowledge")] == ["blocked"]


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.package("pro", features=["calls", "chat"])
    shop.apply()
    shop.clients(*IDS, package="pro", usage={"calls": 1})
    shop.guards(clients_losing="unlimited")
    return shop


def test_what_is_spent_in_every_environment_is_pruned_and_the_rest_stays(sold: Shop) -> None:
    stepping(sold, entry("removes", "calls", 40), entry("lowers", "user_count", 9), per_run=40)
    file = sold.root / "packages" / "pro.yaml"
    file.write_text(f"# sold since 2024\n{file.read_text()}")
    sold.apply()
    elsewhere = contextmanager(lambda _: iter([sold.platform]))

    (edit,) = prune(sold.workspace, elsewhere, sold.at)

    assert edit.after.decode() == file.read_text().replace(
        """\
- removes: calls
  clients: 40
  reason: They were told.
  until: '2027-12-31'
""",
        "",
    )


def test_nothing_is_pruned_that_another_environment_still_needs(sold: Shop, tmp_path: Path) -> None:
    stepping(sold, entry("removes", "calls", 40), per_run=40)
    sold.apply()
    environment = {"platform": "sqlite:///other.db", "guards": {}}
    both = {"local": {"platform": "sqlite:///platform.db"}, "other": environment}
    (tmp_path / "reconciler.yaml").write_text(
        yaml.safe_dump({"catalog": "catalog.yaml", "environments": both})
    )

    edits = prune(sold.workspace, lambda each: open_platform(each.platform, root=tmp_path), sold.at)

    assert edits == ()


class Overtaken:
    """The platform of an apply that another one overtakes between its last look and its transaction."""

    def __init__(self, platform: Platform, overtake: Callable[[], object]) -> None:
        self._platform, self._overtake = platform, overtake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def apply(self, change_set: ChangeSet) -> Run:
        self._overtake()
        return self._platform.apply(change_set)


def by_hand(shop: Shop, *ids: str) -> Plan:
    return shop.plan(aim=ClientsReassigned("pro", ids))


def lose_at_once(sold: Shop) -> None:
    """Move some by hand while another apply moves others."""
    first, second = by_hand(sold, *IDS[:4]), by_hand(sold, *IDS[4:8])
    behind = sold.platform
    overtaking = Overtaken(behind, lambda: replace(sold, platform=behind).apply(first, aim=FOUR))
    replace(sold, platform=cast("Platform", overtaking)).apply(second, aim=OTHER_FOUR)


def kept(sold: Shop, *entries: dict[str, Any], **more: Any) -> None:
    """Take calls away from nobody yet."""
    sold.package("pro", features=["chat"], acknowledge=list(entries), **more)
    sold.apply()


def test_two_applies_at_once_do_not_pass_the_bound_of_an_entry_together(sold: Shop) -> None:
    kept(sold, entry("removes", "calls", 6))

    with pytest.raises(StaleError, match=r"`removes: features/calls` of pro: at most 6 .* 8"):
        lose_at_once(sold)

    assert [each.lost for each in sold.platform.acknowledged(sold.at)] == [4]
    assert len(sold.platform.runs()) == 3


def test_two_applies_at_once_do_not_pass_the_bound_of_losing_clients_together(sold: Shop) -> None:
    sold.guards(clients_losing=6)
    kept(sold, entry("removes", "calls", 40))

    with pytest.raises(StaleError, match=r"at most 6 clients may lose something .* 8"):
        lose_at_once(sold)

    assert sold.platform.lost_since(sold.at - timedelta(hours=1)).clients == 4


def test_two_applies_at_once_that_stay_within_the_bounds_both_pass(sold: Shop) -> None:
    sold.guards(clients_losing=8)
    kept(sold, entry("removes", "calls", 8))

    lose_at_once(sold)

    assert [each.lost for each in sold.platform.acknowledged(sold.at)] == [8]


def test_an_entry_that_no_apply_has_seen_bounds_moves_by_hand(sold: Shop) -> None:
    kept(sold)
    sold.package("pro", features=["chat"], acknowledge=[entry("removes", "calls", 4)])
    sold.apply(by_hand(sold, *IDS[:4]), aim=FOUR)

    made = by_hand(sold, *IDS[4:8])

    assert [each.result for each in of(made, "acknowledge")] == ["blocked"]


@pytest.mark.parametrize("stated", ["minutes", "limits/minutes"])
def test_what_the_catalog_drops_in_the_same_change_is_bounded_over_all_steps(sold: Shop, stated: str) -> None:
    rollout = {"existing_clients": "reassign"}
    sold.package("pro", features=["calls", "chat"], limits={"minutes": 9}, rollout=rollout)
    sold.apply()
    catalog = yaml.safe_load((sold.root / "catalog.yaml").read_text())
    del catalog["limits"]["minutes"]
    (sold.root / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    sold.package(
        "pro",
        features=["calls", "chat"],
        rollout={**rollout, "per_run": 4, "every": "0 days"},
        acknowledge=[entry("removes", stated, 10)],
    )
    sold.apply()
    sold.apply()

    made = sold.plan()

    assert [each.result for each in of(made, "acknowledge")] == ["blocked"]
    assert [each.lost for each in sold.platform.acknowledged(sold.at)] == [8]


def test_what_the_catalog_dropped_is_spent_and_pruned_where_nobody_is_left(sold: Shop) -> None:
    rollout = {"existing_clients": "reassign"}
    sold.package("pro", features=["calls", "chat"], limits={"minutes": 9}, rollout=rollout)
    sold.apply()
    catalog = yaml.safe_load((sold.root / "catalog.yaml").read_text())
    del catalog["limits"]["minutes"]
    (sold.root / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    acknowledge = [entry("removes", "minutes", 20)]
    sold.package("pro", features=["calls", "chat"], rollout=rollout, acknowledge=acknowledge)
    sold.apply()

    made = sold.plan()

    assert any("`removes: minutes` is spent here" in notice for notice in made.notices)
    assert prune(sold.workspace, contextmanager(lambda _: iter([sold.platform])), sold.at)


def test_a_limit_that_went_with_its_feature_counts_under_the_entry_of_the_feature_only(sold: Shop) -> None:
    rollout = {"existing_clients": "reassign"}
    sold.package("pro", features=["calls", "chat"], limits={"minutes": 9}, rollout=rollout)
    sold.apply()
    alone = definition(title="Pro", features=["chat"], limits={"minutes": 9})
    sold.platform.edit_package("pro", alone, sold.at)
    sold.clients("late-1", "late-2", "late-3", package="pro")
    stated = (entry("removes", "calls", 20), entry("removes", "limits/minutes", 3))

    sold.package(
        "pro",
        features=["chat"],
        rollout={**rollout, "per_run": 21, "every": "0 days"},
        acknowledge=list(stated),
    )

    sold.apply()
    sold.apply()
    lost = {each.entry.term: each.lost for each in sold.platform.acknowledged(sold.at)}
    assert lost == {"features/calls": 20, "limits/minutes": 3}
