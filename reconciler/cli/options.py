"""Options with an environment variable each, and those that every command takes."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.cli.token_hosts import TokenHost

Decorator: TypeAlias = "Callable[[Callable[..., Any]], Callable[..., Any]]"
Format: TypeAlias = Literal[
    "text", "json", "markdown", "html", "github", "sarif", "junit", "gitlab", "gitlab-widget", "csv"
]

_FORMATS: Final = get_args(Format)
ALL_FORMATS: Final = _FORMATS[2:]
"""Those that only some commands have."""
_TYPED_FORMAT: Final = "reconciler.cli.format"
_ALL: Final = "reconciler.cli.all"
_EVERYWHERE: Final[tuple[Format, ...]] = ("text", "json")


class Choices(NamedTuple):
    """What the options say that every command takes. No dataclass: `--help` would pay for importing those."""

    config: Path | None = None
    environment: str | None = None
    format: Format = "text"
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False
    token_hosts: tuple[tuple[TokenHost, ...], ...] = ()


class _Option(click.Option):
    """Names its variable in an error about its value, but not where it was typed."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        is_typed = ctx and ctx.get_parameter_source(self.name or "") is ParameterSource.COMMANDLINE
        return click.Parameter.get_error_hint(self, ctx) if is_typed else super().get_error_hint(ctx)


def option(*names: str, of: str = "", **attributes: Any) -> Decorator:
    """Declare an option that `RECONCILER_` and its long name, in capitals, sets as well.

    `of` stands before the name in the variable, where another command means something else by it.
    """
    long = max((name for name in names if name.startswith("-")), key=len).lstrip("-")
    variable = "_".join(part for part in ("RECONCILER", of, long) if part).upper().replace("-", "_")
    return click.option(*names, cls=_Option, envvar=variable, show_envvar=True, **attributes)


def completed_by(name: str) -> Callable[..., list[Any]]:
    """Return the completer of that name in `completion`, which is imported where a shell asks."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[Any]:
        completer = getattr(import_module("reconciler.cli.completion"), name)
        return list(completer(context, parameter, typed))

    return complete


def global_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options that stand before or after the command's name; the later one counts."""
    return offering()(command)


def offering(*beside: str) -> Decorator:
    """Declare the same of a command that has these formats beside text and JSON."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        form = _global("--format", type=_Formats((*_EVERYWHERE, *beside)), help="How results are printed.")
        for each in reversed((*_GLOBAL[:2], form, *_GLOBAL[2:])):
            command = each(command)
        return command

    return decorate


class _Formats(click.Choice[str]):
    """The formats of a command; others are taken too, since one may be set for all commands."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value in _FORMATS else super().convert(value, param, ctx)


def all_option() -> Decorator:
    """Declare `--all`, as every command that shows a plan takes it; `most_told` says what was chosen."""

    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        context.meta[_ALL] = value

    shown = "Show each package of a plan; else the worst 100, and the rest summed up."
    return option("--all", is_flag=True, expose_value=False, callback=remember, help=shown)


def most_told() -> int | None:
    """Return how many packages of a plan people are told one by one; None: all."""
    from reconciler.render.story.story import MOST_TOLD

    return None if click.get_current_context().meta.get(_ALL) else MOST_TOLD


def chosen() -> Choices:
    """Return what was chosen for the running command.

    A format that the command does not have is wrong usage where it was typed; `RECONCILER_FORMAT` counts only
    where it has it.
    """
    context = click.get_current_context()
    choices = Choices(**context.ensure_object(dict))
    offered = next(each.type.choices for each in context.command.params if isinstance(each.type, _Formats))
    if choices.format in offered:
        return choices
    if context.meta.get(_TYPED_FORMAT):
        message = f"`{context.command_path}` has no format {choices.format}, only {', '.join(offered)}."
        raise click.UsageError(message, context)
    return choices._replace(format="text")


def named_hosts() -> tuple[TokenHost, ...]:
    """Return what was said, for the running command, about where secrets may go."""
    choices = Choices(**click.get_current_context().ensure_object(dict))
    return tuple(chain.from_iterable(choices.token_hosts))


def folder_from_here() -> str:
    """Return the folder of the configuration that was named, seen from here, ending in a slash.

    It is empty for a configuration here or above, and where none was named: build servers run at the top of a
    repository and want paths from there.
    """
    context = click.get_current_context(silent=True)
    config = context.ensure_object(dict).get("config") if context is not None else None
    folder = os.path.relpath(config.parent) if config is not None else "."
    return "" if folder == "." or folder.startswith("..") else f"{folder}/"


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep the value; after the command's name only what is really written there counts."""
    name = str(parameter.name)
    values = context.ensure_object(dict)
    is_typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    if name == "format" and is_typed:
        context.meta[_TYPED_FORMAT] = True
    if value is not None and (name not in values or is_typed):
        values[name] = value


class _ConfigFile(click.Path):
    """A file that is there. `--help` would pay for importing paths."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from pathlib import Path

        return Path(os.fsdecode(super().convert(value, param, ctx)))


def _token_hosts(text: str) -> tuple[TokenHost, ...]:
    from reconciler.cli.token_hosts import token_hosts

    return token_hosts(text)


def _global(*names: str, **attributes: Any) -> Decorator:
    return option(*names, callback=_remember, expose_value=False, **attributes)


_GLOBAL: Final = (
    _global(
        "-c",
        "--config",
        type=_ConfigFile(),
        help="The configuration; by default reconciler.yaml here or in a folder above.",
    ),
    _global(
        "-e",
        "--environment",
        metavar="NAME",
        shell_complete=completed_by("environments"),
        help="Which platform; by default `default_environment`.",
    ),
    _global("--no-color", is_flag=True, help="Never print colours. NO_COLOR and FORCE_COLOR count too."),
    _global("-q", "--quiet", is_flag=True, help="Print results and errors only."),
    _global("-v", "--verbose", is_flag=True, help="Tell on standard error what is read, asked and decided."),
    _global(
        "--token-host",
        "--token-hosts",
        "token_hosts",
        type=_token_hosts,
        multiple=True,
        metavar="VARIABLE=HOST",
        help="A host that the secret in a variable may be sent to; may be repeated.",
    ),
)
