"""What keys are called: titles, units and cycles of features, limits and caps, as far as they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.english import plural_of
from reconciler.model.plans import TermWords
from reconciler.model.terms import CAPS, Term
from reconciler.render.story.words import key, title, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import Plan
    from reconciler.render.story.words import Words


class Glossary(Struct, frozen=True):
    """What terms are called. A key that nothing is known about stands for itself.

    Attributes:
        terms: What the catalog says, by JSON Pointer.
        shared: Titles that a feature and a limit have in common.
        owners: The feature that each limit caps, both by key, where a catalog says so.
    """

    terms: Mapping[str, TermWords] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(plan: Plan) -> Glossary:
        """Return the words that the plan itself carries."""
        return _made({**dict(_of_changes(plan)), **plan.terms})

    @staticmethod
    def of_catalog(catalog: Catalog) -> Glossary:
        """Return the words of a catalog."""
        features = {f"/features/{each}": TermWords(title=of.title) for each, of in catalog.features.items()}
        limits = {
            f"/limits/{each}": TermWords(title=of.title, unit=of.unit, per=of.per)
            for each, of in catalog.limits.items()
        }
        owners = {each: of.feature for each, of in catalog.limits.items() if of.feature}
        return replace(_made({**features, **limits}), owners=owners)

    def title(self, term: Term) -> str:
        """Return what a feature, a limit or a cap is called where it stands alone."""
        if not term.section and term.key in CAPS:
            return CAPS[term.key].title
        known = self.terms.get(term.path)
        return known.title if known and known.title else term.key

    def named(self, term: Term) -> str:
        """Return the title with the key, as plain text."""
        called = self.title(term)
        return f"{called} ({term.key})" if called != term.key else called

    def name(self, term: Term) -> Words:
        """Return the title, or the key where there is no title."""
        called = self.title(term)
        return words(key(term.key) if called == term.key else title(called))

    def unit(self, term: Term, amount: JsonValue) -> Words:
        """Return what is counted, after an amount: ` sessions per cycle`.

        A word that the title ends in already is not said again: *Knowledge sources: 5*, not *5 sources*.
        """
        known = self.terms.get(term.path)
        if known is None:
            return ()
        forms = (known.unit, plural_of(known.unit)) if known.unit else ()
        is_said = f" {known.title.lower()}".endswith(tuple(f" {form.lower()}" for form in forms))
        unit = words(" ", title(forms[amount != 1])) if forms and not is_said else ()
        return words(unit, f" per {known.per}" if known.per else "")

    def is_shared(self, term: Term) -> bool:
        """Whether a feature and a limit are called the same, so that the kind must be said."""
        return bool(term.section) and self.title(term) in self.shared


def _made(terms: Mapping[str, TermWords]) -> Glossary:
    features, limits = (
        {known.title or path for path, known in terms.items() if path.startswith(f"/{section}/")}
        for section in ("features", "limits")
    )
    return Glossary(terms, frozenset(features & limits))


def _of_changes(plan: Plan) -> Iterator[tuple[str, TermWords]]:
    """Yield the titles of what the catalog gains or loses with the plan."""
    for change in plan.catalog.fields:
        for side in (change.before, change.after):
            match side:
                case {"title": str(called)}:
                    yield change.path, TermWords(title=called)
                case _:
                    pass
