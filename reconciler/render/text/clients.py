"""Clients as a table, as they stream in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.clients import Client
    from reconciler.render.text.ink import Paper

_HEADINGS: Final = ("CLIENT", "NAME", "PACKAGE", "REVISION", "HOLDING", "EXPIRES")


def client_table(clients: Iterable[Client], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per client."""
    return table_lines(_HEADINGS, map(_row, clients), paper)


def _row(client: Client) -> tuple[str, ...]:
    held = client.subscription
    behind = f"{held.revision} of {held.current_revision}"
    revision = str(held.revision) if held.revision == held.current_revision else behind
    expires = "never" if held.expires_at is None else f"{held.expires_at:%Y-%m-%d}"
    return (client.id, client.name, held.package, revision, held.status, expires)
