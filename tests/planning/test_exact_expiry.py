from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.expiry import LATEST, Expiry, Window

AT = datetime(2026, 11, 28, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fewest", "most"),
    [
        ("1 month", 28, 31),
        ("2 months", 59, 62),
        ("3 months", 89, 92),
        ("6 months", 181, 184),
        ("1 year", 365, 366),
        ("400 years", 146_097, 146_097),
        ("14 days", 14, 14),
    ],
)
def test_months_have_as_many_days_as_the_calendar_gives_them(text: str, fewest: int, most: int) -> None:
    expiry = Expiry.parse(text)

    assert (expiry.fewest_days, expiry.most_days) == (fewest, most)


def is_in(windows: tuple[Window, ...], start: datetime) -> bool:
    return any((each.start is None or each.start <= start) and start <= each.end for each in windows)


@st.composite
def near_pairs(draw: st.DrawFn) -> tuple[Expiry, Expiry]:
    months = Expiry(draw(st.integers(1, 30)), "months")
    days = Expiry(draw(st.integers(months.fewest_days - 2, months.most_days + 2)), "days")
    return (months, days) if draw(st.booleans()) else (days, months)


def going_on(expiry: Expiry, data: st.DataObject) -> tuple[datetime, datetime]:
    """Draw the start of a subscription that has not ended, and return its end, too."""
    start = AT - timedelta(seconds=data.draw(st.integers(0, expiry.most_days * 86_400)))
    end = expiry.after(start)
    assert end is not None
    assume(end > AT)
    return start, end


@given(near_pairs(), st.data())
def test_the_windows_hold_exactly_the_starts_that_end_earlier(
    pair: tuple[Expiry, Expiry], data: st.DataObject
) -> None:
    new, old = pair
    start, before = going_on(old, data)
    after = new.after(start)
    assert after is not None

    assert is_in(new.shorter_starts(old, AT), start) == (after < before)


@given(near_pairs(), st.data())
def test_spans_hold_each_start_that_goes_on_once_and_how_long_it_lasts(
    pair: tuple[Expiry, Expiry], data: st.DataObject
) -> None:
    expiry, _ = pair
    start, end = going_on(expiry, data)

    found = expiry.spans((Window(None, LATEST),), AT)

    lasting = [each.days for each in found if (each.start or start) <= start <= each.end]
    assert lasting == [(end - start).days]


@given(near_pairs())
def test_shorter_for_some_and_for_all_is_what_the_windows_say(pair: tuple[Expiry, Expiry]) -> None:
    new, old = pair
    long_ago = AT.replace(year=2400)

    if new.is_always_shorter_than(old):
        assert new.is_shorter_than(old)
        assert is_in(new.shorter_starts(old, long_ago), long_ago)
    if not new.is_shorter_than(old):
        assert new.shorter_starts(old, long_ago) == ()


@given(st.integers(1, 40), st.sampled_from(["days", "months"]), st.integers(0, 4000 * 86_400))
def test_every_start_is_either_over_or_running(number: int, unit: str, seconds: int) -> None:
    expiry = Expiry(number, "days" if unit == "days" else "months")
    start = AT - timedelta(seconds=seconds)

    assert is_in(expiry.elapsed_starts(AT), start) != is_in(expiry.running_starts(AT), start)
