"""One way to show edits of files and to write them, for every command that makes some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import CHANGES, DONE, INVALID
from reconciler.cli.options import chosen
from reconciler.cli.terminal import Terminal
from reconciler.render.json import edits_json
from reconciler.render.story.words import counted
from reconciler.render.text.edits import diff_lines, edit_lines
from reconciler.render.text.findings import findings_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.model.edits import FileEdit
    from reconciler.model.findings import Finding


def settle(
    root: Path, edits: Sequence[FileEdit], findings: Sequence[Finding], *, check: bool, diff: bool
) -> int:
    """Print the edits, write them unless `check` or `diff` only asks, and return the exit code.

    Findings fail; else `check` exits with 2 where something would be written.
    """
    from reconciler.sources.edits import write_edits

    choices = chosen()
    terminal = Terminal.of(choices)
    is_asked_only = check or diff
    if not is_asked_only:
        write_edits(root, edits)
    if choices.format == "json":
        terminal.write_json(edits_json(edits, findings))
    else:
        terminal.write_lines((diff_lines if diff else edit_lines)(edits, terminal.rows))
        if findings:
            terminal.complain(findings_text(findings, terminal.messages))
        done = "would be written" if is_asked_only else "written"
        terminal.say(f"{counted(len(edits), 'file')} {done}.\n" if edits else "Nothing to write.\n")
    if any(finding.severity == "error" for finding in findings):
        return INVALID
    return CHANGES if check and edits else DONE
