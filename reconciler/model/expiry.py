"""How long a subscription lasts, counted from its assignment (rule 4)."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

from reconciler.model.fields import Instant, Readable, Whole

EXPIRY_PATTERN: Final = r"^[1-9][0-9]{0,4} (day|week|month|year)s?$"
_TEXT: Final = re.compile(EXPIRY_PATTERN)
_UNITS: Final[dict[str, tuple[int, Literal["days", "months"]]]] = {
    "day": (1, "days"),
    "week": (7, "days"),
    "month": (1, "months"),
    "year": (12, "months"),
}
_MONTHS_OF_THE_CALENDAR: Final = 4800
"""After four hundred years the calendar repeats, to the day."""
_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_CENTURY: Final = timedelta(days=36_525)
"""No subscription that is looked at started earlier."""
_FOREVER: Final = LATEST.toordinal()
"""As many days after any start no end is known."""


@dataclass(frozen=True, slots=True)
class Window(Readable):
    """Instants from `start` (None: since ever) to `end`, both included."""

    start: Instant | None
    end: Instant


@dataclass(frozen=True, slots=True)
class Span(Readable):
    """Starts from `start` (None: since ever) to `end`, both included, that last `days` days."""

    start: Instant | None
    end: Instant
    days: Annotated[int, Whole(1, _FOREVER)]


class Expiry(Struct, frozen=True):
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
        """Whether some start ends earlier under this expiry than under `other` (None: never)."""
        if other is None or self.unit == other.unit:
            return other is None or self.amount < other.amount
        return self.fewest_days < other.most_days

    def is_always_shorter_than(self, other: Expiry | None) -> bool:
        """Whether every start ends earlier under this expiry than under `other` (None: never)."""
        if other is None or self.unit == other.unit:
            return self.is_shorter_than(other)
        return self.most_days < other.fewest_days

    def shorter_starts(
        self, other: Expiry, at: datetime, latest: datetime | None = None
    ) -> tuple[Window, ...]:
        """Return the starts that end earlier under this expiry than under `other`, as windows of whole days.

        Only starts up to `latest` (else `at`) that are not over at `at` under `other` are looked at; both
        must be of different units.
        """
        return tuple(_merged(_days_that_differ(self, other, at, max(at, latest or at))))

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

    def running_starts(self, now: datetime) -> tuple[Window, ...]:
        """Return the windows of starts that have not expired at `now`: all but `elapsed_starts`."""
        found: list[Window] = []
        begin: datetime | None = None
        for window in self.elapsed_starts(now):
            if window.start is not None and (begin is None or begin < window.start):
                found.append(Window(begin, window.start - _TICK))
            begin = window.end + _TICK
        return (*found, Window(begin, LATEST))

    def spans(self, windows: Iterable[Window], at: datetime) -> tuple[Span, ...]:
        """Return how long starts in windows of whole days last, of months those that may go on at `at`."""
        if self.unit == "days":
            return tuple(Span(window.start, window.end, self.amount) for window in windows)
        first = max(_earliest_running(self, at), (at - _CENTURY).astimezone(UTC).date())
        earliest, latest = datetime.combine(first, time(tzinfo=UTC)), at + _DAY
        return tuple(
            span
            for window in windows
            for span in self._spans(max(window.start or earliest, earliest), min(window.end, latest))
        )

    def _spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        for lasting, alike in groupby(days, self._days_from):
            found = tuple(alike)
            yield Span(found[0], found[-1] + _DAY - _TICK, lasting)

    def _days_from(self, start: datetime) -> int:
        end = self.after(start)
        return _FOREVER if end is None else (end - start).days

    @property
    def fewest_days(self) -> int:
        """How many days it lasts at least, whatever months it falls on."""
        return self.amount if self.unit == "days" else _spans(self.amount)[0]

    @property
    def most_days(self) -> int:
        """How many days it lasts at most."""
        return self.amount if self.unit == "days" else _spans(self.amount)[1]


def end_of(expiry: Expiry | None, start: datetime, extended_to: datetime | None = None) -> datetime | None:
    """Return when what was assigned at `start` ends: the later of its expiry and the extension (rule 18)."""
    end = None if expiry is None else expiry.after(start)
    return end if end is None or extended_to is None else max(end, extended_to)


@lru_cache(maxsize=256)
def _spans(months: int) -> tuple[int, int]:
    """Return the fewest and the most days that so many calendar months have, from any day of any month."""
    lengths = [
        monthrange(2000 + number // 12, number % 12 + 1)[1] for number in range(_MONTHS_OF_THE_CALENDAR)
    ]
    cycles, rest = divmod(months, _MONTHS_OF_THE_CALENDAR)
    whole = cycles * sum(lengths)
    lengths += lengths
    span = sum(lengths[:rest])
    fewest, most = None, 0
    for first in range(_MONTHS_OF_THE_CALENDAR):
        cut = min(0, lengths[first + rest] - lengths[first])
        fewest = span + cut if fewest is None else min(fewest, span + cut)
        most = max(most, span)
        span += lengths[first + rest] - lengths[first]
    return whole + (fewest or 0), whole + most


def _days_that_differ(
    new: Expiry, old: Expiry, at: datetime, latest: datetime
) -> Iterator[tuple[date, date]]:
    """Yield, month by month, the first and last day of the starts whose end comes earlier under `new`."""
    months, days = (new, old.amount) if new.unit == "months" else (old, new.amount)
    day = _earliest_running(old, at)
    last = latest.astimezone(UTC).date() + _DAY
    while day <= last:
        size = monthrange(day.year, day.month)[1]
        first = day.replace(day=1)
        try:
            end = _shift(datetime.combine(first, time()), months.amount).date()
        except (OverflowError, ValueError):
            return
        room, span = monthrange(end.year, end.month)[1], (end - first).days
        low, high = 1, size
        if new.unit == "months" and span >= days:
            low = max(room, room + span - days) + 1
        elif new.unit == "days":
            high = min(size, room + span - days - 1) if span > days else 0
        if low <= high:
            yield first.replace(day=low), first.replace(day=high)
        day = first + timedelta(days=size)


def _earliest_running(expiry: Expiry, at: datetime) -> date:
    try:
        return at.astimezone(UTC).date() - timedelta(days=expiry.most_days + 1)
    except OverflowError:
        return date(1, 1, 1)


def _merged(spans: Iterable[tuple[date, date]]) -> Iterator[Window]:
    begin: date | None = None
    end = date.min
    for first, last in spans:
        if begin is not None and first > end + _DAY:
            yield _window(begin, end)
            begin = None
        begin, end = begin or first, last
    if begin is not None:
        yield _window(begin, end)


def _window(first: date, last: date) -> Window:
    midnight = time(tzinfo=UTC)
    return Window(datetime.combine(first, midnight), datetime.combine(last, midnight) + _DAY - _TICK)


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
