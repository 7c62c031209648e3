"""Packages as the platform has them: a table, and one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted, number
from reconciler.planning.fields import grants, masked
from reconciler.render.story.phrasing import Difference, phrased
from reconciler.render.story.words import Span, Tone, joined
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.packages import OfferedPackage
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_HEADINGS: Final = ("PACKAGE", "TITLE", "REVISION", "CLIENTS", "OLDER", "STANDING")
_COLUMN: Final = 14


def package_table(packages: Iterable[OfferedPackage], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per package; OLDER are the holders of older revisions."""
    return table_lines(_HEADINGS, map(_row, packages), paper)


def _row(package: OfferedPackage) -> tuple[str, ...]:
    head = package.head
    older = package.holders - package.held.get(head.revision, 0)
    counts = (str(head.revision), number(package.holders), number(older))
    return (head.key, head.title, *counts, package.standing)


def package_text(package: OfferedPackage, glossary: Glossary, paper: Paper) -> str:
    """Return one package: what its current revision grants, and who holds which."""
    return "\n".join(_package(package, glossary, paper)) + "\n"


def _package(package: OfferedPackage, glossary: Glossary, paper: Paper) -> Iterator[str]:
    head = package.head
    facts = joined((f"revision {head.revision}", package.standing, _held(package)))
    yield from paper.lines([Span(head.key, Tone.STRONG), f" {head.title} ", Span(facts, Tone.QUIET)])
    granted = grants(package.definition, email=masked) if package.definition else ()
    for field in (each for each in granted if each.term.key != "title"):
        said = phrased(Difference.of_field(field), glossary, is_new=True)
        yield from paper.lines(said.body, indent=2, label=Span(said.label, Tone.QUIET), column=_COLUMN)


def _held(package: OfferedPackage) -> str:
    if not package.holders:
        return "no client holds it"
    older = [
        f"{number(clients)} on revision {revision}"
        for revision, clients in sorted(package.held.items())
        if revision != package.head.revision
    ]
    beside = f" ({', '.join(older)})" if older else ""
    return f"held by {counted(package.holders, 'client')}{beside}"
