"""What clients lost before, as a platform counts it: a bound is a total (rule 19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from reconciler.model.fields import Amount, Items, Line, Number, PackageKey, Readable
from reconciler.model.terms import LossVerb

_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Entry(Readable):
    """An acknowledgement of a package file, known by its package, verb and term.

    Attributes:
        term: As `Term` writes it, with its section: `features/audio_call`.
        clients: At most so many clients ever lose it by this entry, over all runs.
        until: The last day (UTC) on which it counts.
    """

    package: PackageKey
    verb: LossVerb
    term: Line
    clients: Amount
    until: date


@dataclass(frozen=True, slots=True)
class LosingMove(Readable):
    """Everybody whom the run `run` reassigned away from `from_revision` of `package` lost something by it."""

    package: PackageKey
    run: Number
    from_revision: Number


@dataclass(frozen=True, slots=True)
class InForce(Readable):
    """An entry as the last applied run had it, and how many lost by it since the run that was first with it.

    Attributes:
        lost: Distinct clients, also those whom a rollback restored.
        is_spent: Nobody is left to lose it: it approves nothing until its `clients` or `until` is edited.
        moves: Which reassignments took it, as far as they took it from all whom they moved.
    """

    entry: Entry
    lost: Amount
    is_spent: bool = False
    moves: Annotated[tuple[LosingMove, ...], Items(_MOST)] = ()


@dataclass(frozen=True, slots=True)
class Lost(Readable):
    """The distinct clients who lost anything in a span of time.

    Attributes:
        clients: Without those whom a rollback restored.
        moves: Which reassignments took it, as far as they took something from all whom they moved, and no
            rollback restored any of them.
    """

    clients: Amount
    moves: Annotated[tuple[LosingMove, ...], Items(_MOST)] = ()
