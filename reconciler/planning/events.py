"""Whether what was written down was altered since: each event by itself, and what each run sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from reconciler.model.english import counted, instant
from reconciler.model.events import Seal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from reconciler.model.events import Event

_FAULTS_TOLD = 50


class Verified(Struct, frozen=True):
    """What was found.

    Attributes:
        unsealed: Events that no run sealed yet.
        head: The seal of the last run, with its number: to be kept elsewhere. None where nothing was applied.
        faults: A sentence each, of the first some.
    """

    events: int
    unsealed: int
    head: str | None
    faults: tuple[str, ...]


def verify(events: Iterable[Event], heads: Collection[str] = ()) -> Verified:
    """Check all events, oldest first, and that the runs have the seals that were kept elsewhere.

    A seal is a run's number and digest, as `seal_of` writes it. Each speaks of its run and of all before it,
    so that the first which is not found names the run that sealed what was altered.
    """
    reading = _Reading()
    for event in events:
        reading.read(event)
    faults = [*reading.altered, *reading.broken(), *reading.missing(heads)]
    runs = reading.in_order()
    head = seal_of(runs[-1].run or 0, runs[-1].digest) if runs else None
    return Verified(reading.events, reading.unsealed, head, tuple(faults[:_FAULTS_TOLD]))


def seal_of(run: int, digest: str) -> str:
    """Return the seal of a run as it is printed, kept elsewhere and compared: `7:sha256:…`."""
    return f"{run}:{digest}"


class _Reading(Struct):
    events: int = 0
    unsealed: int = 0
    altered: list[str] = field(default_factory=list)
    runs: dict[int, Event] = field(default_factory=dict)
    seals: dict[int, Seal] = field(default_factory=dict)

    def read(self, event: Event) -> None:
        self.events += 1
        if event.digest != event.own_digest and len(self.altered) < _FAULTS_TOLD:
            self.altered.append(f"event {event.id} ({event.kind}, {instant(event.at)}) was altered")
        if event.run is None:
            self.unsealed += 1
        elif event.kind == "run":
            self.runs[event.run] = event
        else:
            self.seals.setdefault(event.run, Seal()).add(event.digest)

    def in_order(self) -> list[Event]:
        return [self.runs[number] for number in sorted(self.runs)]

    def broken(self) -> Iterator[str]:
        """Yield which runs do not have what they sealed, or not the run before them."""
        previous = None
        for number in sorted(self.runs.keys() | self.seals.keys()):
            if number not in self.runs:
                yield f"run {number} sealed events, and its own is gone"
                continue
            told: dict[str, Any] = self.runs[number].after or {}
            found = self.seals.get(number, Seal())
            if (told.get("sealed"), told.get("seal")) != (found.events, found.digest):
                sealed = counted(int(told.get("sealed") or 0), "event")
                yield f"run {number} sealed {sealed}, and what is there now is not the same"
            if told.get("previous") != previous:
                yield f"run {number} does not follow the seal of the run before it"
            previous = self.runs[number].digest

    def missing(self, heads: Collection[str]) -> Iterator[str]:
        found = {seal_of(number, event.digest): number for number, event in self.runs.items()}
        lost = min((_run_of(head) for head in heads if head not in found), default=None)
        if lost is not None:
            held = max((found[head] for head in heads if found.get(head, lost) < lost), default=0)
            which = f"run {lost}" if held == lost - 1 else f"a run from {held + 1} to {lost}"
            yield f"run {lost} does not have the seal that was kept: what {which} sealed was altered"


def _run_of(seal: str) -> int:
    return int(seal.partition(":")[0])
