"""What a loss does to clients, as counts and what is true of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.english import agreed, number
from reconciler.model.plans import Reach
from reconciler.model.terms import Kind
from reconciler.render.story.words import Tone, chained, key, listed, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plans import ImpactFinding
    from reconciler.render.story.phrasing import Difference
    from reconciler.render.story.words import Words

_OVER_A_LIMIT: Final = ("is over the new limit", "are over the new limit")
_VALUES_SHOWN: Final = 3
_SAMPLE_SHOWN: Final = 5
_GAP: Final = " · "
_WORST_FIRST: Final = (
    "lose-over",
    "lose-use",
    "lose",
    "expired",
    "over",
    "use",
    "not-allowed",
    "keep",
    "gain",
    "granted",
)
"""Effects in the order in which a sample names clients."""


class Effect(Struct, frozen=True):
    """A count of clients, and what is true of them; `name` is stable.

    Attributes:
        is_part: Whether these clients are among those of the effect before.
        sample: Names of the first few of them: `such as acme`.
    """

    name: str
    count: int
    phrase: Words
    tone: Tone = Tone.PLAIN
    is_part: bool = False
    sample: Words = ()

    @property
    def sentence(self) -> Words:
        """The count with its phrase."""
        return words(f"{number(self.count)} ", self.phrase, tone=self.tone)


def unnamed(of: Iterable[Effect]) -> tuple[Effect, ...]:
    """Return the effects without the names beside them, as they are compared."""
    return tuple(replace(each, sample=()) for each in of)


def when(*reaches: Reach, at_once: str) -> str:
    """Say when holders feel a plan; `at_once` says it where that is with the apply."""
    return "at the next billing period" if Reach.NEXT_PERIOD in reaches else at_once


def effects(finding: ImpactFinding, difference: Difference, reach: Reach) -> tuple[Effect, ...]:
    """Return the counts that are not zero: who loses it now, who keeps it, whom that hurts; who gains it.

    Told is who uses what goes, and who is over what shrinks: never both of one loss.
    """
    now = _now_over(finding, difference) if difference.shrinks else _now_use(finding, difference)
    told = (
        *_losing(finding, difference, when(reach, at_once="with this apply")),
        *now,
        *_keeping(finding, difference),
        *_beside(finding, difference),
        _gaining(finding.gain, when(reach, at_once="with this apply")),
        _granted(finding),
    )
    return naming(tuple(each for each in told if each.count), finding.sample)


def effects_line(of: tuple[Effect, ...]) -> Words:
    """Return all on one line; what is part of the one before follows it closely."""
    found: Words = ()
    for each in of:
        gap = (", " if each.is_part else _GAP) if found else ""
        found = words(found, gap, each.sentence, _GAP if each.sample else "", each.sample)
    return found


def naming(of: tuple[Effect, ...], sample: Sequence[str]) -> tuple[Effect, ...]:
    """Name clients beside those whom it hurts most, with whom a sample begins: no more than these are."""
    worst = min(of, key=lambda each: _WORST_FIRST.index(each.name), default=None)
    if worst is None or not sample:
        return of
    names = sample[: min(worst.count, _SAMPLE_SHOWN)]
    introduced = "namely " if len(names) == worst.count else "such as "
    said = words(introduced, listed([key(each) for each in names], shown=len(names)))
    return tuple(replace(each, sample=said) if each is worst else each for each in of)


def _losing(finding: ImpactFinding, difference: Difference, then: str) -> Iterator[Effect]:
    count, row = finding.lose, difference.code.row
    if row.acknowledged_by == "ends":
        phrase = words(f"{agreed(count, 'subscription ends', 'subscriptions end')} {then}")
    elif difference.shrinks:
        phrase = words(f"{agreed(count, 'drops', 'drop')} to ", difference.left, f" {then}")
    else:
        phrase = words(f"{agreed(count, 'loses', 'lose')} {row.held} {then}")
    yield Effect("lose", count, _toned(phrase, Tone.ALARM), Tone.ALARM)


def _now_use(finding: ImpactFinding, difference: Difference) -> Iterator[Effect]:
    count, it = finding.lose_use, _used(difference)
    yield Effect(
        "lose-use",
        count,
        words(f"of them {agreed(count, 'uses', 'use')} {it} now", tone=Tone.ALARM),
        Tone.ALARM,
        is_part=True,
    )


def _now_over(finding: ImpactFinding, difference: Difference) -> Iterator[Effect]:
    count = finding.lose_over
    are = agreed(count, *_over(difference))
    yield Effect("lose-over", count, words(f"of them {are}", tone=Tone.ALARM), Tone.ALARM, is_part=True)


def _keeping(finding: ImpactFinding, difference: Difference) -> Iterator[Effect]:
    row, count = difference.code.row, finding.keep
    is_until_reassigned = row.reaches_holders and row.kind is not Kind.PACKAGE
    until = " until reassigned" if is_until_reassigned else ""
    yield Effect("keep", count, words(f"{agreed(count, 'keeps', 'keep')} ", _held(difference), until))


def _beside(finding: ImpactFinding, difference: Difference) -> Iterator[Effect]:
    """Yield whom it hurts of all concerned, where that is more than of those who lose it now."""
    in_all = "in all " if finding.lose else ""
    if difference.shrinks:
        count = finding.over if finding.over > finding.lose_over else 0
        yield _hurt("over", count, f"{in_all}{agreed(count, *_over(difference))}")
    else:
        count = finding.use if finding.use > finding.lose_use else 0
        yield _hurt("use", count, f"{in_all}{agreed(count, 'uses', 'use')} {_used(difference)} now")
    barred = agreed(finding.not_allowed, "is", "are")
    yield _hurt("not-allowed", finding.not_allowed, f"{barred} no longer allowed")
    yield _hurt("expired", finding.expired, "would find it expired")


def _gaining(count: int, then: str) -> Effect:
    phrase = words(f"{agreed(count, 'gains', 'gain')} it {then}", tone=Tone.GOOD)
    return Effect("gain", count, phrase, Tone.GOOD)


def _granted(finding: ImpactFinding) -> Effect:
    count = finding.granted
    has = agreed(count, "has", "have") if finding.code.row.is_gain else agreed(count, "keeps", "keep")
    as_much = "as much by a grant already" if finding.code.row.is_gain else "it by a grant"
    return Effect("granted", count, words(f"{has} {as_much}"))


def _hurt(name: str, count: int, phrase: str) -> Effect:
    return Effect(name, count, words(phrase, tone=Tone.CAUTION), Tone.CAUTION)


def _used(difference: Difference) -> str:
    row = difference.code.row
    if row.kind is Kind.GRANT:
        return "more than is left"
    return "something" if row.acknowledged_by == "ends" else "it"


def _over(difference: Difference) -> tuple[str, str]:
    cap = difference.code.row.cap
    return cap.when_over if cap else _OVER_A_LIMIT


def _held(difference: Difference) -> Words:
    """Return what is kept: of what shrinks the amounts that people hold, else what the table says."""
    if not difference.shrinks:
        return words(difference.code.row.held)
    if not difference.held or len(difference.held) > _VALUES_SHOWN:
        return words("what they have")
    return chained(difference.held, " or ")


def _toned(phrase: Words, tone: Tone) -> Words:
    return tuple(span._replace(tone=tone) for span in phrase)
