"""`clients forget`: erase a client, and say what still names it."""

from __future__ import annotations

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.commands.clients.asking import agree
from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import forgotten_json
from reconciler.render.text.forgotten import forgotten_lines


@click.command("forget")
@global_options
@option("--replace-by", metavar="ID", help="Keep what it holds under this id, without its name and address.")
@yes_option()
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
def forget_command(
    client_id: str, replace_by: str | None, reason: str, actor: str | None, *, yes: bool
) -> None:
    """Erase a client, and say what still names it.

    Its rows and the kept answers of the API go; events name it by a number that leads back to nobody. It
    cannot be taken back. Revisions, files and the records of runs are not changed: those that name its id, or
    its owner's address, are listed.
    """
    from reconciler.engine.forgetting import files_naming
    from reconciler.engine.plan import environment_of

    workspace = workspace_of(chosen())
    environment = environment_of(workspace.settings, chosen().environment)
    terminal = Terminal.of(chosen())
    with opened(workspace, environment) as platform:
        client = platform.client(client_id, now())
        if not yes:
            agree(f"Forget {client.id}", "Nothing was forgotten", warning=" It cannot be taken back.")
        by = author(actor, reason)
        forgotten = platform.forget_client(client_id, now(), replaced_by=replace_by, by=by)
    files = files_naming(workspace, client)
    if chosen().format == "json":
        terminal.write_json(forgotten_json(forgotten, files))
    else:
        terminal.write_lines(forgotten_lines(forgotten, files, terminal.data))
