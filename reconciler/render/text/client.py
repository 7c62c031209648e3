"""Clients as a table, and one client: what it may use, from where, and what reassignment would change."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.model.english import instant, number, quantity
from reconciler.model.expiry import end_of
from reconciler.model.grants import kept_on_reassignment, with_grants
from reconciler.model.packages import Definition
from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS, Term
from reconciler.render.story.grants import granted, known_by
from reconciler.render.story.words import Span, Tone, plain
from reconciler.render.text.csv_cells import csv_text
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.model.clients import Client, Subscription
    from reconciler.model.quantities import Quantity
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

Since: TypeAlias = "Mapping[tuple[str, int], datetime]"
"""When holders of a package's revision became outdated."""
_COLUMN: Final = 12
_NOT_YET: Final = (
    "Edits of the package count from the client's next billing period on; until then it may use what the "
    "package granted before them."
)
_COLUMNS: Final = (
    "id",
    "name",
    "owner_email",
    "status",
    "package",
    "assigned_at",
    "users",
    "revision",
    "current_revision",
    "expires_at",
    "holding",
)
_HEADINGS: Final = ("CLIENT", "NAME", "PACKAGE", "REVISION", "HOLDING", "EXPIRES")


def client_text(
    client: Client,
    current: Definition | None,
    glossary: Glossary,
    paper: Paper,
    snapshot: Definition | None = None,
) -> str:
    """Return everything about the client.

    Args:
        client: Who it is about.
        current: The current revision; None where it is held.
        glossary: What things are called.
        paper: What it is written on.
        snapshot: What is held, without grants; needed only where there are any.
    """
    later = current and with_grants(current, kept_on_reassignment(client.grants))
    lines = [*_client(client, current, paper), ""]
    lines += [*_entitlements(client, later, snapshot, glossary, paper)]
    return "\n".join([*lines, *_grants(client, glossary, paper)]) + "\n"


def _grants(client: Client, glossary: Glossary, paper: Paper) -> Iterator[str]:
    if client.grants:
        yield from ("", *paper.lines([Span("Beside its package", Tone.STRONG)]))
    for each in client.grants:
        body = (*granted(each, glossary), *known_by(each))
        yield from paper.lines(body, indent=2, label=Span("grant", Tone.QUIET), column=_COLUMN)


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
        ("expires", _expiry(held.expires_at) + _extension(held) + _later_expiry(held, current)),
        ("holding", held.status),
    ):
        yield from paper.lines([text], indent=2, label=Span(label, Tone.QUIET), column=_COLUMN)


def _expiry(at: datetime | None) -> str:
    return "never" if at is None else instant(at)


def _extension(held: Subscription) -> str:
    return ", extended" if held.extended_to and held.extended_to == held.expires_at else ""


def _later_expiry(held: Subscription, current: Definition | None) -> str:
    """Return what reassignment would change; it keeps the start (rule 10)."""
    if current is None:
        return ""
    later = end_of(current.expiry, held.assigned_at, held.extended_to)
    return "" if later == held.expires_at else f" ({_expiry(later)} on reassignment)"


def _entitlements(
    client: Client,
    current: Definition | None,
    snapshot: Definition | None,
    glossary: Glossary,
    paper: Paper,
) -> Iterator[str]:
    held = client.subscription
    if held.status != "active":
        yield from paper.lines(
            ["May use nothing: ", Span(f"the subscription is {held.status}.", Tone.CAUTION)]
        )
        return
    origin = f"{held.package} revision {held.revision}, assigned {instant(held.assigned_at)}"
    yield from paper.lines([Span("May use", Tone.STRONG), f" as granted by {origin}:"])
    if client.from_next_period:
        yield from paper.lines([Span(_NOT_YET, Tone.CAUTION)], indent=2)
    rows = tuple(_rows(client, current, snapshot or Definition("", {}), glossary))
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
    client: Client, current: Definition | None, snapshot: Definition, glossary: Glossary
) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, name, use of allowance and its source, and what reassignment would change."""
    now, usage = client.entitlements, client.usage
    given = {each.term for each in client.grants}
    for key in now.features:
        later = "gone on reassignment" if current is not None and key not in current.features else ""
        yield (
            "feature",
            glossary.named(Term("features", key)),
            ", ".join(_of_feature(client, key, is_held=key in snapshot.features or not given)),
            later,
        )
    for key, cap in now.limits.items():
        later = _later(cap, current.limits.get(key), usage.get(key, 0)) if current is not None else ""
        unit = plain(glossary.unit(Term("limits", key), cap))
        yield (
            "limit",
            f"{glossary.named(Term('limits', key))}:",
            f"{_of(usage.get(key, 0), cap)}{unit}{_source(f'limits/{key}', snapshot.limits.get(key), given)}",
            later,
        )
    for key, cap in now.caps.items():
        used, per = client.used(key), " per cycle" if CAPS[key].per else ""
        later = _later(cap, current.caps.get(key), used) if current is not None else ""
        source = _source(key, snapshot.caps.get(key), given)
        yield CAPS[key].label, "", f"{_of(used, cap)}{per}{source}", later
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


def _of_feature(client: Client, key: str, *, is_held: bool) -> Iterator[str]:
    if key in client.usage:
        yield f"{number(client.usage[key])} used"
    if not is_held:
        yield "granted"


def _source(term: str, held: Quantity | None, given: Collection[str]) -> str:
    """Say how much of it the package gives, where there are grants of it."""
    return f", {quantity(held)} of it from the package" if term in given else ""


def _of(used: int, cap: Quantity) -> str:
    return f"{number(used)} of {quantity(cap)}"


def _later(cap: Quantity | None, new: Quantity | None, used: int) -> str:
    if cap == new:
        return ""
    over = f", {number(used - int(magnitude(new)))} over" if 0 <= magnitude(new) < used else ""
    return f"{quantity(new)} on reassignment{over}"


def client_table(clients: Iterable[Client], paper: Paper, since: Since | None = None) -> Iterator[str]:
    """Yield a line of headings and a row per client; with `since`, from when on it is outdated."""
    if since is None:
        return table_lines(_HEADINGS, map(_table_row, clients), paper)
    rows = ((*_table_row(each), _day(since.get(_held_by(each)))) for each in clients)
    return table_lines((*_HEADINGS, "OUTDATED SINCE"), rows, paper)


def client_csv(clients: Iterable[Client], since: Since | None = None) -> Iterator[str]:
    """Yield the same as a spreadsheet opens it, under the names of columns that `clients import` takes."""
    beside = () if since is None else ("outdated_since",)
    yield _csv_row((*_COLUMNS, *beside))
    for each in clients:
        held = each.subscription
        cells = (each.id, each.name, each.owner_email, each.status, held.package, _moment(held.assigned_at))
        more = (str(each.users), str(held.revision), str(held.current_revision))
        ends = (_moment(held.expires_at), held.status)
        yield _csv_row((*cells, *more, *ends, *(_day((since or {}).get(_held_by(each))) for _ in beside)))


def _csv_row(cells: Sequence[str]) -> str:
    stream = StringIO()
    csv.writer(stream, lineterminator="").writerow(map(csv_text, cells))
    return stream.getvalue()


def _held_by(client: Client) -> tuple[str, int]:
    return client.subscription.package, client.subscription.revision


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d}"


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.isoformat().replace("+00:00", "Z")


def _table_row(client: Client) -> tuple[str, ...]:
    held = client.subscription
    behind = f"{held.revision} of {held.current_revision}"
    revision = str(held.revision) if held.revision == held.current_revision else behind
    expires = "never" if held.expires_at is None else f"{held.expires_at:%Y-%m-%d}"
    return (client.id, client.name, held.package, revision, held.status, expires)
