"""`apply`: make the platform what the files say, or exactly what a saved plan says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import BLOCKED, DONE
from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.parameters import allow_option
from reconciler.cli.plan_output import glossary_of, write_plan_as
from reconciler.cli.progress import working
from reconciler.cli.surroundings import actor as present_actor
from reconciler.cli.surroundings import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import BlockedError, WrongUsageError
from reconciler.render.json.run import run_json
from reconciler.render.text.outcome import held_back_text
from reconciler.render.text.phrases import counted, verb
from reconciler.render.text.plan import plan_text
from reconciler.render.text.runs import applied_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.options import Choices
    from reconciler.engine.apply import ApplyRequest
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.workspace import Workspace


@click.command("apply")
@global_options
@option("-y", "--yes", is_flag=True, help="Apply without asking.")
@allow_option()
@option("--skip-blocked", is_flag=True, help="Apply the rest where guards block some packages; exits with 4.")
@option("--actor", help="Who applies, for the history; by default user@host.")
@click.argument("planfile", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def apply_command(
    planfile: Path | None, actor: str | None, allow: tuple[str, ...], *, yes: bool, skip_blocked: bool
) -> int:
    """Make the platform what the files say.

    Without PLANFILE it plans, shows the plan and asks. With it, exactly that plan is applied, once, and only
    where nothing that it speaks of has moved since.
    """
    from reconciler.engine.apply import ApplyRequest, apply
    from reconciler.engine.plan import environment_of
    from reconciler.sources.plan_file import read_plan

    choices = chosen()
    terminal = Terminal.of(choices)
    if not yes and not terminal.can_ask:
        raise WrongUsageError("There is no terminal to ask on.", hint="Give --yes to apply without asking.")
    workspace = workspace_of(choices).required()
    reviewed = read_plan(planfile) if planfile is not None else None
    name = choices.environment or (reviewed.environment if reviewed is not None else None)
    environment = environment_of(workspace, name)
    request = ApplyRequest(at=now(), actor=actor or present_actor(), allow=allow, skip_blocked=skip_blocked)
    with opened(workspace, environment) as platform:
        made = reviewed or _planned(workspace, environment, platform, request)
        _show(made, workspace, choices)
        if made.is_empty and not made.blocked:
            return DONE
        held_back = _held_back(made, request)
        if not yes:
            click.confirm(f"Apply this to {environment.name}?", abort=True, err=True)
        with working("Applying", terminal):
            run = apply(workspace, environment, made, platform, request)
    _report(run, held_back, choices)
    return BLOCKED if held_back else DONE


def _planned(
    workspace: Workspace, environment: Environment, platform: Platform, request: ApplyRequest
) -> Plan:
    from reconciler.engine.plan import PlanRequest, plan

    with working("Comparing", Terminal.of(chosen())):
        return plan(workspace, environment, platform, PlanRequest(at=request.at, allow=request.allow))


def _show(plan: Plan, workspace: Workspace, choices: Choices) -> None:
    """Print what is about to be applied: to standard error where JSON is wanted, which is the run alone."""
    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.say(plan_text(plan, glossary_of(workspace), terminal.messages))
    else:
        write_plan_as("text", plan, workspace, terminal)


def _held_back(plan: Plan, request: ApplyRequest) -> tuple[GuardResult, ...]:
    """Return the guards whose packages are left out; raises BlockedError where none may be."""
    blocking = tuple(
        guard
        for guard in plan.guards
        if guard.result == "blocked" and f"{guard.id}:{guard.key}" not in request.allow
    )
    if blocking and not request.skip_blocked:
        raise BlockedError(
            f"{counted(len(blocking), 'guard result')} {verb(len(blocking), 'blocks', 'block')} this plan; "
            "nothing was applied.",
            hint="The plan says the way past each; --skip-blocked applies the packages that are not blocked.",
        )
    return blocking


def _report(run: Run, held_back: Sequence[GuardResult], choices: Choices) -> None:
    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json(run_json(run))
    else:
        terminal.write(applied_text(run, terminal.data))
    if held_back:
        terminal.complain(held_back_text(held_back, terminal.messages))
