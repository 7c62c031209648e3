"""Numbers, lengths of time and days as people write them, and what is meant beyond doubt."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_BETWEEN: Final = r"[ ,_'.\u00a0\u202f\u2019]"
_NUMBER: Final = re.compile(rf"\d+(?:{_BETWEEN}\d+)*")
_GROUPED: Final = re.compile(rf"\d+|\d{{1,3}}(?:{_BETWEEN}\d{{2,3}})*{_BETWEEN}\d{{3}}")
"""Separators stand before three digits, in India before two as well; before anything else is a fraction."""
_FRACTION: Final = re.compile(r"\d+[.,]\d{1,2}")
_THOUSANDS: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_LENGTH: Final = re.compile(r"([1-9][0-9]{0,4}|[a-z]+)[ -]*([^\W\d_]+)\Z")
_UNITS: Final = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen", "jour", "jours"), (1, "days")),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen", "semaine", "semaines"), (1, "weeks")),
    **dict.fromkeys(("fortnight", "fortnights"), (2, "weeks")),
    **dict.fromkeys(("m", "mo", "month", "months", "monat", "monate", "mois"), (1, "months")),
    **dict.fromkeys(("quarter", "quarters", "quartal", "quartale", "trimestre", "trimestres"), (3, "months")),
    **dict.fromkeys(("y", "year", "years", "jahr", "jahre", "an", "ans", "année", "années"), (1, "years")),
}
_WORDS_FOR_NUMBERS: Final = {
    **dict.fromkeys(("a", "an", "one", "ein", "eine", "einen", "un", "une"), 1),
    **dict.fromkeys(("two", "zwei", "deux"), 2),
    **dict.fromkeys(("three", "drei", "trois"), 3),
    **dict.fromkeys(("four", "vier", "quatre"), 4),
    **dict.fromkeys(("six", "sechs"), 6),
}
_EACH: Final = {"daily": "1 day", "weekly": "1 week", "monthly": "1 month", "yearly": "1 year"} | {
    unit: f"1 {unit}" for unit in ("day", "week", "month", "year")
}
_DATES: Final = (
    *("%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y-%m-%d"),
    *("%d %B %Y", "%d. %B %Y", "%B %d %Y", "%B %d, %Y", "%d %b %Y", "%b %d %Y", "%b %d, %Y"),
)


class Amount(NamedTuple):
    """One number in a text.

    Attributes:
        number: None where it is no whole number.
        beside: What else the text says, in lower case.
    """

    number: int | None
    beside: str


def reads_as_number(value: Any) -> bool:
    """Whether it is text that is a number, in whatever way it is written."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def amounts_in(text: str) -> tuple[Amount, ...]:
    """Return the numbers of a text; `1.5k` is 1,500, and 5.5 is not 55."""
    beside = " ".join(_NUMBER.sub(" ", text.lower()).split())
    scale, said = (_THOUSANDS[beside], "") if beside in _THOUSANDS else (1, beside)
    return tuple(Amount(_count(number, scale), said) for number in _NUMBER.findall(text))


def _count(number: str, scale: int) -> int | None:
    if _GROUPED.fullmatch(number):
        return int(re.sub(_BETWEEN, "", number)) * scale
    exact = Decimal(number.replace(",", ".")) * scale if _FRACTION.fullmatch(number) else Decimal("0.1")
    return int(exact) if exact == int(exact) else None


def length_in(text: str) -> tuple[int, str]:
    """Return count and unit of a length of time, 0 where it is none."""
    word = text.strip().lower()
    match = _LENGTH.match(_EACH.get(word, word))
    if match is None or match[2] not in _UNITS:
        return 0, ""
    factor, unit = _UNITS[match[2]]
    count = int(match[1]) if match[1].isdecimal() else _WORDS_FOR_NUMBERS.get(match[1], 0)
    return count * factor, unit


def days_in(text: str) -> list[str]:
    """Return the day of a text as a date, or both where the month may stand first; sorted."""
    return sorted(set(_days_read(text.strip())))


def _days_read(text: str) -> Iterator[str]:
    for form in _DATES:
        try:
            yield f"{datetime.strptime(text, form):%Y-%m-%d}"  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    try:
        yield f"{datetime.fromisoformat(text):%Y-%m-%d}"
    except ValueError:
        return
