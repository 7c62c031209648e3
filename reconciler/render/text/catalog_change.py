"""What happens to the catalog, summarised: counts and the first few of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.terms import Term
from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.phrases import counted, several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plans import CatalogChange, CatalogFieldChange, ProtectedChange

_NAMES_SHOWN: Final = 4


def catalog_lines(change: CatalogChange, paper: Paper) -> Iterator[str]:
    """Yield a line per kind of difference: gained, lost, described differently."""
    if not change.fields:
        return
    yield from paper.lines([Span("Catalog", Ink.BOLD)])
    for symbol, ending in _KINDS:
        for noun, folder in (("feature", "/features/"), ("limit", "/limits/")):
            keys = [_key(each, folder) for each in change.fields if _is(each, symbol, folder)]
            if keys:
                names = several(sorted(set(keys)), len(set(keys)), _NAMES_SHOWN)
                body = [f"{ending} {counted(len(set(keys)), noun)}: {names}"]
                yield from paper.lines(body, indent=2, label=symbol, column=2)


_GAINED: Final = Span("+", Ink.GREEN)
_LOST: Final = Span("-", Ink.RED)
_CHANGED: Final = Span("~", Ink.YELLOW)
_KINDS: Final = ((_LOST, "without"), (_CHANGED, "with another description of"), (_GAINED, "with"))


def protected_lines(change: ProtectedChange, paper: Paper) -> Iterator[str]:
    """Yield which packages become protected, and which no longer are."""
    before, after = set(change.before), set(change.after)
    if before == after:
        return
    yield from paper.lines([Span("Protected packages", Ink.BOLD)])
    for symbol, keys, ending in (
        (_LOST, before - after, "no longer protected"),
        (_GAINED, after - before, "protected from now on"),
    ):
        if keys:
            body = [f"{ending}: {', '.join(sorted(keys))}"]
            yield from paper.lines(body, indent=2, label=symbol, column=2)


def _is(change: CatalogFieldChange, symbol: Span, folder: str) -> bool:
    if not change.path.startswith(folder):
        return False
    is_whole = "/" not in change.path.removeprefix(folder)
    if is_whole and change.before is None:
        return symbol is _GAINED
    if is_whole and change.after is None:
        return symbol is _LOST
    return symbol is _CHANGED


def _key(change: CatalogFieldChange, folder: str) -> str:
    return Term.at("/" + change.path.removeprefix(folder).partition("/")[0]).key
