"""Numbers, nouns and days as every sentence of the program says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.quantities import UNLIMITED

if TYPE_CHECKING:
    from datetime import date, datetime

    from reconciler.model.quantities import Quantity

_ABBREVIATION: Final = 3
_SIBILANTS: Final = ("s", "x", "z", "ch", "sh")


def number(count: int) -> str:
    """Return the number with its thousands grouped: `1,234`."""
    return f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return the number with the noun in the right form: `1 client`, `1,234 clients`."""
    return f"{number(count)} {noun if count == 1 else plural or plural_of(noun)}"


def agreed(count: int, singular: str, plural: str) -> str:
    """Return the form of a verb that goes with the number."""
    return singular if count == 1 else plural


def plural_of(noun: str) -> str:
    """Return what several are called; abbreviations such as MB stay as they are."""
    last = noun.rpartition(" ")[2]
    if not last.islower() or len(last) < _ABBREVIATION:
        return noun
    if last.endswith("y") and last[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(_SIBILANTS) else f"{noun}s"


def quantity(value: Quantity | None) -> str:
    """Return the cap in words; what is not granted is `none`."""
    if value is None:
        return "none"
    return UNLIMITED if isinstance(value, str) else number(value)


def day(on: date) -> str:
    """Return the day as `27 November 2026`."""
    return f"{on.day} {on:%B} {on.year}"


def instant(at: datetime) -> str:
    """Return the instant to the minute; all instants inside are UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
