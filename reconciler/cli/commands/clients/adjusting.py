"""Show what an adjustment of one client does, ask, and do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import environment_and_root
from reconciler.cli.options import chosen
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.prospects import Adjusted
from reconciler.planning.client_diff import adjustment_prospect
from reconciler.render.json import adjusted_json, client_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.prospects import adjusted_text, adjustment_text

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.events import Author
    from reconciler.model.grants import Adjustment


def adjust(platform: Platform, client_id: str, adjustment: Adjustment, by: Author, *, yes: bool) -> None:
    """Print what would be done: to standard error where JSON is wanted and something else is the result."""
    choices = chosen()
    terminal = Terminal.of(choices)
    glossary = Glossary.of_catalog(platform.catalog() or Catalog())
    told = platform.foresee_adjustment(client_id, adjustment, now())
    prospect = adjustment_prospect(told, now())
    is_json = choices.format == "json"
    if is_json and not (yes or terminal.can_ask):
        terminal.write_json(adjusted_json(told))
    elif is_json:
        terminal.say(adjustment_text(told, prospect, glossary, terminal.messages))
    else:
        terminal.write(adjustment_text(told, prospect, glossary, terminal.data))
    if not yes:
        _ask(can_ask=terminal.can_ask)
    client = platform.adjust(client_id, adjustment, now(), by=by)
    if is_json:
        terminal.write_json(client_json(client))
    else:
        terminal.write(adjusted_text(Adjusted(told.before, client), glossary, terminal.data))


def _ask(*, can_ask: bool) -> None:
    if not can_ask:
        raise WrongUsageError(
            "Nothing was changed: there is no terminal to ask on.", hint="Add --yes to do it."
        )
    environment, _ = environment_and_root(chosen())
    click.confirm(f"Do this on {environment.name}?", abort=True, err=True)
