"""Show a plan, ask, apply it and say what became of it: for every command that ends in an apply."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.exit_codes import BLOCKED, DONE
from reconciler.cli.options import chosen, option
from reconciler.cli.output import Telling, for_readers, plan_message, write_plan_as
from reconciler.cli.parameters import OutputFile
from reconciler.cli.process import actor as present_actor
from reconciler.cli.progress import working
from reconciler.cli.streams import OutputClosedError, is_standard_output
from reconciler.cli.terminal import Terminal, interruption_says, require_yes
from reconciler.cli.verbose import tell_plan
from reconciler.errors import ReconcilerError, WrongUsageError
from reconciler.model.english import counted
from reconciler.model.events import Author
from reconciler.model.forms import ACTOR
from reconciler.model.secrets import without_secrets
from reconciler.planning.events import seal_of
from reconciler.render.json import run_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.cli.options import Decorator
    from reconciler.engine.apply import ApplyRequest, Bound
    from reconciler.engine.plan import Prepared
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.plans import Aim, GuardResult, Plan
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


def reason_option() -> Decorator:
    """Declare `--reason`."""
    return option("--reason", default="", metavar="TEXT", help="Why, for the event that records it.")


def author(name: str | None, reason: str = "") -> Author:
    """Return who does something by hand, and why."""
    return Author(name or present_actor(), reason=reason)


def _line_of_an_actor(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (fault := ACTOR.fault(value)):
        raise click.BadParameter(f"{fault}.")
    return value


def out_option() -> Decorator:
    """Declare `--out`."""
    return option(
        "-o",
        "--out",
        type=OutputFile(),
        help="Save the plan to this file; - is standard output.",
    )


def require_one(out: Path | None, *, yes: bool) -> None:
    """Refuse `--out` beside `--yes`; raises WrongUsageError."""
    if out is not None and yes:
        raise WrongUsageError(
            "--out saves a plan, --yes applies it at once: nothing was done.",
            hint="Give one of them; RECONCILER_OUT and RECONCILER_YES count as well.",
        )


def next_step(
    plan: Plan, out: Path | None, allow: Sequence[str], *, no_clients: bool = False, reason: str = ""
) -> str:
    """Say how a plan is applied, with the options and waivers that this needs; or why it is not.

    With --quiet only why it is not.
    """
    if chosen().quiet and not plan.blocked:
        return ""
    saved = without_secrets(f"Saved to {out}. ") if out is not None else ""
    if plan.blocked:
        return f"{saved}Nothing of this is applied while a guard blocks it."
    if plan.is_empty:
        return saved
    words = ["apply", *(() if out is None else (str(out),)), *_with_reason(reason)]
    step = _spelled(words, _helping(plan, allow), is_saved=out is not None, no_clients=no_clients)
    return f"{saved}Next: {step}"


def _helping(plan: Plan, allow: Sequence[str]) -> list[str]:
    """Return the waivers by which a guard let something pass."""
    used = {f"{each.id}:{each.key}" for each in plan.guards if each.result == "allowed"}
    return [each for each in allow if each in used]


def _with_reason(reason: str) -> tuple[str, ...]:
    return ("--reason", reason) if reason else ()


def _spelled(
    words: Sequence[str], allow: Sequence[str], *, is_saved: bool = False, no_clients: bool = False
) -> str:
    """Spell a command as it is to be typed here; a saved plan knows its environment."""
    choices = chosen()
    beside = [word for waiver in allow for word in ("--allow", waiver)]
    if choices.config is not None:
        beside += ["--config", str(choices.config)]
    if choices.environment is not None and not is_saved:
        beside += ["--environment", choices.environment]
    if no_clients:
        beside.append("--no-clients")
    return without_secrets(shlex.join(["reconciler", *words, *beside]))


class Applying(Struct, frozen=True):
    """What a command applies, to what and how.

    Attributes:
        yes: Apply without asking.
        typed: The command's words, to be typed again.
    """

    workspace: Workspace
    environment: Environment
    platform: Platform
    request: ApplyRequest
    yes: bool
    typed: tuple[str, ...]

    def planned(self, aim: Aim, out: Path | None = None) -> int:
        """Make a plan, show it, and save it, or ask and apply it; return the exit code."""
        from reconciler.engine.plan import PlanRequest, prepare

        request = self.request
        asked = PlanRequest(
            request.at, request.allow, aim=aim, earlier=request.earlier, is_applied=out is None
        )
        with interruption_says("Nothing was applied."):
            with working("Comparing", Terminal.of(chosen())):
                prepared = prepare(self.workspace, self.environment, self.platform, asked)
            made = tell_plan(prepared.plan)
            if out is not None:
                return self._saved(made, out)
            with _whatever_fails_says("Nothing was applied."):
                self._show(made)
            is_idle = made.is_empty and not made.blocked
            if not is_idle:
                self._agree(made)
            bound = self._bound(made, prepared)
        return self._noted(bound) if is_idle else self._carried_out(bound)

    def reviewed(self, plan: Plan) -> int:
        """Make a saved plan again, show and apply it, unless that was done; return the exit code."""
        from reconciler.engine.binding import run_of
        from reconciler.render.text.runs import already_text

        if run := run_of(plan, self.platform):
            with _whatever_fails_says(f"All the same {_as_run(run)}."):
                self._told(run, already_text(run, Terminal.of(chosen()).data))
            return DONE
        with interruption_says("Nothing was applied."):
            bound = self._bound(plan)
        with _whatever_fails_says("Nothing was applied."):
            self._show(tell_plan(bound.now.plan), is_saved=True)
        return self._noted(bound) if bound.now.plan.is_empty else self._carried_out(bound)

    def _noted(self, bound: Bound) -> int:
        """Record the commit that the platform is as it wants: environments that come after ask for it."""
        from reconciler.engine.promotion import is_yet_to_record
        from reconciler.model.plans import FilesApplied

        aim, commit = bound.reviewed.aim, bound.now.plan.config.commit
        name, is_of_files = self.environment.name, isinstance(aim, FilesApplied)
        if commit and is_of_files and is_yet_to_record(name, self.platform, commit):
            run = self._applied(bound)
            Terminal.of(chosen()).say(f"Recorded the commit {commit[:12]} as run {run.id}.\n")
        return DONE

    def _bound(self, plan: Plan, prepared: Prepared | None = None) -> Bound:
        """Make the plan again, but where nobody was asked since: what moves meanwhile, the platform finds."""
        from reconciler.engine.apply import Bound, bound

        if self.yes and prepared is not None:
            return Bound(self.workspace, self.environment, plan, prepared)
        with working("Comparing", Terminal.of(chosen())):
            return bound(self.workspace, self.environment, plan, self.platform, self.request)

    def _saved(self, made: Plan, out: Path) -> int:
        from reconciler.model.plans import names_clients
        from reconciler.sources.plan_file import plan_bytes, write_plan

        saved = made.without_clients() if self._no_clients else made
        if self._no_clients and names_clients(made.aim):
            raise WrongUsageError(
                "A plan that moves named clients names them, and no client is to be named in a file.",
                hint="Apply it from here, or name no clients but --all.",
            )
        terminal = Terminal.of(chosen())
        asked = self.request
        step = next_step(made, out, asked.allow, no_clients=asked.no_clients, reason=asked.reason)
        if is_standard_output(out):
            terminal.write_json(plan_bytes(saved).decode())
            self._say(made, next_step(made, None, ()) if made.blocked else "")
        else:
            write_plan(out, saved)
            self._show(made, step=step)
        return BLOCKED if made.blocked else DONE

    def _agree(self, made: Plan) -> None:
        """Ask, after all that needs no answer was checked; raises BlockedError, WrongUsageError or Abort."""
        from reconciler.engine.apply import held_back

        held_back(made, self.request)
        if self.yes:
            return
        if not Terminal.of(chosen()).can_ask:
            words = [*self.typed, *_with_reason(self.request.reason), "--yes"]
            allow = _helping(made, self.request.allow)
            again = _spelled(words, allow, no_clients=self.request.no_clients)
            raise WrongUsageError(
                "There is no terminal to ask on; nothing was applied.", hint=f"To apply it: {again}"
            )
        require_yes(f"Apply this to {self.environment.name}?", "Nothing was applied.")

    def _carried_out(self, bound: Bound) -> int:
        from reconciler.engine.apply import held_back

        left_out = held_back(bound.now.plan, self.request)
        with working(_amount(bound.now.plan), Terminal.of(chosen())):
            run = self._applied(bound)
        self._report(run, left_out)
        self._say_what_waits(run, bound)
        return BLOCKED if left_out else DONE

    def _applied(self, bound: Bound) -> Run:
        """Apply; whoever interrupts that is told whether it was done."""
        try:
            return bound.applied(self.platform, self.request)
        except KeyboardInterrupt:
            raise click.Abort(self._outcome(bound.reviewed.hash)) from None

    def _outcome(self, plan_hash: str) -> str:
        try:
            run = self.platform.run_of_plan(plan_hash)
        except ReconcilerError:
            return "Interrupted. `reconciler history` says whether it was applied."
        if run:
            return f"Interrupted, and {_as_run(run)}."
        if self.platform.identity().capabilities.change_sets:
            return "Interrupted. Nothing was applied."
        return "Interrupted. No package was changed as a whole; `reconciler plan` has what is left."

    def _report(self, run: Run, left_out: Sequence[GuardResult]) -> None:
        """Say what was done."""
        from reconciler.render.text.runs import applied_text, held_back_text

        terminal = Terminal.of(chosen())
        with _whatever_fails_says(f"All the same {_as_run(run)}."):
            self._told(run, applied_text(run, terminal.data))
            if chosen().format != "json":
                terminal.say(f"Seal: {seal_of(run.id, run.seal)}\n")
        if left_out:
            terminal.complain(held_back_text(left_out, terminal.messages))

    def _told(self, run: Run, text: str) -> None:
        if chosen().format == "json":
            Terminal.of(chosen()).write_json(run_json(run))
        else:
            Terminal.of(chosen()).write(text)

    def _say_what_waits(self, run: Run, bound: Bound) -> None:
        """Name the guards that a server did not loosen, since the token may not."""
        from reconciler.render.text.runs import not_loosened_text

        done = {each["guard"] for each in run.guards}
        waiting = [each.guard for each in bound.now.plan.loosened if each.guard not in done]
        terminal = Terminal.of(chosen())
        if waiting:
            terminal.complain(not_loosened_text(waiting, terminal.messages))

    def _show(self, plan: Plan, *, is_saved: bool = False, step: str = "") -> None:
        """Print the plan: to standard error where JSON is wanted, which is the run alone.

        With --quiet it is shown only to who is asked about it.
        """
        from reconciler.model.plans import FilesApplied
        from reconciler.render.text.runs import idle_text

        terminal, is_json = Terminal.of(chosen()), chosen().format == "json"
        told = for_readers(plan, "text", terminal.rows, no_clients=self._no_clients)
        is_idle = plan.is_empty and not plan.blocked
        if terminal.is_quiet and not is_idle and (is_saved or self.yes):
            return
        if is_idle and (is_saved or not isinstance(plan.aim, FilesApplied)):
            write = terminal.say if is_json else terminal.write
            write(idle_text(told, terminal.messages))
        elif is_json:
            self._say(plan, step)
        else:
            write_plan_as("text", told, self.workspace, terminal, Telling(next_step=step))

    def _say(self, plan: Plan, step: str) -> None:
        terminal = Terminal.of(chosen())
        told = for_readers(plan, "text", terminal.messages, no_clients=self._no_clients)
        terminal.say(plan_message(told, terminal, next_step=step))

    @property
    def _no_clients(self) -> bool:
        return self.request.no_clients or not self.environment.show_clients


@contextmanager
def _whatever_fails_says(outcome: str) -> Iterator[None]:
    """Have an output that cannot be written, or an interruption, tell what became of the plan."""
    try:
        with interruption_says(outcome):
            yield
    except OutputClosedError:
        Terminal.of(chosen()).complain(f"{outcome}\n")
        raise
    except ReconcilerError as error:
        raise ReconcilerError(f"{error.message} {outcome}", hint=error.hint) from error


def _amount(plan: Plan) -> str:
    moved = sum(change.reassignment.clients for change in plan.changes if change.reassignment)
    return f"Applying {counted(len(plan.changes), 'change')}, {counted(moved, 'client')} move"


def _as_run(run: Run) -> str:
    return f"it was applied {'in part ' if run.unfinished else ''}as run {run.id}"
