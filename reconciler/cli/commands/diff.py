"""`diff`: what the files change since another commit, without a platform."""

from __future__ import annotations

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import config_of, workspace_of
from reconciler.cli.options import all_option, chosen, offering, option
from reconciler.cli.output import PLAN_FORMATS, write_plan_as
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal


@click.command("diff")
@offering(*PLAN_FORMATS)
@option("--against", required=True, metavar="REF", help="The commit, branch or tag to compare with.")
@option("--exact", is_flag=True, help="Compare with REF itself, not with where this branch left it.")
@all_option()
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 where anything differs.")
@option("--show-emails", is_flag=True, help="Show e-mail addresses in full; else all but the first letter.")
def diff_command(against: str, *, exact: bool, detailed_exitcode: bool, show_emails: bool) -> int:
    """Show what the files change since another commit.

    They are compared with the newest commit that REF and what is checked out have in common, so that what
    others did on REF since is not shown as this branch's doing.

    Neither a platform nor a secret is needed, so that it works for pull requests from forks; which clients
    are touched is therefore unknown, and the result cannot be applied.
    """
    from reconciler.engine.diff import Since, diff

    choices = chosen()
    terminal = Terminal.of(choices)
    workspace = workspace_of(choices).required()
    since = Since(against, is_exact=exact)
    made = diff(workspace, config_of(choices), since, now(), show_emails=show_emails)
    write_plan_as(choices.format, made, workspace, terminal)
    return CHANGES if detailed_exitcode and not made.is_empty else DONE
