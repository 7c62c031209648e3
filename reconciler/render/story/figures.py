"""The figures that decide, and the sentence that says them: of one package, and of the whole plan."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from reconciler.model.english import agreed, counted, number
from reconciler.planning.impact import telling
from reconciler.render.story.words import Span, Tone, chained, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.plans import Change
    from reconciler.render.story.words import Words


_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "losing": ("loses something now", "lose something now"),
    "losing_in_use": ("of them uses it", "of them use it"),
    "ending": ("subscription ends", "subscriptions end"),
    "keeping": ("keeps what it has", "keep what they have"),
    "gaining": ("gains", "gain"),
    "moving": ("is reassigned", "are reassigned"),
    "holding": ("holds what is changed", "hold what is changed"),
    "suspended": ("holds it while suspended", "hold it while suspended"),
}


class Level(IntEnum):
    """What happens to people, worst first."""

    ENDING = 0
    LOSING_IN_USE = 1
    LOSING = 2
    KEEPING = 3
    UNKNOWN = 4
    GAINING = 5
    NOBODY = 6

    @property
    def word(self) -> str:
        """What it is called beside its sign or colour, which not everybody sees."""
        return _LEVELS[self]

    @property
    def tone(self) -> Tone:
        """How loudly it is told."""
        if self <= Level.LOSING:
            return Tone.ALARM
        return {Level.KEEPING: Tone.CAUTION, Level.UNKNOWN: Tone.CAUTION, Level.GAINING: Tone.GOOD}.get(
            self, Tone.PLAIN
        )


_LEVELS: Final = {
    Level.ENDING: "ends",
    Level.LOSING_IN_USE: "loss",
    Level.LOSING: "loss",
    Level.KEEPING: "kept",
    Level.UNKNOWN: "unknown",
    Level.GAINING: "gain",
    Level.NOBODY: "none",
}


class Figures(Struct, frozen=True):
    """Distinct clients; None where the platform cannot say.

    Attributes:
        losing: Who loses anything with this apply.
        losing_in_use: Of these, who uses more than is left.
        ending: Whose subscription is over with this apply.
        keeping: Who keeps something that is taken away, until it is reassigned.
        gaining: Who gains anything with this apply.
        moving: Who is reassigned.
        holding: Who holds a package that the plan speaks of, with an active subscription.
        suspended: Who holds one while it is itself not active.
    """

    losing: int | None = 0
    losing_in_use: int | None = 0
    ending: int | None = 0
    keeping: int | None = 0
    gaining: int | None = 0
    moving: int | None = 0
    holding: int | None = 0
    suspended: int | None = 0

    def __iter__(self) -> Iterator[tuple[str, int | None]]:
        """Yield each with its name."""
        return ((name, getattr(self, name)) for name in self.__struct_fields__)

    @property
    def known(self) -> dict[str, int]:
        """Those that the platform could say."""
        return {name: count for name, count in self if count is not None}

    @property
    def level(self) -> Level:
        """The worst that happens to anybody."""
        ranked = (self.ending, self.losing_in_use, self.losing, self.keeping)
        worst = next((level for level, count in zip(Level, ranked, strict=False) if count), None)
        if worst is not None:
            return worst
        if None in (self.losing, self.ending, self.keeping):
            return Level.UNKNOWN
        return Level.GAINING if self.gaining else Level.NOBODY


class Figure(NamedTuple):
    """One count with its stable name and what is true of these clients."""

    name: str
    clients: int
    phrase: str


def told(figures: Figures, names: Iterable[str]) -> tuple[Figure, ...]:
    """Return those that are known and not zero, each with its phrase, as bars and lists are labelled."""
    return tuple(
        Figure(name, count, agreed(count, *_PHRASES[name]))
        for name in names
        if (count := figures.known.get(name))
    )


def figures_of(changes: Iterable[Change]) -> Figures:
    """Add up what the changes of one package say; each client is spoken of by one of them."""
    found = tuple(changes)
    impacts = [each.impact for each in telling(found)]
    return Figures(
        losing=total(each.clients_losing for each in impacts),
        losing_in_use=total(each.clients_losing_in_use for each in impacts),
        ending=total(each.subscriptions_ended for each in impacts),
        keeping=total(each.clients_keeping for each in impacts),
        gaining=total(each.clients_gaining for each in impacts),
        moving=sum(each.reassignment.clients for each in found if each.reassignment),
        holding=found[0].impact.holders,
        suspended=found[0].impact.suspended,
    )


def summed(all_of: Iterable[Figures]) -> Figures:
    """Add up the figures of packages; a client holds one."""
    found = tuple(all_of)
    names = [name for name, _ in Figures()]
    return Figures(**{name: total(getattr(each, name) for each in found) for name in names})


def total(counts: Iterable[int | None]) -> int | None:
    """Add up; what is unknown of one is unknown of all."""
    known = tuple(counts)
    return None if None in known else sum(filter(None, known))


def headline(figures: Figures, when: str) -> Words:
    """Say who loses what they have and when, who keeps it, who gains; without a full stop."""
    if figures.level is Level.UNKNOWN:
        return words("Which clients it touches is unknown", tone=Tone.CAUTION)
    return chained(_parts(figures, when), "; ")


def _parts(figures: Figures, when: str) -> Iterator[Words]:
    losing, keeping, gaining = figures.losing or 0, figures.keeping or 0, figures.gaining or 0
    if losing:
        yield words(_losing(losing, figures.losing_in_use or 0, when), tone=Tone.ALARM)
    if figures.ending:
        ends = agreed(figures.ending, "ends", "end")
        yield words(f"{counted(figures.ending, 'subscription')} {ends}", tone=Tone.ALARM)
    if not losing:
        now = " now" if keeping else ""
        yield words(f"No client loses anything{now}", tone=Tone.GOOD if not keeping else Tone.STRONG)
    if keeping:
        has = agreed(keeping, "keeps what it has", "keep what they have")
        yield words(f"{number(keeping)} {has} until reassigned")
    if gaining:
        yield words(Span(f"{number(gaining)} {agreed(gaining, 'gains', 'gain')}", Tone.GOOD))


def _losing(losing: int, in_use: int, when: str) -> str:
    who = f"{counted(losing, 'client')} {agreed(losing, 'loses', 'lose')} something {when}"
    if not in_use:
        return who
    if losing == 1:
        return f"{who} and uses it"
    return f"{who}, {number(in_use)} of them {agreed(in_use, 'uses', 'use')} it"
