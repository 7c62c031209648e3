"""Show a plan, ask, apply it and say what became of it: for every command that ends in an apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import BLOCKED, DONE
from reconciler.cli.options import Choices, chosen, option
from reconciler.cli.output import for_readers, write_plan_as
from reconciler.cli.progress import working
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.forms import ACTOR
from reconciler.render.json import run_json
from reconciler.render.text.runs import applied_text, held_back_text, idle_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.options import Decorator
    from reconciler.engine.apply import ApplyRequest
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace


def yes_option() -> Decorator:
    """Declare `--yes`."""
    return option("-y", "--yes", is_flag=True, help="Apply without asking.")


def actor_option() -> Decorator:
    """Declare `--actor`."""
    return option(
        "--actor", callback=_line_of_an_actor, help="Who applies, for the history; by default user@host."
    )


def _line_of_an_actor(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (fault := ACTOR.fault(value)):
        raise click.BadParameter(f"{fault}.")
    return value


def check_can_ask(*, yes: bool) -> None:
    """Refuse, before any work, to go on where nobody could answer."""
    if not yes and not Terminal.of(chosen()).can_ask:
        raise WrongUsageError("There is no terminal to ask on.", hint="Give --yes to apply without asking.")


def planned(
    workspace: Workspace, environment: Environment, platform: Platform, request: ApplyRequest
) -> Plan:
    """Make the plan that the request aims at."""
    from reconciler.engine.plan import PlanRequest, plan

    asked = PlanRequest(at=request.at, allow=request.allow, aim=request.aim)
    with working("Comparing", Terminal.of(chosen())):
        return plan(workspace, environment, platform, asked)


def carry_out(  # noqa: PLR0913 - what is applied, to what, how, and whether to ask
    workspace: Workspace,
    environment: Environment,
    platform: Platform,
    plan: Plan,
    request: ApplyRequest,
    *,
    yes: bool,
) -> int:
    """Show the plan, ask unless `yes`, apply, report; return the exit code."""
    from reconciler.engine.aims import FilesApplied
    from reconciler.engine.apply import apply, held_back

    choices = chosen()
    terminal = Terminal.of(choices)
    is_idle = plan.is_empty and not plan.blocked
    paper = terminal.messages if choices.format == "json" else terminal.rows
    no_clients = request.no_clients or not environment.show_clients
    told = for_readers(plan, "text", paper, no_clients=no_clients)
    if is_idle and not isinstance(request.aim, FilesApplied):
        write = terminal.say if choices.format == "json" else terminal.write
        write(idle_text(told, terminal.messages))
        return DONE
    _show(told, workspace, choices)
    if is_idle:
        return DONE
    left_out = held_back(plan, request)
    if not yes:
        click.confirm(f"Apply this to {environment.name}?", abort=True, err=True)
    with working("Applying", Terminal.of(choices)):
        run = apply(workspace, environment, plan, platform, request)
    _report(run, left_out, choices)
    return BLOCKED if left_out else DONE


def _show(plan: Plan, workspace: Workspace, choices: Choices) -> None:
    """Print what is about to be applied: to standard error where JSON is wanted, which is the run alone."""
    from reconciler.render.story.blockers import Audience
    from reconciler.render.story.story import story
    from reconciler.render.text.plan import plan_text

    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.say(plan_text(story(plan, Audience.TERMINAL), terminal.messages))
    else:
        write_plan_as("text", plan, workspace, terminal)


def _report(run: Run, left_out: Sequence[GuardResult], choices: Choices) -> None:
    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json(run_json(run))
    else:
        terminal.write(applied_text(run, terminal.data))
    if left_out:
        terminal.complain(held_back_text(left_out, terminal.messages))
