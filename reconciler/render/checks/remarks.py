"""Plans and findings as remarks: a level, a rule, a place in a file, a sentence of plain text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from reconciler.model.plans import Reach, Source
from reconciler.model.terms import Severity
from reconciler.render.review.differences import differences
from reconciler.render.review.effects import in_words
from reconciler.render.review.words import key, plain
from reconciler.render.sanitise import sanitise
from reconciler.render.text.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.findings import Finding
    from reconciler.model.plans import Change, GuardResult, Plan
    from reconciler.render.review.differences import Difference
    from reconciler.render.text.glossary import Glossary


class Level(IntEnum):
    """How loudly a remark is made; orders loudest first."""

    ERROR = 0
    WARNING = 1
    NOTICE = 2


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said about a place in a file; every text is sanitised.

    Attributes:
        rule: Stable id: of a validation rule, a guard or a kind of difference.
        about: What it speaks of beside the place, so that two remarks on one line stay two.
        source: None where no file is to blame.
        title: A few words.
    """

    level: Level
    rule: str
    about: str
    title: str
    message: str
    source: Source | None = None

    @property
    def fingerprint(self) -> str:
        """Stays the same while only lines and counts move."""
        file = self.source.file if self.source else ""
        return sha256(f"{self.rule}\0{file}\0{self.about}".encode()).hexdigest()


def loudest_first(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Sort by level; what is equally loud stays in its order."""
    return tuple(sorted(remarks, key=lambda remark: remark.level))


def seen_from(folder: str, remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return the remarks with `folder`, empty or ending in a slash, before the names of their files."""
    return tuple(
        replace(remark, source=remark.source.model_copy(update={"file": folder + remark.source.file}))
        if folder and remark.source
        else remark
        for remark in remarks
    )


def of_findings(findings: Iterable[Finding]) -> tuple[Remark, ...]:
    """Return a remark per finding."""
    return loudest_first(_of_finding(finding) for finding in findings)


def of_plan(plan: Plan, glossary: Glossary) -> tuple[Remark, ...]:
    """Return a remark per guard that blocks, per loss, and one per change that takes nothing away."""
    known = glossary.beside(plan)
    sources = {change.key: change.source for change in reversed(plan.changes) if change.source}
    blocked = [_of_guard(each, sources.get(each.key)) for each in plan.guards if each.result == "blocked"]
    changed = [remark for change in plan.changes for remark in _of_change(change, known)]
    return loudest_first([*blocked, *changed])


def _of_finding(finding: Finding) -> Remark:
    level = Level.ERROR if finding.severity == "error" else Level.WARNING
    place = Source(file=sanitise(finding.file), line=finding.position.line, column=finding.position.column)
    rule = sanitise(finding.rule)
    message = sanitise("; ".join(part for part in (finding.message, finding.fix) if part))
    return Remark(level, rule, sanitise(finding.message), rule, message, place)


def _of_guard(result: GuardResult, source: Source | None) -> Remark:
    title = f"{result.id} blocks " + ("the plan" if result.key == "*" else key(result.key).text)
    message = f"{result.message} To let it pass once: --allow {result.id}:{result.key}"
    about = f"{result.key} {result.message}"
    return Remark(
        Level.ERROR, sanitise(result.id), sanitise(about), sanitise(title), sanitise(message), _place(source)
    )


def _of_change(change: Change, glossary: Glossary) -> Iterator[Remark]:
    found = differences(change, glossary)
    for difference in found:
        if difference.severity.is_loss:
            yield _of_loss(change, difference)
    if not any(difference.severity.is_loss for difference in found):
        title = f"{change.action} {key(change.key).text}"
        message = f"{title}: {counted(len(found), 'difference')}, none of which takes anything away."
        about = sanitise(change.key)
        yield Remark(Level.NOTICE, f"package-{change.action}", about, title, message, _place(change.source))


def _of_loss(change: Change, difference: Difference) -> Remark:
    loses_now = difference.impact is not None and difference.impact.lose > 0
    level = Level.WARNING if difference.severity is Severity.BREAKING or loses_now else Level.NOTICE
    what = plain(difference.words)
    title = f"{key(change.key).text}: {difference.severity}"
    message = f"{key(change.key).text} {what}: {_whom(change, difference)}."
    about = sanitise(f"{change.action} {change.key}/{difference.subject}")
    return Remark(level, difference.code, about, title, sanitise(message), _place(change.source))


def _place(source: Source | None) -> Source | None:
    return source and source.model_copy(update={"file": sanitise(source.file)})


def _whom(change: Change, difference: Difference) -> str:
    if change.reach is Reach.UNKNOWN:
        return "whom it reaches is unknown"
    return plain(in_words(difference.impact)) if difference.impact else "no client is touched"
