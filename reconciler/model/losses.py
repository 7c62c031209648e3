"""What clients lost before, as a platform counts it: a bound is a total (rule 19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, TypeAlias

from reconciler.model.fields import Amount, Instant, Items, Line, PackageKey, Readable, Told
from reconciler.model.terms import LossVerb, Term

_MOST = 100_000
Known: TypeAlias = tuple[str, LossVerb, str]
"""Package, verb and term of an entry: what it is known by."""


@dataclass(frozen=True, slots=True)
class Entry(Readable):
    """An acknowledgement of a package file, known by its package, verb and term.

    Attributes:
        term: As `Term` writes it, with its section: `features/audio_call`. Without one where neither the
            catalog nor a loss has told it yet.
        clients: At most so many clients ever lose it by this entry, over all runs.
        until: The last day (UTC) on which it counts.
    """

    package: PackageKey
    verb: LossVerb
    term: Line
    clients: Amount
    until: date


def known_as(package: str, verb: LossVerb, term: Term) -> tuple[Known, ...]:
    """Return by which package, verb and term an entry may be known, the surest first.

    A file may leave the section out, and the catalog that told it may have dropped the term since.
    """
    sections = ("",) if term.section else ("", "features", "limits")
    terms = (str(term), *(str(Term(section, term.key)) for section in sections))
    return tuple((package, verb, each) for each in dict.fromkeys(terms))


@dataclass(frozen=True, slots=True)
class InForce(Told):
    """An entry as the last applied run had it, and how many lost by it since the run that was first with it.

    Attributes:
        lost: Distinct clients, also those whom a rollback restored.
        is_spent: Nobody is left to lose it: it approves nothing until its `clients` or `until` is edited.
    """

    entry: Entry
    lost: Amount
    is_spent: bool = False


@dataclass(frozen=True, slots=True)
class Lost(Told):
    """The distinct clients who lost anything in a span of time.

    Attributes:
        clients: Without those whom a rollback restored.
    """

    clients: Amount


@dataclass(frozen=True, slots=True)
class Lately(Readable):
    """At most `clients` distinct clients lose anything from an instant on."""

    since: Instant
    clients: Amount


@dataclass(frozen=True, slots=True)
class Bounds(Readable):
    """What must hold once a change set is applied, whoever else applied since it was planned (rule 19).

    Attributes:
        entries: Those that let something pass: at most their `clients` ever lost it. One that the platform
            does not know counts from this run on, also where the change set is not made of files.
        lately: None where nothing bounds who loses anything.
    """

    entries: Annotated[tuple[Entry, ...], Items(_MOST)] = ()
    lately: Lately | None = None


UNBOUNDED: Final = Bounds()
