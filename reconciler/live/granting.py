"""What may be granted, and how far a subscription may be extended (rules 17 and 18), as pure functions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.live.rules import Refusal
from reconciler.model.catalog import Catalog
from reconciler.model.english import instant
from reconciler.model.grants import MOST_GRANTS, Grant, with_grants
from reconciler.model.terms import CAPS, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reconciler.model.clients import Client
    from reconciler.model.events import Author
    from reconciler.model.grants import Granting
    from reconciler.model.packages import Definition

_ENDED: Final = "Name a later instant."
_NOT_USABLE: Final = "Grant that first; a feature's limits are granted with it (--limit KEY=N)."


class Recipient(Struct, frozen=True):
    """A client who is granted something at an instant.

    Attributes:
        snapshot: What its package gives it.
        catalog: The live one; None where none was ever applied.
    """

    client: Client
    snapshot: Definition
    catalog: Catalog | None
    at: datetime

    def granted(self, asked: Granting, by: Author, mint: Callable[[], str]) -> tuple[Grant, ...] | Refusal:
        """Return the new grants, each with an id of its own, or say why they may not be."""
        term = self._term(asked)
        if isinstance(term, Refusal):
            return term
        until = asked.until
        known = (until, self.at, by.name, by.reason)
        grants = (
            Grant(mint(), str(term), *known, asked.add, asked.set_to, asked.once),
            *(Grant(mint(), f"limits/{each.limit}", *known, None, each.set_to) for each in asked.limits),
        )
        return next(self._faults(asked, grants), grants)

    def granted_anew(
        self, asked: Iterable[Granting], by: Author, mint: Callable[[], str]
    ) -> tuple[Grant, ...] | Refusal:
        """Return the new grants of a line: without what the client has just so, and what is over already."""
        known = {_stated(each) for each in self.client.grants}
        new: tuple[Grant, ...] = ()
        for each in asked:
            if isinstance(each.until, datetime) and each.until <= self.at:
                continue
            client = replace(self.client, grants=(*self.client.grants, *new))
            found = replace(self, client=client).granted(each, by, mint)
            if isinstance(found, Refusal):
                return found
            new = (*new, *(grant for grant in found if _stated(grant) not in known))
        return new

    def refused(self, grant: Grant) -> Refusal | None:
        """Say why the client may not have a former grant again; None: it may."""
        term = Term.named(grant.term)
        if not self._is_known(term):
            what = self._unknown(term, has_amount=term.section != "features")
            return Refusal("grant-unknown-term", what, "")
        held = with_grants(self.snapshot, (*self.client.grants, grant))
        lacking = next(self._lacks(term, held), None)
        return None if lacking is None else Refusal("grant-not-usable", lacking, _NOT_USABLE)

    def _term(self, asked: Granting) -> Term | Refusal:
        """Return what is meant: with an amount a limit or a cap, else a feature."""
        stated = Term.named(asked.term)
        has_amount = asked.add is not None or asked.set_to is not None
        terms = [Term("", stated.key), Term("limits" if has_amount else "features", stated.key)]
        found = next(
            (each for each in terms if self._is_known(each) and stated in {each, Term("", each.key)}), None
        )
        if found is None:
            return Refusal(
                "grant-unknown-term",
                self._unknown(stated, has_amount=has_amount),
                "`compare` shows what there is.",
            )
        return found

    def _unknown(self, stated: Term, *, has_amount: bool) -> str:
        other = Term("features" if has_amount else "limits", stated.key)
        if self._is_known(other):
            lack = (
                "is granted as a whole, without an amount"
                if has_amount
                else "is a limit, and needs an amount"
            )
            return f"`{stated.key}` {lack}"
        return f"the catalog has no {'limit' if has_amount else 'feature'} `{stated.key}`"

    def _is_known(self, term: Term) -> bool:
        catalog = self.catalog or Catalog()
        match term.section:
            case "features":
                return term.key in catalog.features
            case "limits":
                return term.key in catalog.limits
            case _:
                return term.key in CAPS

    def _faults(self, asked: Granting, grants: tuple[Grant, ...]) -> Iterator[Refusal]:
        yield from self._ill_stated(asked, grants)
        held = with_grants(self.snapshot, (*self.client.grants, *grants))
        for each in grants:
            message = next(self._lacks(Term.named(each.term), held), "")
            if message:
                yield Refusal("grant-not-usable", message, _NOT_USABLE)

    def _ill_stated(self, asked: Granting, grants: tuple[Grant, ...]) -> Iterator[Refusal]:
        first, *limits = (Term.named(each.term) for each in grants)
        if isinstance(asked.until, datetime) and asked.until <= self.at:
            yield Refusal("grant-ended", f"{instant(asked.until)} is over already", _ENDED)
        if first.section != "features" and (asked.add is None) == (asked.set_to is None):
            yield Refusal(
                "grant-amount", f"`{first.key}` needs one amount", "Give either --add N or --set N."
            )
        if asked.once and (asked.add is None or not self._begins_again(first)):
            why = "only what is added, and starts again at 0 with every cycle, is granted once"
            yield Refusal("grant-once", f"`{first.key}`: {why}", "Leave --once out.")
        for limit in limits:
            if not self._is_known(limit) or first.section != "features":
                yield Refusal("grant-unknown-term", f"the catalog has no limit `{limit.key}` for it", "")
        if len(self.client.grants) + len(grants) > MOST_GRANTS:
            message = f"a client has at most {MOST_GRANTS} grants at once"
            yield Refusal("grant-too-many", message, "Revoke some first, or assign another package.")

    def _begins_again(self, term: Term) -> bool:
        if term.key in CAPS:
            return CAPS[term.key].per == "cycle"
        return (self.catalog or Catalog()).limits[term.key].per == "cycle"

    def _lacks(self, term: Term, held: Definition) -> Iterator[str]:
        """Say what the client would need beside a granted term to be able to use it."""
        catalog = self.catalog or Catalog()
        match term.section:
            case "features":
                for needed in catalog.features[term.key].requires:
                    if needed not in held.features:
                        yield f"`{term.key}` needs the feature `{needed}`, which the client does not have"
                for key, limit in catalog.limits.items():
                    if term.key in {key, limit.feature} and key not in held.limits:
                        yield f"`{term.key}` is capped by the limit `{key}`, of which the client has none"
            case "limits":
                feature = catalog.limits[term.key].feature
                if feature is not None and feature not in held.features:
                    yield f"`{term.key}` caps the feature `{feature}`, which the client does not have"
            case _:
                if CAPS[term.key].beside == "ai" and not self._has_ai(held):
                    yield f"{CAPS[term.key].units} are for an AI feature, and the client has none"

    def _has_ai(self, held: Definition) -> bool:
        features = (self.catalog or Catalog()).features
        return any(features[key].ai for key in held.features if key in features)


def _stated(grant: Grant) -> tuple[object, ...]:
    return grant.term, grant.until, grant.add, grant.set_to, grant.once


def refused_extension(client: Client, until: datetime, at: datetime) -> Refusal | None:
    """Say why a client's subscription may not be extended to an instant (rule 18); None: it may."""
    ends = client.subscription.expires_at
    if ends is None:
        return Refusal("extension-needless", "the subscription never ends", "There is nothing to extend.")
    if until <= ends:
        message = f"the subscription ends on {instant(ends)}, which is no earlier"
        return Refusal("extension-needless", message, _ENDED)
    if until <= at:
        return Refusal("extension-ended", f"{instant(until)} is over already", _ENDED)
    return None
