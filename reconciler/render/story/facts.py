"""What a plan does to a package: each difference and each loss once, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.english import counted
from reconciler.model.plans import Action
from reconciler.model.terms import Kind, Severity, Term
from reconciler.planning.impact import telling
from reconciler.render.story.effects import effects, effects_line, unnamed
from reconciler.render.story.phrasing import Difference, phrased
from reconciler.render.story.words import Tone, chained, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plans import Change, FieldChange, ImpactFinding, Source
    from reconciler.model.terms import Code
    from reconciler.render.story.effects import Effect
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_Identity: TypeAlias = "tuple[Code, Term]"
_COUNTS: Final = (
    "keep",
    "lose",
    "use",
    "over",
    "not_allowed",
    "expired",
    "lose_use",
    "lose_over",
    "gain",
    "granted",
)
_BESIDE: Final = {"features": "limits", "limits": "features"}
_TOLD_SINGLY: Final = 3


class Fact(Struct, frozen=True):
    """One kind of difference in one term, with what it does to clients.

    Attributes:
        rule: Its code; stable.
        term: What differs, as the plan names it.
        sign: `+` for what is new, `-` for what goes, `~` for what is different.
        label: What sort of thing it is, in a word or two.
        body: What it is called, and what it was and will be.
        statement: The same as a verb phrase: `removes Audio calls`.
        brief: The same in the fewest words, for a row of a table.
        effects: The counts that are not zero, what happens now first.
        felt: The effects in one line, with the first few of those whom it hurts most; empty where nobody is.
        source: The line that says so.
        is_loss: Whether it gives somebody less.
    """

    rule: str
    term: Term
    severity: Severity
    sign: str
    tone: Tone
    label: str
    body: Words
    statement: Words
    brief: Words
    effects: tuple[Effect, ...] = ()
    felt: Words = ()
    source: Source | None = None
    is_loss: bool = False


def facts(changes: Sequence[Change], glossary: Glossary) -> tuple[Fact, ...]:
    """Return all facts of one package; of a new one, what it grants."""
    found = [_fact(each, glossary) for each in _with_their_limits(tuple(_differing(changes)))]
    ranked = sorted(found, key=lambda each: (not each.is_loss, each.severity.rank))
    return tuple(_gathered(ranked, changes[0].action))


class _Differing(NamedTuple):
    """A difference, the change that makes it, and what it does to clients."""

    difference: Difference
    change: Change
    finding: ImpactFinding | None

    @property
    def effects(self) -> tuple[Effect, ...]:
        return effects(self.finding, self.difference, self.change.reach) if self.finding else ()


def _differing(changes: Sequence[Change]) -> Iterator[_Differing]:
    findings = _findings(changes)
    for change in changes:
        for field in _told(change):
            finding = findings.pop(_identity(field.code, field.term), None)
            yield _Differing(Difference.of_field(field, finding), change, finding)
    by_move = next((each for each in reversed(changes) if each.action is Action.REASSIGN), changes[-1])
    for finding in findings.values():
        yield _Differing(Difference.of_finding(finding), by_move, finding)


def _with_their_limits(found: Sequence[_Differing]) -> Iterator[_Differing]:
    """Tell a limit with the feature of its key where both are taken from the same clients."""
    packages = (each for each in found if each.difference.code.row.kind is not Kind.GRANT)
    gone = {each.difference.term: each for each in packages if each.difference.after is None}
    for each in found:
        term = each.difference.term
        other = gone.get(Term(_BESIDE[term.section], term.key)) if term.section in _BESIDE else None
        is_paired = other is not None and gone.get(term) is each
        if other is None or not is_paired or unnamed(other.effects) != unnamed(each.effects):
            yield each
        elif each.difference.code.row.kind is Kind.FEATURE:
            yield each._replace(difference=replace(each.difference, limit=other.difference))


def _told(change: Change) -> Iterator[FieldChange]:
    """Leave out what the heading says: the title of a new package."""
    is_headed = change.action is Action.CREATE and change.title
    return (each for each in change.fields if not (is_headed and each.after == change.title))


def _identity(code: Code, term: Term) -> _Identity:
    """Name a loss; what happens to the package as a whole is about no term of it."""
    return (code, Term("", "package")) if code.row.kind is Kind.PACKAGE else (code, term)


def _findings(changes: Sequence[Change]) -> dict[_Identity, ImpactFinding]:
    """Return each loss once: added up over changes that speak of different clients."""
    found: dict[_Identity, ImpactFinding] = {}
    speaking = telling(changes)
    for finding in (each for change in speaking for each in change.impact.findings):
        where = _identity(finding.code, finding.term)
        found[where] = _added(found[where], finding) if where in found else finding
    for finding in (each for change in changes for each in change.impact.findings):
        found.setdefault(_identity(finding.code, finding.term), finding)
    return found


def _added(one: ImpactFinding, other: ImpactFinding) -> ImpactFinding:
    counts: dict[str, object] = {name: getattr(one, name) + getattr(other, name) for name in _COUNTS}
    worst, rest = sorted((one, other), key=_hurt, reverse=True)
    both = worst.held + rest.held
    held = tuple(value for place, value in enumerate(both) if value not in both[:place])
    return one.model_copy(
        update={**counts, "held": held, "sample": worst.sample[: next(filter(None, _hurt(worst)), 0)]}
    )


def _hurt(finding: ImpactFinding) -> tuple[int, ...]:
    """Return how many it hurts, and how: in the order in which a sample names them."""
    losing = (finding.lose_over, finding.lose_use, finding.lose)
    return (*losing, finding.expired, finding.over, finding.use, finding.keep)


def _fact(differing: _Differing, glossary: Glossary) -> Fact:
    difference, change, finding = differing
    is_new = change.action is Action.CREATE
    row = difference.code.row
    severity = Severity.EXPANDING if is_new and row.kind is not Kind.TEXT else row.severity
    said = phrased(difference, glossary, is_new=is_new)
    done = differing.effects
    is_loss = severity.is_loss
    return Fact(
        rule=difference.code.value,
        term=difference.term,
        severity=severity,
        sign="+" if is_new else said.sign,
        tone=_tone(finding, severity, is_known=change.impact.holders is not None),
        label=said.label,
        body=said.body,
        statement=said.statement,
        brief=said.brief,
        effects=done,
        felt=_felt(done, finding, change) if is_loss or done else (),
        source=_place(change.source, difference.line),
        is_loss=is_loss,
    )


def _felt(done: tuple[Effect, ...], finding: ImpactFinding | None, change: Change) -> Words:
    if finding and done:
        return effects_line(done)
    if finding and "expired" in finding.code.row.counted and change.impact.subscriptions_ended:
        return words("no other subscription ends earlier", tone=Tone.QUIET)
    return words("no client has it", tone=Tone.QUIET) if change.impact.holders and finding else ()


def _tone(finding: ImpactFinding | None, severity: Severity, *, is_known: bool) -> Tone:
    """Tell what happens to people, not how grave the edit would be if somebody held the package."""
    if finding and finding.lose:
        return Tone.ALARM
    if severity.is_loss:
        return Tone.CAUTION if (finding and finding.keep) or not is_known else Tone.PLAIN
    return Tone.GOOD if severity is Severity.EXPANDING else Tone.PLAIN


def _place(source: Source | None, line: int | None) -> Source | None:
    if source is None or line is None:
        return source
    return source.model_copy(update={"line": line, "column": 1})


def _gathered(found: Iterable[Fact], action: Action) -> Iterator[Fact]:
    """Yield the facts; many features or limits that the same clients gain are one, told in an enumeration."""
    every = tuple(found)
    most = 0 if action is Action.CREATE else _TOLD_SINGLY
    new: dict[tuple[str, tuple[Effect, ...]], list[Fact]] = {}
    for fact in filter(_is_new, every):
        new.setdefault((fact.label, unnamed(fact.effects)), []).append(fact)
    gathered = {id(each) for of in new.values() if len(of) > most for each in of}
    yield from (each for each in every if each.is_loss)
    yield from (_enumerated(noun, of) for (noun, _), of in new.items() if len(of) > most)
    yield from (each for each in every if not each.is_loss and id(each) not in gathered)


def _is_new(fact: Fact) -> bool:
    return fact.label in {"feature", "limit"} and fact.sign == "+" and not fact.is_loss


def _enumerated(noun: str, of: Sequence[Fact]) -> Fact:
    parts = chained([each.brief for each in of], ", ")
    label = counted(len(of), noun)
    return replace(
        of[0],
        label=label,
        term=Term(of[0].term.section, ""),
        body=parts,
        statement=words(f"adds {label}: ", parts),
        brief=words(label),
    )
