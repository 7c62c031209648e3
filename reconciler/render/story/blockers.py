"""What stops a plan, what to do about it, what to paste and how to let it pass once."""

from __future__ import annotations

import shlex
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import agreed, counted
from reconciler.model.plans import WHOLE_PLAN
from reconciler.planning.guards import GUARDS
from reconciler.render.story.notices import first_to_apply
from reconciler.render.story.words import Tone, chained, code, key, listed, prose, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.model.plans import GuardedLoss, GuardResult, Plan, Source
    from reconciler.render.story.words import Words

_ADVICE: Final[Mapping[str, str]] = {guard.id: guard.advice for guard in GUARDS}
_TO_ACT: Final = timedelta(days=30)
_SHOWN: Final = 3


class Audience(Enum):
    """Who reads, and so how a guard is waived: by a flag that can be typed, or by a maintainer's rerun."""

    TERMINAL = auto()
    REVIEW = auto()


class Paste(Struct, frozen=True):
    """Entries for a package file that would do; `is_whole` where they come with their own heading."""

    file: str
    lines: tuple[str, ...]
    is_whole: bool = True

    @property
    def invitation(self) -> Words:
        """Say where to put them."""
        if self.is_whole:
            return words("Where it is intended, say so in ", key(self.file), ":")
        return words("Where it is intended, add to ", code("acknowledge"), " in ", key(self.file), ":")


class Point(Struct, frozen=True):
    """What a guard says of one package, or of several in the same words.

    Attributes:
        keys: The packages; `*` for the plan as a whole.
        corrections: What to change in entries that are there already, but are not enough.
    """

    keys: tuple[str, ...]
    statements: tuple[Words, ...]
    corrections: tuple[Words, ...] = ()
    paste: Paste | None = None
    source: Source | None = None


class Blocker(Struct, frozen=True):
    """One guard that blocks, whatever packages it speaks of.

    Attributes:
        summary: What it says, in one sentence.
        advice: What to do about it, beside what to paste; empty where the guard's own words say so.
        waiver: How it is let pass once.
    """

    guard: str
    points: tuple[Point, ...]
    summary: Words
    advice: Words
    waiver: Words

    @property
    def heading(self) -> Words:
        """The guard and the packages."""
        return words(key(self.guard, Tone.STRONG), _where(self.keys))

    @property
    def keys(self) -> tuple[str, ...]:
        """The packages that it speaks of."""
        return tuple(dict.fromkeys(each for point in self.points for each in point.keys))


def blockers(plan: Plan, audience: Audience) -> tuple[Blocker, ...]:
    """Return the guards that block, in their order."""
    of_guard: dict[str, list[GuardResult]] = {}
    for each in plan.guards:
        if each.result == "blocked":
            of_guard.setdefault(each.id, []).append(each)
    sources = {change.key: change.source for change in reversed(plan.changes) if change.source}
    return tuple(_blocker(guard, results, plan, sources, audience) for guard, results in of_guard.items())


def waiving(audience: Audience) -> Words:
    """Return how a waiver is given where it cannot be typed; nothing where it can."""
    match audience:
        case Audience.TERMINAL:
            return ()
        case Audience.REVIEW:
            return words("A maintainer lets a guard pass once by rerunning the check with its waiver.")


def let_pass(plan: Plan) -> tuple[Words, ...]:
    """Return what was waived by hand or is acknowledged."""
    return tuple(map(_let_pass, filter(_is_worth_saying, plan.guards)))


def _is_worth_saying(result: GuardResult) -> bool:
    return result.result == "allowed" or (result.result == "passed" and bool(result.about))


def _let_pass(result: GuardResult) -> Words:
    if result.result == "passed":
        return words("Acknowledged", _where((result.key,)), ": ", prose(result.message))
    return words("Allowed ", key(result.id), _where((result.key,)), ": ", prose(result.message))


def _blocker(
    guard: str,
    results: Sequence[GuardResult],
    plan: Plan,
    sources: Mapping[str, Source],
    audience: Audience,
) -> Blocker:
    points = tuple(_points(results, sources, plan.created_at))
    keys = tuple(dict.fromkeys(each.key for each in results))
    return Blocker(
        guard,
        points,
        _summary(results, points),
        first_to_apply(plan, guard) or prose(results[0].advice or _ADVICE.get(guard, "")),
        _waiver(guard, keys, audience),
    )


def _points(results: Sequence[GuardResult], sources: Mapping[str, Source], at: datetime) -> Iterator[Point]:
    together: dict[tuple[str, str], list[GuardResult]] = {}
    for each in results:
        said = (each.key, "") if each.about else ("", each.message)
        together.setdefault(said, []).append(each)
    for group in together.values():
        keys = tuple(dict.fromkeys(each.key for each in group))
        source = sources.get(keys[0])
        losses = list(dict.fromkeys(each.about for each in group if each.about))
        yield Point(
            keys,
            tuple(prose(message) for message in dict.fromkeys(each.message for each in group)),
            tuple(_corrections(losses, at)),
            _paste(losses, source, at),
            source,
        )


def _summary(results: Sequence[GuardResult], points: Sequence[Point]) -> Words:
    """Say one point as it is; of several losses, how many there are."""
    losses = len({(each.key, each.about) for each in results if each.about})
    statements = [statement for point in points for statement in point.statements]
    if len(statements) == 1 or not losses:
        more = len(statements) - _SHOWN
        told = chained(statements[:_SHOWN], " ")
        return words(told, f" And {counted(more, 'more like it', 'more like it')}." if more > 0 else "")
    keys = [key(each) for each in dict.fromkeys(each.key for each in results)]
    who = listed(keys, shown=_SHOWN)
    return words(
        f"{counted(losses, 'loss', 'losses')} of ",
        who,
        f" {agreed(losses, 'is', 'are')} not stated as intended.",
    )


def _corrections(losses: Iterable[GuardedLoss], at: datetime) -> Iterator[Words]:
    for loss in losses:
        entry = code(f"{loss.verb}: {loss.term}")
        match loss.entry:
            case "too-small":
                bound = code(f"clients: {loss.in_all}")
                yield words("Where it is intended, raise the bound of ", entry, " to ", bound, ".")
            case "ended":
                yield words(
                    "Where it is still intended, give ", entry, " a later ", code(f"until: {_until(at)}"), "."
                )
            case "spent":
                yield words(
                    "Where it is intended again, edit ",
                    code("clients"),
                    " or ",
                    code("until"),
                    " of ",
                    entry,
                    ".",
                )
            case "missing" | "enough":
                pass


def _paste(losses: Sequence[GuardedLoss], source: Source | None, at: datetime) -> Paste | None:
    missing = [each for each in losses if each.entry == "missing"]
    if not missing or source is None:
        return None
    is_whole = len(missing) == len(losses)
    lines = [line for each in missing for line in _entry(each, at)]
    return Paste(source.file, tuple(["acknowledge:", *lines] if is_whole else lines), is_whole=is_whole)


def _entry(loss: GuardedLoss, at: datetime) -> tuple[str, ...]:
    return (
        f"  - {loss.verb}: {loss.term}",
        f"    clients: {loss.in_all}",
        "    reason: why, and when clients were told",
        f"    until: {_until(at)}",
    )


def _until(at: datetime) -> str:
    try:
        return (at + _TO_ACT).date().isoformat()
    except OverflowError:
        return at.date().isoformat()


def _waiver(guard: str, keys: Sequence[str], audience: Audience) -> Words:
    named = [f"{guard}:{each}" for each in keys]
    match audience:
        case Audience.TERMINAL:
            flags = " ".join(f"--allow {shlex.quote(each)}" for each in named)
            return words("Let it pass once: ", code(flags, Tone.HINT))
        case Audience.REVIEW:
            noun = "Waiver" if len(named) == 1 else "Waivers"
            return words(f"{noun}: ", listed([code(each) for each in named], shown=_SHOWN), ".")


def _where(keys: Sequence[str]) -> Words:
    if keys == (WHOLE_PLAN,):
        return words(" for the plan as a whole")
    return words(" for ", listed([key(each) for each in keys], shown=_SHOWN))
