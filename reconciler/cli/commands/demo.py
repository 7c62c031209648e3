"""`demo`: the whole story on a platform that is thrown away."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import glossary_of, write_plan_as
from reconciler.cli.parameters import OutputFolder
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError

if TYPE_CHECKING:
    from reconciler.engine.demo import Scene

_STORY_DATE: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""What is thrown away need not be of today, and can be compared with what the README shows."""


@click.command("demo")
@global_options
@option("--into", type=OutputFolder(), help="Keep everything in this new folder.")
def demo_command(into: Path | None) -> None:
    """Show the whole story on a platform that is thrown away.

    Clients on packages, an edit, the plan that names whom it touches, the apply, and what a client keeps.
    """
    from reconciler.engine.demo import demo

    if into is not None:
        if into.exists() and any(into.iterdir()):
            raise WrongUsageError(f"{into} is not empty.", hint="Name a folder that does not exist yet.")
        into.mkdir(parents=True, exist_ok=True)
        for scene in demo(into, now()):
            _show(scene)
        Terminal.of(chosen()).say(f"\nGo on in {into}: edit packages/, then `reconciler plan`.\n")
        return
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        for scene in demo(Path(folder), _STORY_DATE):
            _show(scene)


def _show(scene: Scene) -> None:
    from reconciler.engine.demo import Applied, Edited, Looked, Planned, Told
    from reconciler.render.text.client import client_text
    from reconciler.render.text.demo import diff_text, told_text
    from reconciler.render.text.runs import applied_text

    terminal = Terminal.of(chosen())
    match scene:
        case Told(text):
            terminal.write(told_text(text, terminal.data))
        case Edited(diff):
            terminal.write(diff_text(diff, terminal.data))
        case Planned(plan, workspace):
            write_plan_as("text", plan, workspace, terminal)
        case Applied(run):
            terminal.write(applied_text(run, terminal.data))
        case Looked(client, current, workspace):
            terminal.write(client_text(client, current, glossary_of(workspace.catalog), terminal.data))
