"""`init`: a new repository of packages."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import click

from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.parameters import OutputFolder
from reconciler.cli.terminal import Terminal

_NEXT: Final = """
Next:
  reconciler validate        check the files
  reconciler plan            see what an apply would do
  reconciler apply           do it, on a platform in .reconciler/
  reconciler pull -e NAME    bring in what another platform has, once reconciler.yaml names it
Edit schemas/catalog.yaml and packages/, then `reconciler schema --write schemas` so that your editor knows.
"""
_NO_SOURCE: Final = """
The workflow fails until it knows where reconciler comes from: set the variable
RECONCILER_SOURCE of the repository, or give --source now.
"""


@click.command("init")
@global_options
@option(
    "--source",
    metavar="SOURCE",
    help="Where the workflow installs reconciler from: git+https://HOST/PATH@COMMIT, or a wheel.",
)
@option("--check", is_flag=True, help="Write nothing; exit with 2 where something would be written.")
@click.argument("folder", default=".", type=OutputFolder())
def init_command(folder: Path, source: str | None, *, check: bool) -> int:
    """Make a folder a repository of packages.

    It may be empty or hold other code. Configuration, catalog, a first package, a workflow and settings for
    editors are written; nothing is overwritten.
    """
    from reconciler.engine.init.repository import WORKFLOW, new_repository, pinned

    terminal = Terminal.of(chosen())
    new = new_repository(folder, pinned(source) if source is not None else None)
    code = settle(new.root, new.edits, (), check=check, diff=False)
    for file in new.kept:
        terminal.say(f"{file} is there already and stays as it is.\n")
    if source is None and any(edit.file == WORKFLOW for edit in new.edits):
        terminal.say(_NO_SOURCE)
    if not check:
        enter = "" if folder == Path() else f"  cd {shlex.quote(str(folder))}\n"
        terminal.say(_NEXT.replace("Next:\n", f"Next:\n{enter}"))
    return code
