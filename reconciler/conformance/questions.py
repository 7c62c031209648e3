"""Questions about clients, and how holders are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, definition, line
from reconciler.conformance.claims import claimed, needs, require  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.model.clients import ClientLine
from reconciler.model.expiry import Expiry, Window
from reconciler.model.questions import (
    Answer,
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.live.port import Platform, PlatformReader

_WRITES_WITHIN = 1
"""Seconds; a platform that has a writer wait until all is read is not waited for."""
EVERYONE = ClientQuestion("basic", (1, 2))
OPS_OF_ALL = tuple(f"ops@{each}.example" for each in "abcd")


@pytest.fixture
def peopled(platform: Platform) -> Platform:
    """Four holders, `a` and `c` on revision 1, `b` and `d` on revision 2, and two who do not count."""
    require(platform, "snapshots=assignment", "usage")
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("other", definition("Other"), NOW)
    platform.import_clients(
        [
            line("a", line=1, users=1, usage={"chat": 1}),
            line("c", line=2, users=3, usage={"chat": 3, "audio": 9}, assigned_at=NOW - timedelta(days=31)),
            line("off", line=3, users=9, status="disabled", usage={"chat": 9}),
            line("else", line=4, users=9, package="other", usage={"chat": 9}),
        ],
        NOW,
    )
    platform.edit_package("basic", definition(features=[]), NOW)
    platform.import_clients([line("b", line=1, users=2, usage={"chat": 2}), line("d", line=2, users=4)], NOW)
    return platform


def test_a_question_counts_active_holders_of_its_revisions(peopled: Platform) -> None:
    asked = [replace(EVERYONE, revisions=revisions) for revisions in ((1, 2), (1,), (2,), (3,), ())]

    answers = peopled.answers(asked, LATER, sample=9)

    assert answers == (
        Answer(4, ("a", "b", "c", "d")),
        Answer(2, ("a", "c")),
        Answer(2, ("b", "d")),
        Answer(0),
        Answer(0),
    )


@pytest.mark.parametrize(
    ("condition", "matching"),
    [
        (UsesMoreThan("chat", 0), "abc"),
        (UsesMoreThan("chat", 2), "c"),
        (UsesMoreThan("nothing", 0), ""),
        (UsesMoreThan("nothing", -1), "abcd"),
        (UsesMoreThan("user_count", 2), "cd"),
        (UsesMoreThan("user_count", -1), "abcd"),
        (OwnerIn(("ops@a.example", "ops@b.example")), "ab"),
        (OwnerIn(()), ""),
        (OwnerNotIn(("ops@a.example", "x@y.example")), "bcd"),
        (OwnerNotIn(()), "abcd"),
        (AssignedIn((Window(None, NOW - timedelta(days=31)),)), "c"),
        (AssignedIn((Window(NOW, NOW), Window(NOW - timedelta(1), NOW))), "abd"),
        (AssignedIn((Window(NOW + timedelta(microseconds=1), LATER),)), ""),
        (AssignedIn(()), ""),
        (NotOneOf(("a", "zzz")), "bcd"),
        (OneOf(("d", "b", "off", "else")), "bd"),
        (UpTo("b"), "ab"),
        (AnyOf((UsesMoreThan("chat", 2),)), "c"),
        (AnyOf((UsesMoreThan("chat", 2), UsesMoreThan("audio", 0))), "c"),
        (AnyOf((UsesMoreThan("chat", 1), UsesMoreThan("user_count", 3))), "bcd"),
        (AnyOf((UsesMoreThan("chat", 0), UsesMoreThan("chat", 2))), "abc"),
        (AnyOf((UsesMoreThan("chat", 9), UsesMoreThan("user_count", 3))), "d"),
        (AnyOf((UsesMoreThan("chat", 9), UsesMoreThan("nothing", -1))), "abcd"),
        (AnyOf((UsesMoreThan("chat", 9), UsesMoreThan("user_count", -1))), "abcd"),
        (AnyOf((UsesMoreThan("chat", 9), OwnerNotIn(()))), "abcd"),
        (AnyOf((OwnerNotIn(OPS_OF_ALL), OwnerNotIn(OPS_OF_ALL[:2]))), "cd"),
        (AnyOf((OwnerNotIn(OPS_OF_ALL[:3]), OwnerNotIn(OPS_OF_ALL[1:]))), "ad"),
        (AnyOf((OwnerNotIn(OPS_OF_ALL[:3]), UsesMoreThan("chat", 2), OwnerNotIn(OPS_OF_ALL))), "cd"),
        (AnyOf((AssignedIn(()), UsesMoreThan("user_count", 3))), "d"),
        (AnyOf((AssignedIn((Window(None, NOW - timedelta(31)),)), UsesMoreThan("chat", 1))), "bc"),
        (AnyOf((AssignedIn((Window(None, NOW - timedelta(31)),)), AssignedIn((Window(NOW, NOW),)))), "abcd"),
        (UpTo("bb"), "ab"),
    ],
    ids=str,
)
def test_a_condition_is_met_by(peopled: Platform, condition: Condition, matching: str) -> None:
    question = replace(EVERYONE, conditions=(condition,))

    (answer,) = peopled.answers([question], LATER, sample=9)

    assert "".join(answer.sample) == matching
    assert answer.count == len(matching)
    assert list(peopled.matching(question, LATER)) == list(matching)


def test_all_conditions_must_be_met(peopled: Platform) -> None:
    conditions = (
        UsesMoreThan("chat", 1),
        UsesMoreThan("audio", 8),
        UsesMoreThan("user_count", 1),
        NotOneOf(("b",)),
    )

    answers = peopled.answers([replace(EVERYONE, conditions=conditions)], LATER, sample=9)

    assert answers == (Answer(1, ("c",)),)


def test_alternatives_stand_beside_conditions_and_each_other(peopled: Platform) -> None:
    conditions = (
        AnyOf((UsesMoreThan("chat", 1), UsesMoreThan("user_count", 3))),
        AnyOf((UsesMoreThan("user_count", 2), OwnerNotIn(OPS_OF_ALL[1:]))),
        NotOneOf(("d",)),
    )

    answers = peopled.answers([replace(EVERYONE, conditions=conditions)], LATER, sample=9)

    assert answers == (Answer(1, ("c",)),)


def test_answers_come_in_the_order_of_the_questions(peopled: Platform) -> None:
    asked = [
        replace(EVERYONE, conditions=(UsesMoreThan("user_count", 2),)),
        EVERYONE,
        replace(EVERYONE, conditions=(UsesMoreThan("user_count", 3),)),
        ClientQuestion("nowhere", (1,)),
        replace(EVERYONE, conditions=(UsesMoreThan("user_count", 2),)),
    ]

    answers = peopled.answers(asked, LATER, sample=0)

    assert [answer.count for answer in answers] == [2, 4, 1, 0, 2]


@pytest.mark.parametrize(
    ("questions", "matching"),
    [
        ([UsesMoreThan("chat", 0), UsesMoreThan("chat", 2), UsesMoreThan("audio", 0)], ["abc", "c", "c"]),
        ([UsesMoreThan("user_count", 1), UsesMoreThan("user_count", 3)], ["bcd", "d"]),
        ([UsesMoreThan("chat", 0), UsesMoreThan("user_count", 3)], ["abc", "d"]),
        ([OwnerIn(("ops@a.example",)), OwnerIn(()), OwnerIn(("ops@b.example",))], ["a", "", "b"]),
        ([OwnerNotIn(("ops@a.example",)), OwnerNotIn(())], ["bcd", "abcd"]),
        ([AssignedIn(()), AssignedIn((Window(NOW, NOW),))], ["", "abd"]),
        ([OneOf(("a",)), OneOf(("b", "c")), OneOf(())], ["a", "bc", ""]),
        ([NotOneOf(("a",)), NotOneOf(())], ["bcd", "abcd"]),
        ([UpTo("a"), UpTo("c")], ["a", "abc"]),
        (
            [
                AnyOf((UsesMoreThan("chat", 2), UsesMoreThan("user_count", 3))),
                AnyOf((UsesMoreThan("chat", 2), UsesMoreThan("audio", 0))),
                AnyOf((UsesMoreThan("chat", 9), OwnerNotIn(OPS_OF_ALL[1:]))),
                AnyOf((UsesMoreThan("user_count", 1), UsesMoreThan("chat", 0))),
                AnyOf((OwnerNotIn(OPS_OF_ALL[:2]), AssignedIn((Window(NOW, NOW),)))),
            ],
            ["cd", "c", "a", "abcd", "abcd"],
        ),
    ],
    ids=str,
)
def test_questions_that_are_alike_do_not_mix(
    peopled: Platform, questions: list[Condition], matching: list[str]
) -> None:
    asked = [replace(EVERYONE, conditions=(condition,)) for condition in questions]

    answers = peopled.answers(asked, LATER, sample=9)

    assert ["".join(answer.sample) for answer in answers] == matching
    assert [answer.count for answer in answers] == [len(ids) for ids in matching]


def test_no_questions_have_no_answers(platform: Platform) -> None:
    assert platform.answers([], NOW, sample=5) == ()


@pytest.mark.parametrize(("size", "sample"), [(0, ()), (1, ("a",)), (3, ("a", "b", "c"))])
def test_a_sample_is_the_first_few_by_id_over_all_revisions(
    peopled: Platform, size: int, sample: tuple[str, ...]
) -> None:
    assert peopled.answers([EVERYONE], LATER, sample=size) == (Answer(4, sample),)


@pytest.mark.parametrize(("n", "client_id"), [(1, "a"), (3, "c"), (4, "d"), (5, None)])
def test_the_nth_match_counts_from_one(peopled: Platform, n: int, client_id: str | None) -> None:
    assert peopled.nth_matching(EVERYONE, n, LATER) == client_id


def test_ids_are_ordered_by_code_point(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    ids = ["a:b", "a_b", "a", "_", "Z", "10", "9"]
    lines = [line(each, line=number, owner_email="a@x.example") for number, each in enumerate(ids, 1)]
    platform.import_clients(lines, NOW)

    assert list(platform.matching(EVERYONE, NOW)) == sorted(ids)


@needs("expiry")
def test_an_expired_holder_is_not_counted(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="1 day"), NOW)
    platform.add_client(line("a"), NOW)

    counts = [
        platform.answers([EVERYONE], at, sample=1)[0].count
        for at in (LATER - timedelta(microseconds=1), LATER)
    ]

    assert counts == [1, 0]


def test_usage_follows_a_client_to_another_package(peopled: Platform) -> None:
    peopled.assign("c", "other", NOW)
    peopled.import_clients([ClientLine("c", 1, usage={"chat": 5})], NOW)

    of_other = ClientQuestion("other", (1,), (UsesMoreThan("chat", 4),))
    of_basic = replace(EVERYONE, conditions=(UsesMoreThan("chat", 2),))

    answers = peopled.answers([of_other, of_basic], LATER, sample=9)

    assert answers == (Answer(2, ("c", "else")), Answer(0))


@needs("usage")
def test_usage_that_an_assignment_keeps_is_found_beside_the_new_package(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("other", definition("Other"), NOW)
    platform.add_client(line("a", usage={"sources": 5}), NOW)

    platform.assign("a", "other", LATER)

    using = (UsesMoreThan("sources", 4),)
    asked = [ClientQuestion("basic", (1,), using), ClientQuestion("other", (1,), using)]
    assert [answer.count for answer in platform.answers(asked, LATER, sample=0)] == [0, 1]


def test_who_would_be_expired_is_asked_by_windows_of_starts(peopled: Platform) -> None:
    windows = Expiry.parse("1 month").elapsed_starts(NOW)

    (answer,) = peopled.answers([replace(EVERYONE, conditions=(AssignedIn(windows),))], NOW, sample=9)

    assert answer.sample == ("c",)


def test_more_windows_of_starts_than_twenty_five_years_have_are_no_trouble(peopled: Platform) -> None:
    windows = tuple(Window(NOW - timedelta(days=2 * n), NOW - timedelta(days=2 * n)) for n in range(1_500))

    (answer,) = peopled.answers([replace(EVERYONE, conditions=(AssignedIn(windows),))], NOW, sample=9)

    assert answer.sample == ("a", "b", "d")


def test_holdings_count_per_package_and_revision(peopled: Platform) -> None:
    held = peopled.holdings(["basic", "other", "nowhere"], LATER)

    assert held == {"basic": {1: 2, 2: 2}, "other": {1: 1}}
    assert peopled.holdings([], LATER) == {}
    assert peopled.holder_count(LATER) == 5


def test_suspended_holders_are_counted_apart(peopled: Platform) -> None:
    peopled.import_clients([line("gone", package="basic", status="archived")], LATER)

    assert peopled.suspended(["basic", "nowhere"], LATER) == {"basic": 2}
    assert peopled.suspended([], LATER) == {}


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Has something done by somebody else, at the same time."""
    others: list[Thread] = []

    def done(write: Callable[[], object]) -> None:
        others.append(Thread(target=write))
        others[-1].start()
        others[-1].join(_WRITES_WITHIN)

    yield done
    for other in others:
        other.join()


def test_a_client_who_moves_while_holders_are_counted_is_counted_once(
    peopled: Platform, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    def counted(still: PlatformReader) -> int:
        basic = still.holdings(["basic"], LATER)["basic"]
        meanwhile(lambda: peopled.assign("a", "other", NOW))
        return sum(basic.values()) + sum(still.holdings(["other"], LATER)["other"].values())

    assert peopled.at_one_instant(counted) == 5


def test_packages_that_are_read_at_one_instant_are_of_one(
    peopled: Platform, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    edited = definition("Edited")
    edits = [lambda: peopled.edit_package("other", edited, NOW)]

    def versions(still: PlatformReader) -> set[int]:
        listed = next(head for head in still.packages() if head.key == "other")
        while edits:
            meanwhile(edits.pop())
        alone = still.package("other")
        return {listed.version} if alone is None else {listed.version, alone.version}

    assert len(peopled.at_one_instant(versions)) == 1


def test_what_is_read_at_one_instant_is_what_is_read_by_itself(peopled: Platform) -> None:
    def read(reader: PlatformReader) -> tuple[object, ...]:
        return (
            reader.holdings(["basic", "other"], LATER),
            reader.suspended(["basic"], LATER),
            reader.granted_terms(["basic"], LATER),
            reader.outdated(LATER),
            reader.acknowledged(LATER),
            reader.lost_since(NOW),
            reader.holder_count(LATER),
            reader.answers([EVERYONE], LATER, sample=2),
            reader.nth_matching(EVERYONE, 2, LATER),
        )

    assert peopled.at_one_instant(read) == read(peopled)
