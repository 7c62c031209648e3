"""One entry a package: its edit, its move, its archive together, with whom it reaches."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import agreed, counted, number
from reconciler.model.plans import Action, Reach
from reconciler.model.terms import Kind, Severity, worst
from reconciler.render.story.effects import when
from reconciler.render.story.facts import facts
from reconciler.render.story.figures import Figures, Level, figures_of, headline
from reconciler.render.story.words import Tone, chained, key, title, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.capabilities import Capabilities
    from reconciler.model.plans import Change, Plan, Reassignment, Source, TermAfter
    from reconciler.render.story.facts import Fact
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_ORIGINS: Final = {
    "platform": "Edited on the platform since the last apply; the file did not change.",
    "both": "Edited on the platform since the last apply, and the file changed as well.",
}
_IN_A_ROW: Final = 4
_UNMETERED: Final = (
    "This platform meters no usage: who uses what is taken away is not counted. Look it up in the product "
    "before you apply."
)
_AT_LEAST: Final = (
    "The platform knows only some of the clients or of their usage: counts are at least what is shown. Ask "
    "whoever runs it for the rest before you apply."
)


class Occasion(Enum):
    """Why the plan is told: to be applied, or because both sides should be equal."""

    PLAN = auto()
    DRIFT = auto()


class Group(Struct, frozen=True):
    """The changes of one package, its move last, and what they do to its clients."""

    changes: tuple[Change, ...]
    figures: Figures
    severity: Severity

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Group:
        """Put the edit before the move."""
        found = tuple(sorted(changes, key=lambda each: each.action is Action.REASSIGN))
        return cls(found, figures_of(found), worst(each.severity for each in found))

    @property
    def key(self) -> str:
        """The package's key after the change."""
        return self.changes[0].key

    @property
    def level(self) -> Level:
        """What happens to its clients, at worst; unknown counts only where something is taken away."""
        level = self.figures.level
        return Level.NOBODY if level is Level.UNKNOWN and not self.severity.is_loss else level

    @property
    def rank(self) -> tuple[int | str, ...]:
        """The worst comes first."""
        figures = self.figures
        counts = (figures.ending, figures.losing_in_use, figures.losing, figures.keeping, figures.gaining)
        return (self.level, *(-(count or 0) for count in counts), self.severity.rank, self.key)


class Entry(Struct, frozen=True):
    """One package.

    Attributes:
        key: After the change.
        title: What it is called after the change; empty where nobody has given it one.
        renamed_from: Its key before, for a rename.
        actions: What is done with it, its reassignment last.
        done: The same in words; a package that comes under the files' control as it is, is not updated.
        revisions: Its revision before and after, where the change makes a new one.
        severity: The worst of its changes.
        level: See `Group`.
        headline: What happens to its clients.
        whom: Who holds it, who moves, who waits and who stays; one sentence each.
        changes: What changes, in one line.
        facts: Each difference and each loss once, worst first.
    """

    key: str
    title: str
    renamed_from: str | None
    actions: tuple[Action, ...]
    done: tuple[str, ...]
    revisions: tuple[int, int] | None
    severity: Severity
    level: Level
    figures: Figures
    headline: Words
    whom: tuple[Words, ...]
    changes: Words
    facts: tuple[Fact, ...]
    source: Source | None = None

    @property
    def is_touching(self) -> bool:
        """Whether anybody loses, keeps or gains anything."""
        return self.level is not Level.NOBODY and self.figures.level is not Level.UNKNOWN

    @property
    def unfelt(self) -> Words:
        """What is said of a loss where no client is counted for it."""
        return words(
            "which clients hold it is unknown" if self.figures.holding is None else "no client has it"
        )

    @property
    def losses(self) -> tuple[Fact, ...]:
        """The facts that give somebody less."""
        return tuple(fact for fact in self.facts if fact.is_loss)


def grouped(plan: Plan) -> tuple[Group, ...]:
    """Return the packages that the plan speaks of, worst first."""
    of_package: dict[str, list[Change]] = {}
    for change in plan.changes:
        of_package.setdefault(change.key, []).append(change)
    return tuple(sorted(map(Group.of, of_package.values()), key=lambda group: group.rank))


def entry(group: Group, glossary: Glossary, occasion: Occasion, able: Capabilities) -> Entry:
    """Tell all of one package."""
    changes, figures = group.changes, group.figures
    first = changes[0]
    found = facts(changes, glossary)
    return Entry(
        key=first.key,
        title=first.title,
        renamed_from=first.renamed_from,
        actions=tuple(dict.fromkeys(each.action for each in changes)),
        done=tuple(dict.fromkeys(each.done for each in changes)),
        revisions=_revisions(first),
        severity=group.severity,
        level=group.level,
        figures=figures,
        headline=headline(figures, when(*(each.reach for each in changes), at_once="now")),
        whom=(*_whom(changes, figures, able), *_which_side(first, occasion)),
        changes=_in_a_row(changes, found, figures),
        facts=found,
        source=next((each.source for each in changes if each.source), None),
    )


def _revisions(change: Change) -> tuple[int, int] | None:
    before = change.from_revision
    return None if before is None or not _mints_a_revision(change) else (before, before + 1)


def _mints_a_revision(change: Change) -> bool:
    return any(each.code.row.kind is not Kind.PACKAGE for each in change.fields)


def _in_a_row(changes: Sequence[Change], found: Sequence[Fact], figures: Figures) -> Words:
    what, beside = chained(_briefs(found, changes[0]), " · "), _nobody(changes[0], figures)
    verb = "moves" if changes[-1].reach is Reach.ON_REASSIGN else "reaches"
    moves = words(f"{verb} {_moved(figures)}") if figures.moving else ()
    match changes[0].action:
        case Action.CREATE:
            return words("new package", ": " if what else "", what)
        case Action.REASSIGN | Action.UPDATE | Action.ARCHIVE | Action.RESTORE | Action.RENAME:
            told = words(moves, ": " if moves and what else "", what)
            return words(told or "comes under the control of its file", beside)


def _briefs(found: Sequence[Fact], change: Change) -> list[Words]:
    is_new = change.action is Action.CREATE
    told = [
        words("+ " if fact.sign == "+" and not is_new else "", fact.brief)
        for fact in found
        if not _is_in_the_heading(fact, change)
    ]
    more = len(told) - _IN_A_ROW
    return told if more <= 1 else [*told[:_IN_A_ROW], words(f"and {number(more)} more")]


def _nobody(change: Change, figures: Figures) -> str:
    if figures.holding != 0 or change.action is Action.CREATE:
        return ""
    return f" · {_suspended(figures)} while suspended" if figures.suspended else " · nobody holds it"


def _suspended(figures: Figures) -> str:
    count, more = figures.suspended or 0, "more " if figures.holding else ""
    return f"{number(count)} {more}{agreed(count, 'holds', 'hold')} it"


def _moved(figures: Figures) -> str:
    moving, holding = figures.moving or 0, figures.holding
    return number(moving) if holding is None else f"{number(moving)} of {number(holding)}"


def _is_in_the_heading(fact: Fact, change: Change) -> bool:
    return change.action is Action.CREATE and fact.severity is Severity.NEUTRAL


def _whom(changes: Sequence[Change], figures: Figures, able: Capabilities) -> Iterator[Words]:
    first = changes[0]
    if first.adopts:
        yield words("Adopts a package that was made by hand on the platform.")
    yield from _holders(first, figures)
    for change in changes:
        if change.reassignment is not None:
            if change.reach is Reach.ON_REASSIGN:
                yield from _moves(change.reassignment, change.impact.grants_ending)
            else:
                yield _reached(change.reassignment, change.reach)
    if first.reach is not Reach.UNKNOWN and not all(each.impact.complete for each in changes):
        yield words(_AT_LEAST if able.usage else _UNMETERED, tone=Tone.CAUTION)


def _which_side(change: Change, occasion: Occasion) -> Iterator[Words]:
    """Say which side changed since the last apply; of a plan, that the files did goes without saying."""
    if change.origin != "files":
        yield words(_ORIGINS[change.origin], tone=Tone.CAUTION)
    elif occasion is Occasion.DRIFT and change.action is Action.CREATE:
        yield words("Its file was never applied here.")
    elif occasion is Occasion.DRIFT and not change.adopts:
        yield words("The file changed since the last apply; the platform did not.")


def _holders(change: Change, figures: Figures) -> Iterator[Words]:
    holding, stale = figures.holding, change.impact.stale
    beside = f"; {_suspended(figures)} while suspended" if figures.suspended else ""
    if change.action is Action.CREATE:
        return
    if holding is None:
        yield words("Which clients hold it is unknown.", tone=Tone.CAUTION)
    elif holding:
        older = f", {number(stale)} of them outdated" if stale else ""
        who = f"{counted(holding, 'client')} {agreed(holding, 'holds', 'hold')} it"
        yield words(f"{who}{older}{beside}{_afterwards(change, holding)}.")
    else:
        yield words(f"No client holds it{beside}.", tone=Tone.QUIET)


def _afterwards(change: Change, holding: int) -> str:
    match change.action:
        case Action.ARCHIVE:
            return f"; {agreed(holding, 'it keeps', 'they keep')} it, and nobody new can be assigned it"
        case Action.RENAME if not _mints_a_revision(change):
            return f"; {agreed(holding, 'it notices', 'they notice')} nothing"
        case _:
            return ""


def _reached(moves: Reassignment, reach: Reach) -> Words:
    get, then = agreed(moves.clients, "gets", "get"), when(reach, at_once="at once")
    return words(f"{counted(moves.clients, 'client')} {get} the edit {then}, without being reassigned.")


def _moves(moves: Reassignment, grants_ending: int) -> Iterator[Words]:
    yield words(_mover(moves), " with this apply", _left(moves), ".")
    if grants_ending:
        has = agreed(grants_ending, "has a grant that ends", "have grants that end")
        yield words(f"{number(grants_ending)} of them {has} with the reassignment.", tone=Tone.CAUTION)
    for count, verbs, why in (
        (moves.remaining, ("waits", "wait"), " for a later run"),
        (moves.excluded, ("stays", "stay"), ": excluded in the file"),
        (moves.not_allowed, ("stays", "stay"), ": not on the list of allowed e-mails"),
    ):
        if count:
            yield words(f"{counted(count, 'client')} {agreed(count, *verbs)}{why}.")
    if moves.resumed:
        goes_on = agreed(moves.resumed, "subscription that is over goes", "subscriptions that are over go")
        yield words(f"{number(moves.resumed)} {goes_on} on.", tone=Tone.GOOD)


_TRANSFERRED: Final[Mapping[TermAfter, tuple[tuple[str, str], str]]] = {
    "former": (("goes back to", "go back to"), "from the former start,"),
    "kept": (("moves to", "move to"), "from the same start,"),
    "new": (("moves to", "move to"), "from a new start,"),
    "same": (("keeps", "keep"), "and what it has beside that changes"),
}


def _mover(moves: Reassignment) -> Words:
    who = counted(moves.clients, "client")
    if moves.to_package is not None and moves.term is not None:
        verbs, then = _TRANSFERRED[moves.term]
        to = words(key(moves.to_package), f" revision {number(moves.to_revision or 0)}")
        return words(f"{who} {agreed(moves.clients, *verbs)} ", to, f", {then}")
    kept = "the current revision" if moves.to_revision is None else f"revision {number(moves.to_revision)}"
    return words(f"{who} {agreed(moves.clients, 'moves', 'move')} to {kept}")


def _left(moves: Reassignment) -> Words:
    if moves.term == "same":
        return ()
    parts = [
        words(f"{number(count)} from revision ", title(revision))
        for revision, count in moves.from_revisions.items()
    ]
    return words(": ", chained(parts, ", ")) if parts else ()
