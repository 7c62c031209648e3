"""Show what an adjustment of one client does, ask, and do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.cli.commands.clients.asking import agree, foretell
from reconciler.cli.options import chosen
from reconciler.cli.output import glossary_of
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import adjusted_json, client_json

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.events import Author
    from reconciler.model.grants import Adjustment


def adjust(platform: Platform, client_id: str, adjustment: Adjustment, by: Author, *, yes: bool) -> None:
    """Print what would be done and what was done, as `foretell` does."""
    from reconciler.planning.client_diff import adjustment_prospect
    from reconciler.render.text.prospects import adjusted_text, adjustment_text

    glossary = glossary_of(platform.catalog())
    told = platform.foresee_adjustment(client_id, adjustment, now())
    prospect = adjustment_prospect(told, now())
    foretell(partial(adjustment_text, told, prospect, glossary), partial(adjusted_json, told), yes=yes)
    if not yes:
        agree("Do this", "Nothing was changed")
    client = platform.adjust(client_id, adjustment, now(), by=by)
    terminal = Terminal.of(chosen())
    if chosen().format == "json":
        terminal.write_json(client_json(client))
    else:
        terminal.write(adjusted_text(replace(told, after=client), glossary, terminal.data))
