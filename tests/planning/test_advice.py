from __future__ import annotations

from itertools import groupby
from math import ceil
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.questions import ClientQuestion, Tally, UsesMoreThan
from reconciler.planning.advice import Consumption, advised, at_least, consumption, meters_of, round_up
from tests.builders import definition


def tallies(*amounts: int, revision: int = 1) -> list[Tally]:
    return [Tally(revision, amount, len(list(same))) for amount, same in groupby(sorted(amounts))]


def used(*amounts: int, cap: int = 100) -> Consumption:
    return consumption(tallies(*amounts), {1: cap}, len(amounts))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=60), st.integers(0, 150))
def test_one_pass_counts_what_sorting_all_clients_would(amounts: list[int], cap: int) -> None:
    seen = used(*amounts, cap=cap)

    active = sorted(amount for amount in amounts if amount > 0)
    assert (seen.clients, seen.using) == (len(amounts), len(active))
    assert seen.near == sum(amount * 100 >= cap * 80 for amount in active)
    assert seen.full == sum(amount >= cap for amount in active)
    if seen.spread:
        percentiles = [active[ceil(len(active) * percent / 100) - 1] for percent in (50, 80, 95)]
        assert [seen.spread.p50, seen.spread.p80, seen.spread.p95] == percentiles
        assert (seen.spread.least, seen.spread.most) == (active[0], active[-1])
        assert seen.spread.mean == pytest.approx(mean(active))


def test_each_client_is_measured_against_what_its_own_revision_allows() -> None:
    mixed = [Tally(1, 8, 3), Tally(2, 8, 5)]

    seen = consumption(mixed, {1: 10, 2: 100}, 8)

    assert (seen.near, seen.full) == (3, 0)


def test_holders_of_revisions_that_grant_none_of_it_do_not_count() -> None:
    seen = consumption([Tally(1, 5, 2), Tally(2, 9, 4)], {1: 10}, 2)

    assert (seen.clients, seen.using) == (2, 2)


def test_nobody_is_near_an_unlimited_allowance() -> None:
    seen = consumption([Tally(1, 5_000, 2)], {1: "unlimited"}, 2)

    assert (seen.near, seen.full) == (0, 0)


def test_who_is_near_is_asked_per_revision_with_its_own_threshold() -> None:
    asked = at_least("pro", "sessions", {1: 10, 2: 33, 3: "unlimited"}, 80)

    assert asked == (
        ClientQuestion("pro", (1,), (UsesMoreThan("sessions", 7),)),
        ClientQuestion("pro", (2,), (UsesMoreThan("sessions", 26),)),
    )


def test_who_is_near_the_user_count_is_asked_by_team_members() -> None:
    (asked,) = at_least("pro", "user_count", {1: 10}, 100)

    assert asked.conditions == (UsesMoreThan("user_count", 9),)


def test_every_allowance_of_any_held_revision_is_a_meter() -> None:
    found = meters_of([definition(limits={"b": 1}), definition(limits={"a": 2}, ai_credits=5)])

    assert found == ("user_count", "ai_credits", "a", "b")


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [(0, 1), (7, 7), (10, 10), (11, 12), (13, 15), (99, 100), (2316, 2500), (8001, 10_000)],
)
def test_a_round_number_is_the_next_one_up(amount: int, rounded: int) -> None:
    assert round_up(amount) == rounded


@given(st.integers(1, 2**53 - 1))
def test_rounding_never_takes_away_and_never_adds_more_than_a_third(amount: int) -> None:
    assert amount <= round_up(amount) <= max(amount * 4 / 3, amount + 1)


def test_the_suggestion_leaves_twenty_percent_above_what_most_use() -> None:
    advice = advised(used(*range(1, 101), cap=200), 200, is_young=False)

    assert (advice.verdict, advice.suggestion) == ("lower", 120)
    assert "95 % of the 100 clients who use it stay within 95" in advice.reasons[0]


def test_clients_at_the_cap_are_a_reason_to_raise_it() -> None:
    advice = advised(used(*[40] * 20, *[100] * 20), 100, is_young=False)

    assert (advice.verdict, advice.suggestion) == ("raise", 120)
    assert advice.reasons[1].startswith("20 clients stand at the cap already")


def test_an_unlimited_allowance_could_be_capped() -> None:
    advice = advised(used(*range(1, 101)), "unlimited", is_young=False)

    assert (advice.verdict, advice.suggestion) == ("cap", 120)


def test_too_few_clients_tell_nothing() -> None:
    assert advised(used(*range(1, 10)), 100, is_young=False).verdict == "too-few"


def test_clients_who_only_just_came_tell_nothing() -> None:
    assert advised(used(*range(1, 40)), 100, is_young=True).verdict == "too-young"


def test_what_nobody_uses_gets_no_suggestion() -> None:
    assert advised(used(0, 0, 0), 100, is_young=False).verdict == "unused"


def test_what_only_older_revisions_grant_gets_no_suggestion() -> None:
    assert advised(used(*range(1, 40)), None, is_young=False).verdict == "withdrawn"
