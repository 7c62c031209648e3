"""Losses against the committed statements that they are intended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.english import counted, day
from reconciler.model.losses import Entry, known_as
from reconciler.model.plans import GuardedLoss
from reconciler.model.terms import CAPS, Kind, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from reconciler.model.catalog import Catalog
    from reconciler.model.losses import InForce, Known
    from reconciler.model.packages import Acknowledgement, DesiredPackage
    from reconciler.model.terms import LossVerb
    from reconciler.planning.impact import Owed


class Stated(Struct, frozen=True):
    """One loss of a package, and whether an entry of its file is enough for it.

    Attributes:
        entry: The one that is enough; None where none is.
    """

    loss: Owed
    message: str
    about: GuardedLoss
    entry: Entry | None = None


class Entries(Struct, frozen=True):
    """The statements of one package file.

    Attributes:
        key: Of the package.
        catalog: Tells whether a feature and a limit share a key, so that an entry must say which it means.
        today: The day (UTC) at which they count.
    """

    key: str
    entries: tuple[Acknowledgement, ...]
    catalog: Catalog | None
    today: date

    def judged(self, losses: Iterable[Owed], *, counts_kept: bool) -> Iterator[Stated]:
        """Yield, per loss that clients feel, whether an entry is enough for it.

        With `counts_kept`, clients who merely keep what is taken away count as well.
        """
        for loss in losses:
            touched = loss.lose + (loss.keep if counts_kept else 0)
            if touched and (verb := loss.code.row.acknowledged_by):
                yield self._judged(verb, loss, touched)

    def unused(
        self, losses: Iterable[Owed], in_force: Mapping[Known, InForce], *, is_waiting: bool
    ) -> Iterator[str]:
        """Yield a sentence per entry that is spent, or names no loss of this plan or of a waiting step."""
        found = {(loss.code.row.acknowledged_by, self._term(loss)) for loss in losses}
        for entry in self.entries:
            stated = f"{self.key}: the acknowledgement `{entry.verb}: {entry.term}`"
            is_named = any(entry.verb == verb and self._names(entry, term) for verb, term in found)
            if is_spent(entry, known_of(self.key, entry, self.catalog, in_force)):
                yield f"{stated} is spent here: nobody is left to lose it. Take it out, or edit its bounds."
            elif not (is_waiting or is_named):
                yield f"{stated} lets nothing pass in this plan."

    def _term(self, loss: Owed) -> Term:
        return Term("", self.key) if loss.code.row.kind is Kind.PACKAGE else loss.term

    def _names(self, entry: Acknowledgement, term: Term) -> bool:
        """Whether the entry speaks of the term; a key that a feature and a limit share must say which."""
        if entry.verb == "lowers":
            return entry.term.key == term.key
        return entry.term == term or (entry.term == Term("", term.key) and not self._is_shared(term))

    def _is_shared(self, term: Term) -> bool:
        catalog = self.catalog
        is_both = catalog is not None and term.key in catalog.features and term.key in catalog.limits
        return bool(term.section) and is_both

    def _judged(self, verb: LossVerb, loss: Owed, touched: int) -> Stated:
        term = self._term(loss)
        named = str(term) if verb == "removes" and self._is_shared(term) else term.key
        about = GuardedLoss(
            verb=verb,
            term=named,
            clients=touched + loss.before,
            before=loss.before,
            later=max(0, loss.lose + loss.later - touched),
        )
        subject = f"{counted(touched, 'client')} touched by `{verb}: {named}`{_beside(about)}"
        matching = [each for each in self.entries if each.verb == verb and self._names(each, term)]
        counting = [each for each in matching if each.until >= self.today]
        entry = max(counting, key=lambda each: each.clients, default=None)
        if entry is None and matching:
            ended = max(each.until for each in matching)
            message = f"{subject}, and its acknowledgement ended on {day(ended)}."
            return Stated(loss, message, about.model_copy(update={"entry": "ended"}))
        if entry is None:
            return Stated(loss, f"{subject}, and no acknowledgement names it.", about)
        if is_spent(entry, loss.in_force):
            message = f"{subject}, and its acknowledgement is spent: it let pass what it was for."
            return Stated(loss, message, about.model_copy(update={"entry": "spent"}))
        about = about.model_copy(update={"bound": entry.clients})
        bound = f"at most {entry.clients:,} until {day(entry.until)}"
        if about.clients > entry.clients:
            message = f"{subject}, but it is acknowledged for {bound}."
            return Stated(loss, message, about.model_copy(update={"entry": "too-small"}))
        message = f"{subject}: acknowledged for {bound} ({entry.reason})"
        enough = Entry(self.key, verb, str(term), entry.clients, entry.until)
        return Stated(loss, message, about.model_copy(update={"entry": "enough"}), enough)


def _beside(about: GuardedLoss) -> str:
    counts = ((about.before, "before"), (about.later, "in later steps"))
    said = " and ".join(f"{count:,} {when}" for count, when in counts if count)
    return f", {said}" if said else ""


def is_spent(entry: Acknowledgement, in_force: InForce | None) -> bool:
    """Whether nobody was left to lose by the entry, and it was not edited since (rule 19)."""
    if in_force is None or not in_force.is_spent:
        return False
    return (entry.clients, entry.until) == (in_force.entry.clients, in_force.entry.until)


def known_of(
    key: str, entry: Acknowledgement, catalog: Catalog | None, in_force: Mapping[Known, InForce]
) -> InForce | None:
    """Return the entry as the last applied run had it; None where it had none."""
    names = known_as(key, entry.verb, _meant(entry, catalog))
    return next((in_force[each] for each in names if each in in_force), None)


def stated_by(package: DesiredPackage, catalog: Catalog | None) -> Iterator[Entry]:
    """Yield the entries of a file with the terms that they mean, each once."""
    seen = set()
    for each in package.acknowledgements:
        term = _meant(each, catalog)
        if (each.verb, term) not in seen:
            seen.add((each.verb, term))
            yield Entry(package.key, each.verb, str(term), each.clients, each.until)


def _meant(entry: Acknowledgement, catalog: Catalog | None) -> Term:
    """Return the term with its section, which a file may leave out where the catalog tells it."""
    key = entry.term.key
    if entry.term.section or entry.verb not in {"removes", "lowers"} or key in CAPS:
        return entry.term
    if entry.verb == "lowers" or (catalog is not None and key in catalog.limits):
        return Term("limits", key)
    return Term("features", key) if catalog is not None and key in catalog.features else entry.term


def entries_of(key: str, desired: DesiredPackage | None, catalog: Catalog | None, today: date) -> Entries:
    """Return what the package's file states; nothing where it has none."""
    return Entries(key, desired.acknowledgements if desired else (), catalog, today)
