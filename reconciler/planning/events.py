"""Whether what was written down was altered since: each event by itself, and what each run sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.model.english import counted, instant
from reconciler.model.events import Seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.events import Event

_FAULTS_TOLD = 50


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    Attributes:
        unsealed: Events that no run sealed yet.
        head: The digest of the last run's event: to be kept elsewhere. None where nothing was applied.
        faults: A sentence each, of the first some.
    """

    events: int
    unsealed: int
    head: str | None
    faults: tuple[str, ...]


def verify(events: Iterable[Event], head: str | None = None) -> Verified:
    """Check all events, oldest first, and that `head`, kept elsewhere, is the digest of a run among them."""
    reading = _Reading()
    for event in events:
        reading.read(event)
    faults = [*reading.altered, *reading.broken(), *reading.missing(head)]
    runs = reading.in_order()
    return Verified(
        reading.events, reading.unsealed, runs[-1].digest if runs else None, tuple(faults[:_FAULTS_TOLD])
    )


@dataclass(slots=True)
class _Reading:
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

    def missing(self, head: str | None) -> Iterator[str]:
        if head is not None and head not in {each.digest for each in self.runs.values()}:
            yield f"no run has the seal {head}: what was sealed by then was altered"
