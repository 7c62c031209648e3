"""`init`: a new repository of packages."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.parameters import OutputFolder
from reconciler.cli.terminal import Terminal, interruption_says
from reconciler.errors import InvalidError

if TYPE_CHECKING:
    from reconciler.engine.init.repository import Wishes

_NEXT: Final = """
Next:
  reconciler validate        check the files
  reconciler plan            see what an apply would do
  reconciler apply           do it, on a platform in .reconciler/
  reconciler pull -e NAME    bring in what another platform has, once reconciler.yaml names it
Edit schemas/catalog.yaml and packages/, then `reconciler schema --write schemas` so that your editor knows.
"""
_NO_SOURCE: Final = """
Its jobs fail until they know where reconciler comes from: set the variable RECONCILER_SOURCE
of the repository or project, or give --source now.
"""
_CIS: Final = click.Choice(("github", "gitlab", "none"))


@click.command("init")
@global_options
@option(
    "--source",
    metavar="SOURCE",
    help="Where the jobs install reconciler from: git+https://HOST/PATH@COMMIT, or a wheel.",
)
@option("--platform", metavar="URL", help="The address of your platform: https://… or postgresql://…")
@option("--ci", type=_CIS, help="Whose jobs check changes; by default github.")
@option(
    "--table",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Begin with the packages of a table (CSV, packages as columns), not with an example.",
)
@option("--reviewers", metavar="NAMES", help="Who must approve changes, for CODEOWNERS: @ana @acme/pricing.")
@option("--check", is_flag=True, help="Write nothing; exit with 2 where something would be written.")
@click.argument("folder", default=".", type=OutputFolder())
def init_command(folder: Path, *, check: bool, **stated: Any) -> int:
    """Make a folder a repository of packages.

    It may be empty or hold other code. Configuration, catalog, first packages, jobs of your CI and settings
    for editors are written; nothing is overwritten. On a terminal you are asked what no option says.
    """
    from reconciler.engine.init.repository import GITLAB_JOBS, WORKFLOW, new_repository

    terminal = Terminal.of(chosen())
    is_new = not os.path.lexists(folder / "reconciler.yaml")
    if terminal.can_ask and is_new and not check and not any(stated.values()):
        with interruption_says("Nothing was written."):
            stated |= _asked()
    wishes = _wishes(**stated)
    new = new_repository(folder, wishes)
    code = settle(new.root, new.edits, (), check=check, diff=False)
    for remark in new.remarks:
        terminal.say("\n".join(terminal.messages.lines([f"- {remark}"])) + "\n")
    for file in new.kept:
        terminal.say(f"{file} is there already and stays as it is.\n")
    if wishes.source is None and {WORKFLOW, GITLAB_JOBS} & {edit.file for edit in new.edits}:
        terminal.say(_NO_SOURCE)
    if not check:
        enter = "" if folder == Path() else f"  cd {shlex.quote(str(folder))}\n"
        terminal.say(_NEXT.replace("Next:\n", f"Next:\n{enter}"))
    return code


def _asked() -> dict[str, Any]:
    """Ask what a person setting up a team would have to look up; Enter is always an answer."""

    def ask(question: str, **attributes: Any) -> Any:
        return click.prompt(question, default="", show_default=False, err=True, **attributes) or None

    return {
        "platform": ask("Your platform's address (https://… or postgresql://…; Enter: none yet)"),
        "ci": click.prompt("Whose jobs check changes", type=_CIS, default="github", err=True),
        "table": ask("A table of your packages (CSV, a column each; Enter: begin with an example)"),
        "reviewers": ask("Who must approve changes (@ana @acme/pricing; Enter: nobody)"),
    }


def _wishes(
    source: str | None, platform: str | None, ci: Any, table: Path | str | None, reviewers: str | None
) -> Wishes:
    from reconciler.engine.init.repository import Wishes, pinned
    from reconciler.sources.os_errors import remedy

    try:
        content = Path(table).read_bytes() if table is not None else None
    except OSError as error:
        raise InvalidError(f"{table} cannot be read: {error.strerror}.", hint=remedy(error)) from error
    return Wishes(pinned(source) if source else None, platform, ci or "github", content, reviewers or "")
