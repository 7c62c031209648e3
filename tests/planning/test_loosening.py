"""Which of two guards is the stricter, and what an apply records of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.packages import Share
from reconciler.model.settings import Guards
from reconciler.planning.loosening import GuardPair

HOLDERS = 200
UNLIMITED = st.just("unlimited")
GUARDS = st.builds(
    Guards,
    archives=st.integers(0, 3) | UNLIMITED,
    clients_losing=st.integers(0, 30) | st.integers(1, 100).map(Share) | UNLIMITED,
    acknowledge=st.sampled_from(["losing", "touching", "never"]),
    protected=st.sets(st.sampled_from("abc")).map(lambda keys: tuple(sorted(keys))),
)


def loosened(name: str, before: Any, after: Any, holders: int = HOLDERS) -> bool:
    """Whether the one guard that differs is told as loosened; else it is told as tightened."""
    pair = GuardPair(replace(Guards(), **{name: before}), replace(Guards(), **{name: after}))
    looser, others = pair.changes(holders)
    (change,) = (*looser, *others)
    assert change.guard == name
    return bool(looser)


@pytest.mark.parametrize(
    ("name", "strict", "loose"),
    [
        ("archives", 1, 2),
        ("archives", 0, "unlimited"),
        ("acknowledge", "touching", "losing"),
        ("acknowledge", "losing", "never"),
        ("acknowledge", "touching", "never"),
        ("protected", ("a", "b"), ("a",)),
        ("clients_losing", 10, 11),
        ("clients_losing", Share(5), Share(6)),
        ("clients_losing", Share(100), "unlimited"),
        ("clients_losing", Share(5), 11),
        ("clients_losing", 9, Share(5)),
        ("clients_losing", 10, Share(5)),
    ],
)
def test_one_guard_is_looser_than_the_other(name: str, strict: Any, loose: Any) -> None:
    assert loosened(name, strict, loose)
    assert not loosened(name, loose, strict)


def test_a_share_and_a_number_are_ordered_by_the_present_clients() -> None:
    assert loosened("clients_losing", Share(5), 10, holders=100)
    assert not loosened("clients_losing", Share(5), 10, holders=1_000)


@pytest.mark.parametrize("looser", [Share(6), 1, "unlimited"])
def test_where_there_is_no_client_yet_bounds_are_ordered_all_the_same(looser: Any) -> None:
    assert loosened("clients_losing", 0, looser, holders=0)
    assert not loosened("clients_losing", looser, 0, holders=0)


def test_a_list_that_swaps_a_protected_package_for_another_is_loosened() -> None:
    assert loosened("protected", ("a",), ("b",))


@given(GUARDS)
def test_guards_of_which_none_differs_are_no_change(guards: Guards) -> None:
    assert GuardPair(guards, guards).changes(HOLDERS) == ((), ())


@given(GUARDS)
def test_the_guards_of_the_files_count_on_a_new_platform(wanted: Guards) -> None:
    pair = GuardPair(None, wanted)

    assert (pair.stricter(HOLDERS), pair.recorded(()), pair.changes(HOLDERS)) == (wanted, wanted, ((), ()))


@given(GUARDS, GUARDS)
def test_nothing_is_looser_than_what_a_plan_is_judged_by(applied: Guards, wanted: Guards) -> None:
    judged_by = GuardPair(applied, wanted).stricter(HOLDERS)

    assert judged_by == GuardPair(wanted, applied).stricter(HOLDERS)
    assert GuardPair(applied, judged_by).changes(HOLDERS)[0] == ()
    assert GuardPair(wanted, judged_by).changes(HOLDERS)[0] == ()


@given(GUARDS, GUARDS)
def test_what_is_recorded_without_any_loosening_is_what_the_plan_was_judged_by(
    applied: Guards, wanted: Guards
) -> None:
    pair = GuardPair(applied, wanted)
    waiting = [change.guard for change in pair.changes(HOLDERS)[0]]

    assert pair.recorded(waiting) == pair.stricter(HOLDERS)
    assert pair.recorded(()) == wanted
