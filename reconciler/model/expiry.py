"""How long a subscription lasts, counted from its assignment (rule 4)."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

EXPIRY_PATTERN: Final = r"^[1-9][0-9]{0,4} (day|week|month|year)s?$"
_TEXT: Final = re.compile(EXPIRY_PATTERN)
_UNITS: Final[dict[str, tuple[int, Literal["days", "months"]]]] = {
    "day": (1, "days"),
    "week": (7, "days"),
    "month": (1, "months"),
    "year": (12, "months"),
}
_SHORTEST_MONTH_DAYS: Final = 28
_LONGEST_MONTH_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Window:
    """Instants from `start` (None: since ever) to `end`, both included."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """A whole number of days or of calendar months; weeks and years are stored as those.

    A month after 31 January is the last day of February, at the same time of day.
    """

    amount: int
    unit: Literal["days", "months"]

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Expiry:
        """Read `N days|weeks|months|years`; raises ValueError for anything else."""
        match = _TEXT.match(text)
        if match is None:
            raise ValueError(f"not an expiry: {text!r}")
        factor, unit = _UNITS[match[1]]
        return Expiry(int(text.partition(" ")[0]) * factor, unit)

    def __str__(self) -> str:
        """Return the canonical text, which `parse` reads back to an equal value."""
        amount, unit = self.amount, self.unit.removesuffix("s")
        if unit == "month" and amount % 12 == 0:
            amount, unit = amount // 12, "year"
        return f"{amount} {unit}" if amount == 1 else f"{amount} {unit}s"

    def after(self, start: datetime) -> datetime | None:
        """Return the instant at which something assigned at `start` expires; None past the year 9999."""
        try:
            return start + timedelta(days=self.amount) if self.unit == "days" else _shift(start, self.amount)
        except (OverflowError, ValueError):
            return None

    def is_shorter_than(self, other: Expiry | None) -> bool:
        """Whether some assignment could end earlier under this expiry than under `other` (None: never).

        Months have 28 to 31 days, so that `1 month` and `30 days` are each shorter than the other for
        somebody: the worst case decides.
        """
        if other is None or self.unit == other.unit:
            return other is None or self.amount < other.amount
        return self.fewest_days < other.most_days

    def elapsed_starts(self, now: datetime) -> tuple[Window, ...]:
        """Return the windows of starts that have expired at `now`: those with `after(start) <= now`.

        More than one window exists only where calendar months are cut to a shorter month's end.
        """
        try:
            if self.unit == "days":
                return (Window(None, now - timedelta(days=self.amount)),)
            return _elapsed_months(now, self.amount)
        except (OverflowError, ValueError):
            return ()

    @property
    def fewest_days(self) -> int:
        """How many days it lasts at least, whatever months it falls on."""
        return self.amount if self.unit == "days" else self.amount * _SHORTEST_MONTH_DAYS

    @property
    def most_days(self) -> int:
        """How many days it lasts at most."""
        return self.amount if self.unit == "days" else self.amount * _LONGEST_MONTH_DAYS


def _shift(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _elapsed_months(now: datetime, months: int) -> tuple[Window, ...]:
    first = _shift(now.replace(day=1), -months)
    days_there, days_here = monthrange(first.year, first.month)[1], monthrange(now.year, now.month)[1]
    if now.day > days_there:
        return (
            Window(
                None,
                _shift(first, 1).replace(hour=0, minute=0, second=0, microsecond=0)
                - timedelta(microseconds=1),
            ),
        )
    windows = [Window(None, first.replace(day=now.day))]
    if now.day == days_here:
        for day in range(days_here + 1, days_there + 1):
            end = first.replace(day=day)
            windows.append(Window(end.replace(hour=0, minute=0, second=0, microsecond=0), end))
    return tuple(windows)
