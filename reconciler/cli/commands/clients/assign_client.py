"""`clients assign`: give a client a package by hand."""

from __future__ import annotations

from functools import partial

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.commands.clients.asking import agree, foretell
from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options
from reconciler.cli.output import glossary_of, write_client
from reconciler.cli.process import now
from reconciler.render.json import assignment_json


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
    from reconciler.render.text.prospects import assignment_text

    with platform_of(chosen()) as platform:
        require_package(chosen(), platform, package)
        assignment = platform.foresee(client_id, package, now())
        text = partial(assignment_text, assignment, glossary_of(platform.catalog()))
        foretell(text, partial(assignment_json, assignment), yes=yes)
        if not yes:
            agree("Assign this", "Nothing was assigned")
        write_client(platform.assign(client_id, package, now(), by=author(actor, reason)))
