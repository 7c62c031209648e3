"""What a client has beside its package, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from reconciler.model.english import instant, number, quantity
from reconciler.model.terms import CAPS, Term
from reconciler.render.story.prospects import ending as subscription_end
from reconciler.render.story.words import Tone, code, key, title, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.grants import Grant, Occasion, Until
    from reconciler.model.prospects import Adjusted, Prospect
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_ENDS: Final[Mapping[Occasion, str]] = {
    "cycle": "until the billing cycle ends",
    "subscription": "until another package is assigned by hand",
    "reassigned": "until the client is reassigned",
}


def granted(grant: Grant, glossary: Glossary) -> Words:
    """Say what is granted: `AI credits +500 per cycle until 2027-01-01 00:00 UTC`."""
    term = Term.named(grant.term)
    name = words(CAPS[term.key].label) if term.key in CAPS else glossary.name(term)
    return words(name, _amount(grant, term, glossary), f", {ending(grant.until)}")


def known_by(grant: Grant) -> Words:
    """Say by what id it is revoked, who gave it and why."""
    reason = words(": ", title(grant.reason)) if grant.reason else ()
    return words(" (", key(grant.id), ", by ", title(grant.author), reason, ")", tone=Tone.QUIET)


def ends_of(adjusted: Adjusted) -> Iterator[tuple[str, Words]]:
    """Yield the package that the client holds, and where its end moves, when it ends then."""
    before, after = adjusted.before.subscription, adjusted.after.subscription
    status = "" if before.status == "active" else f"; it is {before.status} and entitles to nothing"
    held = f" revision {before.revision}, {subscription_end(before.expires_at)}{status}"
    yield "now", words(key(before.package), held)
    if after.expires_at != before.expires_at:
        yield "then", words(subscription_end(after.expires_at))


def adjustment_outlook(adjusted: Adjusted, prospect: Prospect, glossary: Glossary) -> Iterator[Words]:
    """Yield what is granted and until when, and what is to be known of it beside losses and gains."""
    before, after = adjusted.before, adjusted.after
    for each in _only(after.grants, before.grants):
        yield words("Granted: ", granted(each, glossary), ".")
    for each in _only(before.grants, after.grants):
        yield words("Revoked: ", granted(each, glossary), ".")
    if not prospect.fields and after.grants != before.grants:
        is_idle = after.subscription.status != "active"
        why = "the subscription entitles to nothing" if is_idle else "the client has as much anyway"
        yield words(f"Nothing changes now: {why}.")


def done(adjusted: Adjusted, glossary: Glossary) -> Iterator[Words]:
    """Yield what was done, and how a grant is taken back."""
    before, after = adjusted.before, adjusted.after
    name = key(after.id, Tone.STRONG)
    for each in _only(after.grants, before.grants):
        yield words(name, " has ", granted(each, glossary), ".")
        yield words("To take it back: ", code(f"reconciler clients revoke {after.id} {each.id}"))
    for each in _only(before.grants, after.grants):
        yield words(name, " has no more ", granted(each, glossary), ".")
    if after.subscription.expires_at != before.subscription.expires_at:
        yield words(name, f": the subscription {subscription_end(after.subscription.expires_at)}.")


def _only(mine: Iterable[Grant], others: Iterable[Grant]) -> Iterator[Grant]:
    known = {each.id for each in others}
    return (each for each in mine if each.id not in known)


def ending(until: Until) -> str:
    """Say when a grant ends, or with what."""
    return f"until {instant(until)}" if isinstance(until, datetime) else _ENDS[until]


def _amount(grant: Grant, term: Term, glossary: Glossary) -> str:
    if grant.set_to is not None:
        return f" at least {quantity(grant.set_to)}"
    if grant.add is None:
        return ""
    if grant.once:
        return f" +{number(grant.add)} once, {number(grant.left)} left"
    known = glossary.terms.get(term.path)
    per = CAPS[term.key].per if term.key in CAPS else known.per if known else None
    return f" +{number(grant.add)}{f' per {per}' if per else ''}"
