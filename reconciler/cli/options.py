"""Options with an environment variable each, and those that every command takes."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, get_args

import click
from click.core import ParameterSource

from reconciler.cli.token_hosts import TokenHost, token_hosts

if TYPE_CHECKING:
    from collections.abc import Callable

Decorator: TypeAlias = "Callable[[Callable[..., Any]], Callable[..., Any]]"
Format: TypeAlias = Literal[
    "text", "json", "markdown", "html", "github", "sarif", "junit", "gitlab", "gitlab-widget", "csv"
]

_FORMATS: Final = get_args(Format)
_EVERYWHERE: Final[tuple[Format, ...]] = ("text", "json")


class Choices(NamedTuple):
    """What the options say that every command takes. No dataclass: `--help` would pay for importing those."""

    config: Path | None = None
    environment: str | None = None
    format: Format = "text"
    no_color: bool = False
    quiet: bool = False
    token_hosts: tuple[tuple[TokenHost, ...], ...] = ()


def option(*names: str, **attributes: Any) -> Decorator:
    """Declare an option that `RECONCILER_` and its long name, in capitals, sets as well."""
    long = max(names, key=len).lstrip("-")
    variable = "RECONCILER_" + long.upper().replace("-", "_")
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


def global_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the options that stand before or after the command's name; the later one counts."""
    for decorate in reversed(_GLOBAL):
        command = decorate(command)
    return command


def chosen(*beside: str) -> Choices:
    """Return what was chosen for the running command.

    `beside` names the formats that it has beside text and JSON; any other is wrong usage.
    """
    context = click.get_current_context()
    choices = Choices(**context.ensure_object(dict))
    formats = (*_EVERYWHERE, *beside)
    if choices.format not in formats:
        raise click.UsageError(f"It has no format {choices.format}, only {', '.join(formats)}.", context)
    return choices


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
    if name not in values or context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
        values[name] = value


def _global(*names: str, **attributes: Any) -> Decorator:
    return option(*names, callback=_remember, expose_value=False, **attributes)


_GLOBAL: Final = (
    _global(
        "-c",
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="The configuration; by default reconciler.yaml here or in a folder above.",
    ),
    _global("-e", "--environment", metavar="NAME", help="Which platform; by default `default_environment`."),
    _global("--format", type=click.Choice(_FORMATS), default="text", help="How results are printed."),
    _global("--no-color", is_flag=True, help="Never print colours. NO_COLOR and FORCE_COLOR count too."),
    _global("-q", "--quiet", is_flag=True, help="Print results and errors only."),
    _global(
        "--token-host",
        "--token-hosts",
        "token_hosts",
        type=token_hosts,
        multiple=True,
        metavar="VARIABLE=HOST",
        help="A host that the secret in a variable may be sent to; may be repeated.",
    ),
)
