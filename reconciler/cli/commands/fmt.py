"""`fmt`: every file in its canonical layout."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import config_of, opened, workspace_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.process import now
from reconciler.cli.progress import working
from reconciler.cli.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.cli.options import Choices


@click.command("fmt")
@global_options
@option("--check", is_flag=True, help="Write nothing; exit with 2 where a file is not canonical.")
@option("--diff", is_flag=True, help="Write nothing; show every line that would change.")
@option(
    "--prune-acknowledgements",
    "prunes",
    is_flag=True,
    help="Take out acknowledgements that are spent in every environment; asks their platforms.",
)
def fmt_command(*, check: bool, diff: bool, prunes: bool) -> int:
    """Put all files into their canonical layout.

    That is the order of keys, the indentation and the quotes. Comments stay, and what the files say stays.
    A file that is no acceptable YAML is left alone.
    """
    from reconciler.engine.fmt import fmt

    choices = chosen()
    if prunes:
        return _prune(choices, check=check, diff=diff)
    with working("Formatting", Terminal.of(choices)):
        result = fmt(config_of(choices))
    return settle(result.root, result.edits, result.findings, check=check, diff=diff)


def _prune(choices: Choices, *, check: bool, diff: bool) -> int:
    from reconciler.engine.prune import prune

    workspace = workspace_of(choices).required()
    with working("Asking the platforms", Terminal.of(choices)):
        edits = prune(workspace, partial(opened, workspace), now())
    return settle(workspace.root, edits, (), check=check, diff=diff)
