"""The program: from arguments to an exit code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from reconciler import __version__
from reconciler.cli.exit_codes import CLOSED_PIPE, DONE, INTERRUPTED, WRONG_USAGE
from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import ALL_FORMATS, Choices, offering
from reconciler.cli.streams import OutputClosedError, columns, disarm_tracebacks, leave_output, soften_streams
from reconciler.errors import ReconcilerError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE: Final = "reconciler.cli.commands"
COMMANDS: Final = {
    "init": Listed(f"{_HERE}.init:init_command", "Make a folder a repository of packages."),
    "validate": Listed(f"{_HERE}.validate:validate_command", "Check all files and name everything wrong."),
    "plan": Listed(f"{_HERE}.plan:plan_command", "Show what would change and which clients it touches."),
    "diff": Listed(f"{_HERE}.diff:diff_command", "Show what the files change since another commit."),
    "apply": Listed(f"{_HERE}.apply:apply_command", "Make the platform what the files say."),
    "show": Listed(f"{_HERE}.show:show_command", "Print a saved plan."),
    "drift": Listed(f"{_HERE}.drift:drift_command", "Say what differs, and which side changed it."),
    "packages": Listed(
        f"{_HERE}.packages:packages_group", "See the platform's packages, and who changed them."
    ),
    "clients": Listed(
        f"{_HERE}.clients:clients_group",
        "See, add, import, assign and reassign clients, and grant them more.",
    ),
    "explain": Listed(
        f"{_HERE}.explain:explain_command",
        "Explain one client, or a rule, guard, code of a change or exit code.",
    ),
    "notes": Listed(
        f"{_HERE}.notes:notes_command", "Write what each touched client could be told about a plan."
    ),
    "history": Listed(
        f"{_HERE}.history:history_command",
        "List the runs, or show one.",
    ),
    "events": Listed(
        f"{_HERE}.events:events_group",
        "Say what was written by hand, by imports and by runs, by whom and why.",
    ),
    "fmt": Listed(f"{_HERE}.fmt:fmt_command", "Put all files into their canonical layout."),
    "pull": Listed(f"{_HERE}.pull:pull_command", "Write live packages and the live catalog into the files."),
    "import": Listed(f"{_HERE}.import_from:import_command", "Bring catalog and packages in from FILE."),
    "rollback": Listed(
        f"{_HERE}.rollback:rollback_command", "Plan back to before a run, or to before what a hand did."
    ),
    "serve": Listed(f"{_HERE}.serve:serve_command", "Serve the platform over HTTP until interrupted."),
    "platform": Listed(
        f"{_HERE}.platform:platform_group",
        "Create or migrate a platform's tables; move it to another database; check it; tell copies apart.",
    ),
    "tokens": Listed(f"{_HERE}.tokens:tokens_group", "Make, list and end the tokens that `serve` lets in."),
    "compare": Listed(f"{_HERE}.compare:compare_command", "Print the table of packages and what they grant."),
    "watch": Listed(f"{_HERE}.watch:watch_command", "Keep the platform true to a branch."),
    "schema": Listed(f"{_HERE}.schema:schema_command", "Print or write the JSON Schemas of the files."),
    "reference": Listed(f"{_HERE}.reference:reference_command", "Write the reference documentation."),
    "help": Listed(f"{_HERE}.help:help_command", "Say what a command does and takes."),
    "demo": Listed(f"{_HERE}.demo:demo_command", "Show the whole story on a platform that is thrown away."),
}
_WIDTH_OF_HELP: Final = (50, 100)
_PLUGINS_OF_PYDANTIC: Final = "PYDANTIC_DISABLE_PLUGINS", "__all__"
"""Looking for some reads about every package that is installed, which takes 10 ms."""
_COMPLETES: Final = "_RECONCILER_COMPLETE"
_EPILOG: Final = """
\b
Exit codes: 0 done, 2 changes (with --detailed-exitcode), 3 invalid files,
4 blocked by a guard, 5 stale, 7 platform out of reach, 64 wrong usage.

\b
Shell completion:
  eval "$(_RECONCILER_COMPLETE=bash_source reconciler)"
with zsh_source or fish_source for those shells.
"""


@click.group(
    cls=LazyGroup,
    listed=COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH_OF_HELP[1]},
)
@click.version_option(__version__, "-V", "--version", prog_name="reconciler", message="%(prog)s %(version)s")
@offering(*ALL_FORMATS)
def commands() -> None:
    """Packages as code: change what clients are sold by editing files, and see whom it touches first."""


def run() -> NoReturn:
    """Run with the process's arguments and end the process."""
    disarm_tracebacks()
    os.environ.setdefault(*_PLUGINS_OF_PYDANTIC)
    code = main(sys.argv[1:])
    gc.freeze()  # what is left ends with the process: looking for cycles in it takes 10 ms
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; what nobody expected keeps its traceback."""
    soften_streams()
    try:
        return _ended(arguments)
    except OutputClosedError:
        leave_output()
        return CLOSED_PIPE


def _ended(arguments: Sequence[str]) -> int:
    values: dict[str, Any] = {}
    if _COMPLETES in os.environ:
        import_module("reconciler.cli.completion").register()
    try:
        result = commands.main(
            list(arguments), "reconciler", standalone_mode=False, obj=values, terminal_width=_width_of_help()
        )
        return result if isinstance(result, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except click.ClickException as error:
        return _failed(_wrong_usage(error), Choices(**values))
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo(f"\n{str(error) or 'Interrupted.'}", err=True)
        return INTERRUPTED
    except ReconcilerError as error:
        return _failed(error, Choices(**values))


def _width_of_help() -> int:
    narrowest, widest = _WIDTH_OF_HELP
    return max(narrowest, min(columns(80), widest) - 2)


def _failed(error: ReconcilerError, choices: Choices) -> int:
    from reconciler.cli.terminal import Terminal
    from reconciler.render.text.failure import failure_text

    terminal = Terminal.of(choices)
    terminal.complain(failure_text(error, terminal.messages))
    return error.exit_code


def _wrong_usage(error: click.ClickException) -> WrongUsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "reconciler"
    message = " ".join(error.format_message().split())  # click lists what can be chosen in lines with tabs
    return WrongUsageError(message, hint=f"`{path} --help` says what can be given.")
