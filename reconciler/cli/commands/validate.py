"""`validate`: check all files, and name everything that is wrong with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import DONE, INVALID
from reconciler.cli.opening import config_of, workspace_of
from reconciler.cli.options import chosen, offering, option
from reconciler.cli.output import FINDINGS_FORMATS, findings_as
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.english import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.options import Choices
    from reconciler.engine.check import Checked
    from reconciler.model.findings import Finding


@click.command("validate")
@offering(*FINDINGS_FORMATS)
@option("--strict", is_flag=True, help="Let warnings fail as well.")
@option("--no-cache", is_flag=True, help="Read every file again, whatever was found valid before.")
@option("--fix", is_flag=True, help="First repair what can be repaired safely, and name the files on stderr.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def validate_command(paths: tuple[Path, ...], *, strict: bool, no_cache: bool, fix: bool) -> int:
    """Check all files and name everything wrong.

    All files are always checked, since they speak of each other; PATHS choose whose findings are printed.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    config = config_of(choices)
    if fix:
        _repair(choices, terminal)
    checked = _checked(config, choices, cache=not no_cache)
    findings = _of(paths, config.absolute().parent, checked.findings)
    if choices.format == "json":
        from reconciler.render.json import findings_json

        terminal.write_json(findings_json(findings))
    elif choices.format in FINDINGS_FORMATS:
        terminal.write_as(choices.format, findings_as(choices.format, findings))
    elif findings:
        from reconciler.render.text.findings import findings_text

        terminal.write(findings_text(findings, terminal.rows))
    else:
        terminal.say(f"{counted(checked.packages, 'package')} checked: all valid.\n")
    has_failed = any(strict or finding.severity == "error" for finding in findings)
    return INVALID if has_failed else DONE


def _checked(config: Path, choices: Choices, *, cache: bool) -> Checked:
    from reconciler.engine.check import Checked, check

    if choices.verbose or not cache:
        return Checked.of(workspace_of(choices, cache=cache))
    return check(config, now().date(), partial(workspace_of, choices))


def _repair(choices: Choices, terminal: Terminal) -> None:
    from reconciler.engine.validate import repairs
    from reconciler.sources.edits import write_edits

    workspace = workspace_of(choices, cache=False)
    edits = repairs(workspace, now().date())
    write_edits(workspace.root, edits)
    terminal.say("".join(f"repaired {edit.file}\n" for edit in edits))


def _of(paths: Sequence[Path], root: Path, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if not paths:
        return findings
    wanted = [_inside(path, root) for path in paths]
    return tuple(
        finding for finding in findings if any(Path(finding.file).is_relative_to(path) for path in wanted)
    )


def _inside(path: Path, root: Path) -> Path:
    try:
        return path.resolve().relative_to(root.resolve())
    except ValueError as error:
        raise WrongUsageError(
            f"{path} is not in {root}, where the configuration is.", hint="Name another with --config."
        ) from error
