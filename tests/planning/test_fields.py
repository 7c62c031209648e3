from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from reconciler.model.terms import CAPS, Code, Severity
from reconciler.planning.fields import differences, masked
from tests.builders import definition
from tests.strategies import definitions

# Less on the left, more on the right, and the code of each direction.
LADDERS: list[tuple[dict[str, Any], dict[str, Any], Code, Code]] = [
    ({}, {"features": ["chat"]}, Code.FEATURE_REMOVED, Code.FEATURE_ADDED),
    ({"limits": {"seats": 1}}, {"limits": {"seats": 2}}, Code.LIMIT_LOWERED, Code.LIMIT_RAISED),
    ({"limits": {"seats": 1}}, {"limits": {"seats": "unlimited"}}, Code.LIMIT_LOWERED, Code.LIMIT_RAISED),
    ({}, {"limits": {"seats": 1}}, Code.LIMIT_REMOVED, Code.LIMIT_RAISED),
    ({"user_count": 3}, {"user_count": 4}, Code.USER_COUNT_LOWERED, Code.USER_COUNT_RAISED),
    ({"user_count": 3}, {"user_count": "unlimited"}, Code.USER_COUNT_LOWERED, Code.USER_COUNT_RAISED),
    ({}, {"ai_credits": 5}, Code.AI_CREDITS_LOWERED, Code.AI_CREDITS_RAISED),
    ({"ai_credits": 5}, {"ai_credits": "unlimited"}, Code.AI_CREDITS_LOWERED, Code.AI_CREDITS_RAISED),
    ({"expiry": "14 days"}, {"expiry": "15 days"}, Code.EXPIRY_SHORTENED, Code.EXPIRY_EXTENDED),
    ({"expiry": "14 days"}, {}, Code.EXPIRY_SHORTENED, Code.EXPIRY_EXTENDED),
    (
        {"allowed_emails": ["a@x.example"]},
        {"allowed_emails": ["a@x.example", "b@x.example"]},
        Code.EMAILS_NARROWED,
        Code.EMAILS_WIDENED,
    ),
    ({"allowed_emails": ["a@x.example"]}, {}, Code.EMAILS_NARROWED, Code.EMAILS_WIDENED),
]


@pytest.mark.parametrize(("less", "more", "loss", "gain"), LADDERS)
def test_what_is_a_loss_one_way_is_a_gain_the_other_way(
    less: dict[str, Any], more: dict[str, Any], loss: Code, gain: Code
) -> None:
    taken = differences(definition(**more), definition(**less))
    given_back = differences(definition(**less), definition(**more))

    assert [(field.code, field.severity.is_loss) for field in taken] == [(loss, True)]
    assert [(field.code, field.severity) for field in given_back] == [(gain, Severity.EXPANDING)]
    assert (taken[0].before, taken[0].after) == (given_back[0].after, given_back[0].before)


def test_every_severity_rule_has_its_mirror_and_its_ladder() -> None:
    apart_from_fields = {Code.PACKAGE_ARCHIVED, Code.SUBSCRIPTION_ENDED}
    of_no_file = {Code.GRANT_ENDED}

    losses = {code for code in Code if code.row.severity.is_loss} - of_no_file
    mirrors = {code: code.row.mirror for code in Code if code.row.mirror is not None}

    assert losses == set(mirrors)
    assert {mirror.row.severity for mirror in mirrors.values()} == {Severity.EXPANDING}
    assert losses - apart_from_fields == {loss for _, _, loss, _ in LADDERS}


def test_a_list_that_swaps_addresses_narrows_and_widens() -> None:
    before = definition(allowed_emails=["anna@x.example"])
    after = definition(allowed_emails=["bert@x.example"])

    found = differences(before, after, email=masked)

    assert [field.code for field in found] == [Code.EMAILS_NARROWED, Code.EMAILS_WIDENED]
    assert found[0].before == ["a***@x.example"]


def test_a_month_and_30_days_are_each_shorter_and_longer_than_the_other_for_somebody() -> None:
    month, thirty_days = definition(expiry="1 month"), definition(expiry="30 days")

    there, back = differences(month, thirty_days), differences(thirty_days, month)

    assert [field.code for field in (*there, *back)] == [Code.EXPIRY_SHORTENED, Code.EXPIRY_EXTENDED] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"features": ["chat", "calls"]}, {"features": ["calls", "chat"]}),
        ({"allowed_emails": [" A@X.example "]}, {"allowed_emails": ["a@x.example"]}),
        ({"expiry": "2 weeks"}, {"expiry": "14 days"}),
        ({"expiry": "1 year"}, {"expiry": "12 months"}),
        ({"ai_credits": 0}, {}),
        ({"allowed_emails": "any"}, {}),
        ({"limits": {}}, {}),
        ({"description": ""}, {}),
    ],
)
def test_order_case_and_defaults_never_make_a_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert differences(definition(**one), definition(**other)) == ()
    assert definition(**one).digest == definition(**other).digest


@given(definitions(), definitions())
def test_differences_name_exactly_the_parts_that_differ(one: Any, other: Any) -> None:
    found = differences(one, other)

    parts = {*one.__struct_fields__} - {"caps"}
    differing = {name for name in parts if getattr(one, name) != getattr(other, name)}
    differing |= {key for key in CAPS if one.caps.get(key) != other.caps.get(key)}
    assert {field.path.split("/")[1] for field in found} == differing
    assert (one.digest == other.digest) == (not found)


@given(definitions())
def test_a_definition_survives_its_json_form(one: Any) -> None:
    assert type(one).normalised(one.as_document()) == one
