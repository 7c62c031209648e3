"""`pull`: what is live, into the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.progress import working
from reconciler.cli.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.engine.pull import Pulled


@click.command("pull")
@global_options
@option("--check", is_flag=True, help="Write nothing; exit with 2 where a file differs from what is live.")
@option("--diff", is_flag=True, help="Write nothing; show every line that would change.")
@option("--archived", is_flag=True, help="Also write files for archived packages that have none.")
@option("--no-adopt", is_flag=True, help="Leave out packages that were made by hand on the platform.")
@click.argument("keys", nargs=-1, shell_complete=completed_by("packages"))
def pull_command(keys: tuple[str, ...], *, check: bool, diff: bool, archived: bool, no_adopt: bool) -> int:
    """Write live packages and the live catalog into the files.

    KEYS are the packages to pull; all of them, and the catalog, where none is named. In files that are there,
    comments, order and quotes stay. A package made by hand gets a file, with which the next apply adopts it.
    """
    from reconciler.engine.plan import environment_of
    from reconciler.engine.pull import PullRequest, pull

    choices = chosen()
    terminal = Terminal.of(choices)
    workspace = workspace_of(choices)
    environment = environment_of(workspace.settings, choices.environment)
    request = PullRequest(keys, archived=archived, adopt=not no_adopt)
    with opened(workspace, environment) as platform, working("Reading the platform", terminal):
        result = pull(workspace, platform, request)
    code = settle(workspace.root, result.edits, result.findings, check=check, diff=diff)
    terminal.say("".join(f"{sentence}\n" for sentence in _remarks(result)))
    return code


def _remarks(result: Pulled) -> list[str]:
    remarks = []
    if result.adopted:
        remarks.append(f"Made by hand, adopted by the next apply: {', '.join(result.adopted)}.")
    if result.only_in_files:
        remarks.append(f"Not on the platform, so left as they are: {', '.join(result.only_in_files)}.")
    return remarks
