"""Plans and findings as remarks: a level, a rule, a place in a file, a sentence of plain text."""

from __future__ import annotations

from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.plans import Source
from reconciler.render.sanitise import sanitise
from reconciler.render.story.verdict import Judgement
from reconciler.render.story.words import Tone, plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.findings import Finding
    from reconciler.render.story.blockers import Blocker, Point
    from reconciler.render.story.entries import Entry
    from reconciler.render.story.facts import Fact
    from reconciler.render.story.story import Note, Story


NO_FILE: Final = "reconciler.yaml"
"""Where a report that must name a place shows what no file is to blame for."""


class Level(IntEnum):
    """How loudly a remark is made; orders loudest first."""

    ERROR = 0
    WARNING = 1
    NOTICE = 2


class Remark(Struct, frozen=True):
    """Something to be said about a place in a file; every text is sanitised.

    Attributes:
        rule: Stable id: of a validation rule, a guard or a kind of difference.
        about: What it speaks of beside the place, so that two remarks on one line stay two.
        source: None where no file is to blame.
        title: A few words.
        figures: Counts of clients, by their stable names.
    """

    level: Level
    rule: str
    about: str
    title: str
    message: str
    source: Source | None = None
    figures: Mapping[str, int] = field(default_factory=dict)

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


def of_story(story: Story) -> tuple[Remark, ...]:
    """Return the headline, then a remark per block, loss, gain, entry without a loss, and looser guard."""
    if story.verdict.judgement is Judgement.EMPTY:
        return ()
    blocked = [_of_point(each, point) for each in story.blockers for point in each.points]
    changed = [remark for entry in story.entries for remark in _of_entry(entry)]
    loosened = [_of_loosening(each) for each in story.settings if each.tone is Tone.CAUTION]
    found = loudest_first([*blocked, *changed, *loosened])
    return (_headline(story, found[0].level if found else Level.NOTICE), *found)


def _headline(story: Story, level: Level) -> Remark:
    verdict = story.verdict
    message = plain(words(verdict.statement, ". ", verdict.sentence))
    return Remark(level, "plan", "", plain(verdict.subject), message, None, story.figures.known)


def _of_finding(finding: Finding) -> Remark:
    level = Level.ERROR if finding.severity == "error" else Level.WARNING
    place = Source(file=sanitise(finding.file), line=finding.position.line, column=finding.position.column)
    rule = sanitise(finding.rule)
    message = sanitise("; ".join(part for part in (finding.message, finding.fix) if part))
    return Remark(level, rule, sanitise(finding.message), rule, message, place)


def _of_point(blocker: Blocker, point: Point) -> Remark:
    said = [*point.statements, *point.corrections, *([blocker.advice] if blocker.advice else [])]
    message = " ".join(map(plain, [*said, blocker.waiver]))
    about = " ".join([*point.keys, *map(plain, point.statements)])
    title = plain(words(blocker.heading, " blocks"))
    return Remark(Level.ERROR, sanitise(blocker.guard), sanitise(about), title, message, _place(point.source))


def _of_loosening(note: Note) -> Remark:
    message = plain(words(f"{note.label}: ", note.sentence, "."))
    return Remark(Level.WARNING, "guard-loosened", message, note.label, message)


def _of_entry(entry: Entry) -> Iterator[Remark]:
    for fact in entry.facts:
        if fact.is_loss or fact.effects:
            yield _of_fact(entry, fact)
    if not entry.losses:
        name = sanitise(entry.key)
        message = plain(words(f"{name}: ", entry.changes, ". ", entry.headline, "."))
        rule = f"package-{entry.actions[0]}"
        yield Remark(
            Level.NOTICE,
            rule,
            name,
            f"{name}: nothing is lost",
            message,
            _place(entry.source),
            entry.figures.known,
        )


def _of_fact(entry: Entry, fact: Fact) -> Remark:
    level = Level.WARNING if fact.tone in {Tone.ALARM, Tone.CAUTION} else Level.NOTICE
    name = sanitise(entry.key)
    felt = fact.felt or entry.unfelt
    message = plain(words(f"{name} ", fact.statement, ": ", felt, "."))
    about = sanitise(f"{entry.key}/{fact.term}")
    figures = {each.name: each.count for each in fact.effects}
    title = f"{name}: {fact.severity}"
    return Remark(level, fact.rule, about, title, message, _place(fact.source), figures)


def _place(source: Source | None) -> Source | None:
    return source and source.model_copy(update={"file": sanitise(source.file)})
