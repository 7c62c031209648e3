"""`clients assign`: give a client a package by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.opening import environment_and_root, platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options
from reconciler.cli.output import write_client
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.render.json import assignment_json
from reconciler.render.story.glossary import Glossary
from reconciler.render.text.prospects import assignment_text

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.prospects import Assignment


@click.command("assign")
@global_options
@yes_option()
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
@click.argument("package", metavar="PACKAGE", shell_complete=completed_by("packages"))
def assign_command(client_id: str, package: str, reason: str, actor: str | None, *, yes: bool) -> None:
    """Give a client a package by hand.

    A new snapshot of the current revision; expiry and the billing cycle begin anew. You are shown what the
    client loses (and uses of it), what it gains and what starts anew, and asked.
    """
    choices = chosen()
    with platform_of(choices) as platform:
        require_package(choices, platform, package)
        assignment = platform.foresee(client_id, package, now())
        _show(assignment, platform, yes=yes)
        if not yes:
            _ask()
        write_client(platform.assign(client_id, package, now(), by=author(actor, reason)))


def _show(assignment: Assignment, platform: Platform, *, yes: bool) -> None:
    """Print what it would do: to standard error where JSON is wanted and something else is the result."""
    choices = chosen()
    terminal = Terminal.of(choices)
    glossary = Glossary.of_catalog(platform.catalog() or Catalog())
    if choices.format != "json":
        terminal.write(assignment_text(assignment, glossary, terminal.data))
    elif yes or terminal.can_ask:
        terminal.say(assignment_text(assignment, glossary, terminal.messages))
    else:
        terminal.write_json(assignment_json(assignment))


def _ask() -> None:
    choices = chosen()
    if not Terminal.of(choices).can_ask:
        raise WrongUsageError(
            "Nothing was assigned: there is no terminal to ask on.", hint="Add --yes to do it."
        )
    environment, _ = environment_and_root(choices)
    click.confirm(f"Assign this on {environment.name}?", abort=True, err=True)
