"""`notes`: what each touched client could be told about a plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, offering, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.model.plans import Plan


def day(text: str) -> date:
    """Read a day in ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a day; write 2026-12-01.") from error


@click.command("notes")
@offering("markdown")
@option(
    "--kept",
    is_flag=True,
    help="Also clients who keep what they have until they are reassigned, or who only gain.",
)
@option("--on", type=day, metavar="DAY", help="The day that clients are told; by default today.")
@click.argument("planfile", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def notes_command(planfile: Path | None, on: date | None, *, kept: bool) -> None:
    """Write what each touched client could be told about a plan.

    For a saved PLANFILE, or for what the files would change now: what each client who loses something with it
    loses and gains, and when. Nothing is sent. One Markdown document, or with --format json one object per
    client and line, for a mailer.
    """
    from reconciler.cli.output import glossary_of
    from reconciler.engine.notes import NotesRequest, notes
    from reconciler.engine.plan import environment_of
    from reconciler.render.json import note_json
    from reconciler.render.notes import notes_markdown

    choices = chosen()
    terminal = Terminal.of(choices)
    reviewed = _saved(planfile) if planfile else None
    workspace = workspace_of(choices).required()
    name = choices.environment or (reviewed.environment if reviewed else None)
    environment = environment_of(workspace.settings, name)
    glossary, at = glossary_of(workspace.catalog), now()
    request = NotesRequest(at, on or at.date(), kept=kept, reviewed=reviewed)
    with opened(workspace, environment) as platform:
        told = notes(workspace, environment, platform, request)
        if choices.format == "json":
            terminal.write_json_lines(note_json(note, glossary) for note in told)
        else:
            terminal.write_lines(notes_markdown(told, glossary))


def _saved(planfile: Path) -> Plan:
    from reconciler.sources.plan_file import read_plan

    return read_plan(planfile)
