"""Clients as a table, and one client: what it may use, from where, and what reassignment would change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import instant, number, quantity
from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS, Term
from reconciler.render.story.words import Span, Tone, plain
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.model.clients import Client, Subscription
    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_COLUMN: Final = 12
_HEADINGS: Final = ("CLIENT", "NAME", "PACKAGE", "REVISION", "HOLDING", "EXPIRES")


def client_text(client: Client, current: Definition | None, glossary: Glossary, paper: Paper) -> str:
    """Return everything about the client; `current` is the current revision, None where it is held."""
    return (
        "\n".join([*_client(client, current, paper), "", *_entitlements(client, current, glossary, paper)])
        + "\n"
    )


def _client(client: Client, current: Definition | None, paper: Paper) -> Iterator[str]:
    held = client.subscription
    newer = held.current_revision - held.revision
    age = f" ({number(newer)} behind the current {held.current_revision})" if newer else " (current)"
    yield from paper.lines([Span(client.id, Tone.STRONG), f" {client.name}"])
    for label, text in (
        ("owner", client.owner_email),
        ("status", client.status),
        ("package", f"{held.package} revision {held.revision}{age}"),
        ("assigned", instant(held.assigned_at)),
        ("expires", _expiry(held.expires_at) + _later_expiry(held, current)),
        ("holding", held.status),
    ):
        yield from paper.lines([text], indent=2, label=Span(label, Tone.QUIET), column=_COLUMN)


def _expiry(at: datetime | None) -> str:
    return "never" if at is None else instant(at)


def _later_expiry(held: Subscription, current: Definition | None) -> str:
    """Return what reassignment would change; it keeps the start (rule 10)."""
    if current is None:
        return ""
    later = current.expiry.after(held.assigned_at) if current.expiry is not None else None
    return "" if later == held.expires_at else f" ({_expiry(later)} on reassignment)"


def _entitlements(
    client: Client, current: Definition | None, glossary: Glossary, paper: Paper
) -> Iterator[str]:
    held = client.subscription
    if held.status != "active":
        yield from paper.lines(
            ["May use nothing: ", Span(f"the subscription is {held.status}.", Tone.CAUTION)]
        )
        return
    origin = f"{held.package} revision {held.revision}, assigned {instant(held.assigned_at)}"
    yield from paper.lines([Span("May use", Tone.STRONG), f" as granted by {origin}:"])
    rows = tuple(_rows(client, current, glossary))
    for kind, name, text, later in rows:
        body: list[Span | str] = [
            f"{name} {text}".rstrip(),
            Span(f" ({later})" if later else "", Tone.CAUTION),
        ]
        yield from paper.lines(body, indent=2, label=Span(kind, Tone.QUIET), column=_COLUMN)
    if current is not None:
        which = f"revision {held.current_revision}"
        changes = any(later for *_, later in rows) or _later_expiry(held, current)
        said = f"In brackets: what {which} would change." if changes else f"Under {which} it has the same."
        yield from paper.lines([Span(said, Tone.QUIET)])


def _rows(
    client: Client, current: Definition | None, glossary: Glossary
) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, name, use of allowance, and what reassignment would change."""
    now, usage = client.entitlements, client.usage
    for key in now.features:
        later = "gone on reassignment" if current is not None and key not in current.features else ""
        yield (
            "feature",
            glossary.named(Term("features", key)),
            f"{number(usage[key])} used" if key in usage else "",
            later,
        )
    for key, cap in now.limits.items():
        later = _later(cap, current.limits.get(key), usage.get(key, 0)) if current is not None else ""
        unit = plain(glossary.unit(Term("limits", key), cap))
        yield (
            "limit",
            f"{glossary.named(Term('limits', key))}:",
            f"{_of(usage.get(key, 0), cap)}{unit}",
            later,
        )
    for key, cap in now.caps.items():
        used, per = client.used(key), " per cycle" if CAPS[key].per else ""
        later = _later(cap, current.caps.get(key), used) if current is not None else ""
        yield CAPS[key].label, "", f"{_of(used, cap)}{per}", later
    yield from _gains(client, current, glossary)


def _gains(
    client: Client, current: Definition | None, glossary: Glossary
) -> Iterator[tuple[str, str, str, str]]:
    if current is None:
        return
    for key in current.features:
        if key not in client.entitlements.features:
            yield "feature", glossary.named(Term("features", key)), "", "new on reassignment"
    for key, cap in current.limits.items():
        if key not in client.entitlements.limits:
            yield (
                "limit",
                f"{glossary.named(Term('limits', key))}:",
                "none",
                f"{quantity(cap)} on reassignment",
            )
    for key, cap in current.caps.items():
        if key not in client.entitlements.caps:
            yield CAPS[key].label, "", "none", f"{quantity(cap)} on reassignment"


def _of(used: int, cap: Quantity) -> str:
    return f"{number(used)} of {quantity(cap)}"


def _later(cap: Quantity | None, new: Quantity | None, used: int) -> str:
    if cap == new:
        return ""
    over = f", {number(used - int(magnitude(new)))} over" if 0 <= magnitude(new) < used else ""
    return f"{quantity(new)} on reassignment{over}"


def client_table(clients: Iterable[Client], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per client."""
    return table_lines(_HEADINGS, map(_table_row, clients), paper)


def _table_row(client: Client) -> tuple[str, ...]:
    held = client.subscription
    behind = f"{held.revision} of {held.current_revision}"
    revision = str(held.revision) if held.revision == held.current_revision else behind
    expires = "never" if held.expires_at is None else f"{held.expires_at:%Y-%m-%d}"
    return (client.id, client.name, held.package, revision, held.status, expires)
