"""`fmt`: every file in its canonical layout."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.progress import working
from reconciler.cli.terminal import Terminal


@click.command("fmt")
@global_options
@option("--check", is_flag=True, help="Write nothing; exit with 2 where a file is not canonical.")
@option("--diff", is_flag=True, help="Write nothing; show every line that would change.")
def fmt_command(*, check: bool, diff: bool) -> int:
    """Put all files into their canonical layout.

    That is the order of keys, the indentation and the quotes. Comments stay, and what the files say stays.
    A file that is no acceptable YAML is left alone.
    """
    from reconciler.engine.fmt import fmt
    from reconciler.sources.settings import find_config

    choices = chosen()
    config = choices.config or find_config(Path.cwd())
    with working("Formatting", Terminal.of(choices)):
        result = fmt(config)
    return settle(result.root, result.edits, result.findings, check=check, diff=diff)
