"""The story of a plan: all that any medium says of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import counted, instant, number
from reconciler.model.plans import deeds
from reconciler.model.terms import Term
from reconciler.render.story.blockers import Audience, blockers, let_pass, waiving
from reconciler.render.story.entries import Occasion, entry, grouped
from reconciler.render.story.figures import Figures, Level, headline, summed
from reconciler.render.story.glossary import Glossary
from reconciler.render.story.grid import grid
from reconciler.render.story.notices import LATER, guard_sentences, notices, waiting
from reconciler.render.story.verdict import verdict
from reconciler.render.story.words import Tone, chained, code, key, listed, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.packages import Definition
    from reconciler.model.plans import CatalogFieldChange, Change, Plan
    from reconciler.render.story.blockers import Blocker
    from reconciler.render.story.entries import Entry, Group
    from reconciler.render.story.grid import Grid
    from reconciler.render.story.verdict import Verdict
    from reconciler.render.story.words import Words

_NOTHING_KNOWN: Final[Mapping[str, Definition]] = MappingProxyType({})
_NAMES_SHOWN: Final = 5
MOST_TOLD: Final = 100
"""Packages that people are told one by one, unless they ask for all."""
_COMMIT: Final = 12
_AS_TOLD: Final = (
    "create",
    "update",
    "adopt",
    "rename",
    "restore",
    "archive",
    "reassign",
)


class Note(Struct, frozen=True):
    """Something to be known that neither changes nor blocks anything; `label` says what about.

    Attributes:
        tone: `CAUTION` where more may be taken from clients from now on.
    """

    label: str
    sentence: Words
    tone: Tone = Tone.PLAIN


class Story(Struct, frozen=True):
    """A plan as a reviewer reads it.

    Attributes:
        figures: Of the whole plan: the sums over the entries.
        entries: One per package, worst first, as many as were asked for.
        rest: The others, summed up; empty where there are none.
        waiving: How a waiver is given, where it cannot be typed and something is blocked.
        let_pass: What was waived by hand or is acknowledged.
        settings: What the plan changes beside packages: the catalog, the guards.
        notes: What is to be known beside that.
        summary: The counts of actions, in the words that scripts and people look for.
        origin: Which plan this is, when it was made, and from which files.
    """

    verdict: Verdict
    figures: Figures
    entries: tuple[Entry, ...]
    rest: Words
    blockers: tuple[Blocker, ...]
    waiving: Words
    let_pass: tuple[Words, ...]
    settings: tuple[Note, ...]
    notes: tuple[Note, ...]
    grid: Grid
    summary: str
    origin: Words


def story(
    plan: Plan,
    audience: Audience,
    definitions: Mapping[str, Definition] = _NOTHING_KNOWN,
    occasion: Occasion = Occasion.PLAN,
    *,
    most: int | None = None,
) -> Story:
    """Tell the plan. It carries all that is said; `definitions` add the rows of the grid without a change.

    `most` packages are told one by one, the worst; the rest is summed up.
    """
    glossary, groups = Glossary.of(plan), grouped(plan)
    figures = summed(group.figures for group in groups)
    blocking = blockers(plan, audience)
    return Story(
        verdict=verdict(plan, figures, blocking, occasion),
        figures=figures,
        entries=tuple(
            entry(group, glossary, occasion, plan.platform.capabilities) for group in groups[:most]
        ),
        rest=_rest(groups[most:] if most is not None else ()),
        blockers=blocking,
        waiving=waiving(audience) if blocking else (),
        let_pass=let_pass(plan),
        settings=tuple(_settings(plan)),
        notes=tuple(_notes(plan)),
        grid=grid(plan, groups, glossary, definitions),
        summary=_summary(plan),
        origin=_origin(plan),
    )


def _settings(plan: Plan) -> Iterator[Note]:
    for does, is_so in (("loses", _is_gone), ("describes anew", _is_other), ("gains", _is_new)):
        for section, noun in (("features", "feature"), ("limits", "limit")):
            keys = dict.fromkeys(
                Term.at(each.path) for each in plan.catalog.fields if is_so(each) and _is_of(each, section)
            )
            if keys:
                names = listed([key(each.key) for each in keys], shown=_NAMES_SHOWN)
                yield Note("Catalog", words(f"{does} {counted(len(keys), noun)}: ", names))
    for sentence in guard_sentences(plan.loosened, (), LATER):
        yield Note("Guards", sentence, Tone.CAUTION)
    yield from (Note("Guards", sentence) for sentence in guard_sentences((), plan.tightened))


def _is_of(change: CatalogFieldChange, section: str) -> bool:
    return change.path.startswith(f"/{section}/")


def _is_new(change: CatalogFieldChange) -> bool:
    return change.before is None


def _is_gone(change: CatalogFieldChange) -> bool:
    return change.after is None


def _is_other(change: CatalogFieldChange) -> bool:
    return change.before is not None and change.after is not None


def _notes(plan: Plan) -> Iterator[Note]:
    if older := _outdated(plan):
        yield Note("Outdated", older)
    if plan.unmanaged:
        names = listed([key(each) for each in plan.unmanaged], shown=_NAMES_SHOWN)
        yield Note("Unmanaged", words("made by hand on the platform and left alone: ", names))
    yield from (Note("Waiting", each) for each in waiting(plan))
    yield from (Note("Note", each) for each in notices(plan))


def _outdated(plan: Plan) -> Words:
    """Say whom the live packages would give something else (rule 14), and what most of them hold."""
    rows = sorted(plan.outdated, key=lambda each: -each.clients)
    clients = sum(each.clients for each in rows)
    if not clients:
        return ()
    named = [
        words(f"{number(each.clients)} on ", key(each.package), f" revision {number(each.revision)}")
        for each in rows[:_NAMES_SHOWN]
    ]
    rest = sum(each.clients for each in rows[_NAMES_SHOWN:])
    more = f" and {number(rest)} on others" if rest else ""
    oldest = f", the longest since {min(each.since for each in rows):%Y-%m-%d}"
    who = f"{counted(clients, 'client')} would get something else now: "
    return words(who, chained(named, ", "), more, oldest)


def _origin(plan: Plan) -> Words:
    commit = words(" from commit ", key(plan.config.commit[:_COMMIT])) if plan.config.commit else ()
    short = key(plan.hash.removeprefix("sha256:")[:_COMMIT])
    return words("Plan ", short, f", made {instant(plan.created_at)}", commit)


def _rest(groups: Sequence[Group]) -> Words:
    if not groups:
        return ()
    many = counted(len(groups), "more package")
    done = ", ".join(_counts(change for group in groups for change in group.changes))
    felt = headline(summed(group.figures for group in groups), "with this apply")
    whom = words(" ", felt, ".") if groups[0].level not in {Level.NOBODY, Level.UNKNOWN} else ()
    return words(f"Left out here: {many}, {done}.", whom, " ", code("--all"), " shows each.")


def _counts(changes: Iterable[Change]) -> list[str]:
    counts = deeds(changes)
    return [f"{number(counts[done])} to {done}" for done in _AS_TOLD if counts[done]]


def _summary(plan: Plan) -> str:
    said = _counts(plan.changes)
    moving = sum(change.reassignment.clients for change in plan.changes if change.reassignment)
    said[-1:] = [f"{said[-1]} ({counted(moving, 'client')})"] if moving else said[-1:]
    said += [f"{counted(len(plan.loosened), 'guard')} to loosen"] if plan.loosened else []
    return f"Plan: {', '.join(said) or 'no package to change'}."
