from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from reconciler.model.catalog import Catalog
from reconciler.model.packages import Acknowledgement, Share
from reconciler.model.plans import (
    Action,
    Change,
    FieldChange,
    GuardResult,
    Impact,
    ImpactFinding,
    Reach,
    Reassignment,
)
from reconciler.model.settings import Guards
from reconciler.model.terms import Code, Severity
from reconciler.planning.guards import Assessed, Case, judged
from reconciler.planning.impact import Consequences, Owed
from reconciler.planning.pairing import Pair
from tests.builders import NOON, acknowledgement, desired, head

ARCHIVED = FieldChange(
    path="/archived", before=False, after=True, code=Code.PACKAGE_ARCHIVED, severity=Severity.BREAKING
)


def change(action: Action = Action.UPDATE, key: str = "basic", **fields: Any) -> Change:
    fields = {"severity": Severity.BREAKING, "reach": Reach.KEPT_UNTIL_REASSIGNED, **fields}
    return Change(action=action, key=key, **fields)


def lost(code: Code = Code.FEATURE_REMOVED, subject: str = "chat", **counts: Any) -> Impact:
    return Impact(findings=(ImpactFinding(code=code, subject=subject, **counts),))


def assessed(made: Change, *entries: Acknowledgement, vanished: bool = False) -> Assessed:
    file = None if vanished else desired(made.key, acknowledgements=entries)
    owed = (Owed(each.code, each.term, each.lose, each.keep) for each in made.impact.findings)
    return Assessed(made, Pair(file, head(made.key)), Consequences(made.key, NOON), tuple(owed))


def moved(key: str = "basic", *, losing: int) -> Change:
    impact = Impact(clients_losing=losing)
    return change(Action.REASSIGN, key, impact=impact, reassignment=Reassignment(clients=losing))


def verdicts(*items: Assessed, **case: Any) -> list[tuple[str, str, str]]:
    return [(result.id, result.key, result.result) for result in results(*items, **case)]


def results(*items: Assessed, allow: tuple[str, ...] = (), **case: Any) -> tuple[GuardResult, ...]:
    defaults: dict[str, Any] = {
        "guards": Guards(clients_losing="unlimited"),
        "today": date(2026, 11, 1),
        "holders": 100,
        "lost": 0,
        "would_empty": False,
        "catalog": None,
    }
    return judged(Case(changes=items, allow=frozenset(allow), **{**defaults, **case}))


def archive(key: str = "basic", **impact: Any) -> Change:
    return change(Action.ARCHIVE, key, fields=(ARCHIVED,), impact=Impact(**impact))


@pytest.mark.parametrize(
    ("holders", "suspended", "held"),
    [
        (1, 0, "1 client holds the package"),
        (2, 0, "2 clients hold the package"),
        (1, 3, "1 client holds the package, and 3 more while suspended"),
        (0, 1, "1 client holds the package while suspended"),
        (0, 1200, "1,200 clients hold the package while suspended"),
    ],
)
def test_who_holds_a_package_whose_file_is_gone_is_said_in_whole_sentences(
    holders: int, suspended: int, held: str
) -> None:
    gone = archive(holders=holders, suspended=suspended)

    (result,) = results(assessed(gone, vanished=True), guards=Guards(archives="unlimited"))

    assert result.message == f"The file of basic is gone, but {held}."


def test_as_many_archives_as_the_bound_pass() -> None:
    assert verdicts(assessed(archive()), guards=Guards(archives=1)) == []


def test_one_archive_more_than_the_bound_blocks_each() -> None:
    items = assessed(archive("a")), assessed(archive("b"))

    assert verdicts(*items, guards=Guards(archives=1)) == [
        ("archives", "a", "blocked"),
        ("archives", "b", "blocked"),
    ]


def test_allowing_one_archive_takes_it_out_of_the_count() -> None:
    items = assessed(archive("a")), assessed(archive("b"))

    found = verdicts(*items, guards=Guards(archives=1), allow=("archives:a",))

    assert found == [("archives", "a", "allowed")]


def test_a_waiver_is_for_one_guard_and_one_package_only() -> None:
    items = assessed(archive("a")), assessed(archive("b"))

    found = verdicts(*items, guards=Guards(archives=0), allow=("vanished:a", "archives:ab", "archives"))

    assert {result for _, _, result in found} == {"blocked"}


def test_a_file_that_vanishes_under_holders_is_blocked() -> None:
    assert verdicts(assessed(archive(holders=1), vanished=True)) == [("vanished", "basic", "blocked")]


def test_a_file_that_vanishes_while_nobody_holds_the_package_passes() -> None:
    assert verdicts(assessed(archive(), vanished=True)) == []


def test_an_archive_that_its_file_states_is_not_vanished() -> None:
    assert verdicts(assessed(archive(holders=7))) == []


def test_no_files_at_all_are_blocked_as_a_whole() -> None:
    assert verdicts(would_empty=True) == [("empty_desired", "*", "blocked")]
    assert verdicts(would_empty=True, allow=("empty_desired:*",)) == [("empty_desired", "*", "allowed")]


def test_adopting_is_blocked_only_where_it_changes_something() -> None:
    same, different = change(adopts=True), change(adopts=True, fields=(ARCHIVED,))

    assert verdicts(assessed(same)) == []
    assert verdicts(assessed(different)) == [("adopt", "basic", "blocked")]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.BREAKING, [("protected", "basic", "blocked")]),
        (Severity.RESTRICTING, [("protected", "basic", "blocked")]),
        (Severity.EXPANDING, []),
        (Severity.NEUTRAL, []),
    ],
)
def test_a_protected_package_may_only_gain(severity: Severity, expected: list[tuple[str, str, str]]) -> None:
    guards = Guards(protected=("basic",))

    assert verdicts(assessed(change(severity=severity)), guards=guards) == expected


def test_what_clients_lose_needs_an_acknowledgement() -> None:
    assert verdicts(assessed(change(Action.REASSIGN, impact=lost(lose=4)))) == [
        ("acknowledge", "basic", "blocked")
    ]


def test_what_holders_keep_needs_none_unless_touching_counts() -> None:
    item = assessed(change(impact=lost(keep=4)))

    assert verdicts(item) == []
    assert verdicts(item, guards=Guards(acknowledge="touching")) == [("acknowledge", "basic", "blocked")]
    assert verdicts(item, guards=Guards(acknowledge="never")) == []


@pytest.mark.parametrize(
    ("entry", "result"),
    [
        (acknowledgement("removes", "chat", clients=4), "passed"),
        (acknowledgement("removes", "chat", clients=3), "blocked"),
        (acknowledgement("removes", "chat", until=date(2026, 11, 1)), "passed"),
        (acknowledgement("removes", "chat", until=date(2026, 10, 31)), "blocked"),
        (acknowledgement("removes", "chat_history"), "blocked"),
        (acknowledgement("removes", "cha"), "blocked"),
        (acknowledgement("lowers", "chat"), "blocked"),
    ],
)
def test_an_acknowledgement_counts_by_exact_name_while_its_bound_and_date_hold(
    entry: Acknowledgement, result: str
) -> None:
    item = assessed(change(Action.REASSIGN, impact=lost(lose=4)), entry)

    assert verdicts(item) == [("acknowledge", "basic", result)]


@pytest.mark.parametrize(
    ("code", "subject", "entry"),
    [
        (Code.FEATURE_REMOVED, "chat", acknowledgement("removes", "chat")),
        (Code.LIMIT_REMOVED, "seats", acknowledgement("removes", "seats")),
        (Code.LIMIT_LOWERED, "seats", acknowledgement("lowers", "seats")),
        (Code.USER_COUNT_LOWERED, "user_count", acknowledgement("lowers", "user_count")),
        (Code.AI_CREDITS_LOWERED, "ai_credits", acknowledgement("lowers", "ai_credits")),
        (Code.EXPIRY_SHORTENED, "expiry", acknowledgement("shortens", "expiry")),
        (Code.EMAILS_NARROWED, "allowed_emails", acknowledgement("narrows", "allowed_emails")),
        (Code.PACKAGE_ARCHIVED, "package", acknowledgement("archives", "basic")),
        (Code.SUBSCRIPTION_ENDED, "subscriptions", acknowledgement("ends", "subscriptions")),
    ],
)
def test_every_kind_of_loss_can_be_acknowledged(code: Code, subject: str, entry: Acknowledgement) -> None:
    item = assessed(change(Action.UPDATE, impact=lost(code, subject, keep=1)), entry)

    assert verdicts(item, guards=Guards(acknowledge="touching")) == [("acknowledge", "basic", "passed")]


BOTH = Catalog.normalised({"features": {"chat": {"title": "Chat"}}, "limits": {"chat": {"title": "Chats"}}})


@pytest.mark.parametrize(
    ("code", "named", "result"),
    [
        (Code.FEATURE_REMOVED, "features/chat", "passed"),
        (Code.FEATURE_REMOVED, "limits/chat", "blocked"),
        (Code.FEATURE_REMOVED, "chat", "blocked"),
        (Code.LIMIT_REMOVED, "limits/chat", "passed"),
        (Code.LIMIT_REMOVED, "features/chat", "blocked"),
        (Code.LIMIT_REMOVED, "chat", "blocked"),
    ],
)
def test_where_a_feature_and_a_limit_share_a_key_the_entry_says_which(
    code: Code, named: str, result: str
) -> None:
    item = assessed(change(Action.REASSIGN, impact=lost(code, lose=4)), acknowledgement("removes", named))

    (found,) = results(item, catalog=BOTH)

    assert found.result == result
    assert found.about is not None
    assert found.about.term == ("features/chat" if code is Code.FEATURE_REMOVED else "limits/chat")


@pytest.mark.parametrize(
    ("entries", "why", "said"),
    [
        ([], "missing", "no acknowledgement names it"),
        (
            [acknowledgement("removes", "chat", until=date(2026, 10, 26))],
            "ended",
            "ended on 26 October 2026",
        ),
        ([acknowledgement("removes", "chat", clients=3)], "too-small", "at most 3 until 31 December 2026"),
    ],
)
def test_a_block_says_what_is_wrong_with_the_entry(
    entries: list[Acknowledgement], why: str, said: str
) -> None:
    (found,) = results(assessed(change(Action.REASSIGN, impact=lost(lose=4)), *entries))

    assert found.about is not None
    assert (found.about.verb, found.about.term, found.about.clients) == ("removes", "chat", 4)
    assert found.about.entry == why
    assert said in found.message


def test_a_loss_of_the_update_and_its_rollout_is_judged_once() -> None:
    update = change(impact=lost(keep=2, lose=3))
    move = change(Action.REASSIGN, impact=lost(keep=2, lose=3), reassignment=Reassignment(clients=3))

    found = results(assessed(update), assessed(move), guards=Guards(acknowledge="touching"))

    assert [result.about and result.about.clients for result in found] == [5]


@pytest.mark.parametrize(
    ("bound", "losing", "is_blocked"),
    [(3, 3, False), (3, 4, True), (Share(5), 5, False), (Share(5), 6, True), ("unlimited", 100, False)],
)
def test_more_clients_losing_than_the_bound_block(bound: Any, losing: int, *, is_blocked: bool) -> None:
    item = assessed(moved(losing=losing))

    found = results(item, guards=Guards(clients_losing=bound))

    assert [result.result for result in found] == ["blocked"] * is_blocked


def test_a_share_of_so_few_clients_that_it_is_none_is_told_with_the_line_to_write() -> None:
    (found,) = results(assessed(moved(losing=1)), guards=Guards(clients_losing=Share(5)), holders=2)

    assert found.message == (
        "1 client would lose something with this apply; the bound is 5% of 2, which is 0 clients."
    )
    assert found.advice.startswith("Write `guards: {clients_losing: 1}` under the environment in ")


def test_losing_clients_are_counted_over_all_packages() -> None:
    items = [assessed(moved(key, losing=3)) for key in ("a", "b")]

    found = results(*items, guards=Guards(clients_losing=5))

    assert [(result.key, result.result) for result in found] == [("a", "blocked"), ("b", "blocked")]
    assert "6 clients would lose something with this apply; the bound is 5" in found[0].message
    assert "5" in found[0].message
