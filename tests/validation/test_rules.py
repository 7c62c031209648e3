from __future__ import annotations

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.emails import fault_of
from reconciler.validation.problems import did_you_mean
from reconciler.validation.rules import RULES, Rule


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_says_what_it_refuses_and_why(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.explanation.endswith(".")
    assert bool(rule.bad) == bool(rule.good)
    assert rule.bad != rule.good or not rule.bad


@given(st.from_regex(r"[a-z0-9._%+-]{1,22}@[a-z0-9.-]{1,20}\.(com|de|example|xn--x|test)", fullmatch=True))
def test_an_address_that_passes_quickly_would_pass_the_whole_check(address: str) -> None:
    if fault_of(address):
        return

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        pytest.fail(f"{address} was let through")


@pytest.mark.parametrize("address", ["ops@acme.example", "a.b+c@x.co.uk", "größe@acme.example"])
def test_addresses_that_can_exist_are_let_through(address: str) -> None:
    assert fault_of(address) == ""


@pytest.mark.parametrize(
    "address", ["ops", "ops@acme", "a..b@c.de", "a b@c.de", "@c.de", "a@-c.de", "a@" + "x" * 300]
)
def test_addresses_that_cannot_exist_are_faults(address: str) -> None:
    assert fault_of(address)


def test_near_words_are_offered_and_far_ones_are_not() -> None:
    assert did_you_mean("audio_cal", ["audio_call", "chat"]) == "did you mean `audio_call`?"
    assert did_you_mean("telepathy", ["audio_call", "chat"]) == ""
