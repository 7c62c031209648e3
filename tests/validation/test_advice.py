"""No advice grants more than what was written."""

from __future__ import annotations

import pytest

from reconciler.validation.advice import advice
from reconciler.validation.amounts import amounts_in
from reconciler.validation.wording import ValueKind

RESTRICTING = (
    "none",
    "no",
    "keine",
    "aucun",
    "-",
    "nothing",
    "zero",
    "acme.example",
    "@acme.example",
    "few",
    "limited",
    "is limited!",
    "",
)
GRANTING = ("write unlimited", "write any", "write true")


@pytest.mark.parametrize("text", RESTRICTING)
@pytest.mark.parametrize(
    "wanted",
    [
        {ValueKind.NUMBER, ValueKind.UNLIMITED},
        {ValueKind.ANY, ValueKind.LIST},
        {ValueKind.TRUTH},
        {ValueKind.NUMBER, ValueKind.SHARE, ValueKind.UNLIMITED},
        {ValueKind.LIST},
    ],
)
def test_no_advice_on_a_restriction_opens_anything(text: str, wanted: set[ValueKind]) -> None:
    assert not advice(text, wanted).startswith(GRANTING)


@pytest.mark.parametrize("text", ["unlimited", "Unlimited", " UNLIMITED ", "no limit"])
def test_who_wrote_that_there_is_no_cap_is_told_the_word_for_it(text: str) -> None:
    assert advice(text, {ValueKind.NUMBER, ValueKind.UNLIMITED}) == "write unlimited"


@pytest.mark.parametrize(
    ("value", "said"), [(1, "write 1 day, or"), ("1", "write 1 day, or"), (14, "write 14 days, or")]
)
def test_one_day_is_told_as_one(value: int | str, said: str) -> None:
    assert advice(value, {ValueKind.EXPIRY}).startswith(said)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("5,000", 5_000),
        ("1.000", 1_000),
        ("1 000 000", 1_000_000),
        ("1,00,000", 1_00_000),
        ("1.5k", 1_500),
        ("2m", 2_000_000),
        ("up to 500 a month", 500),
        ("12.50", None),
        ("1.5", None),
        ("0.0005k", None),
        ("1.00.00", None),
    ],
)
def test_a_number_is_never_read_as_a_larger_one(text: str, count: int | None) -> None:
    assert [amount.number for amount in amounts_in(text)] == [count]
