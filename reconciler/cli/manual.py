"""The manual of every command, read off the commands themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from reconciler.model.manual import CommandManual, OptionManual

if TYPE_CHECKING:
    from collections.abc import Iterator


def global_manual(root: click.Group) -> tuple[OptionManual, ...]:
    """Return the options that every command takes."""
    context = click.Context(root, info_name="reconciler", **root.context_settings)
    options = (each for each in root.params if isinstance(each, click.Option) and each.envvar)
    return tuple(_option(each, context) for each in options)


def manuals(root: click.Group) -> Iterator[CommandManual]:
    """Yield all commands, groups before what is in them, in the order of their lists."""
    common: set[str | None] = {each.name for each in root.params}
    yield from _manuals(root, click.Context(root, info_name="reconciler", **root.context_settings), common)


def _manuals(
    command: click.Command, context: click.Context, common: set[str | None]
) -> Iterator[CommandManual]:
    summary, *others = _paragraphs(command.help or "")
    own = (each for each in command.params if isinstance(each, click.Option) and each.name not in common)
    yield CommandManual(
        path=context.command_path,
        usage=" ".join(command.collect_usage_pieces(context)),
        summary=summary,
        paragraphs=tuple(others),
        options=tuple(_option(each, context) for each in own),
    )
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if inner := command.get_command(context, name):
                yield from _manuals(inner, click.Context(inner, parent=context, info_name=name), common)


def _option(option: click.Option, context: click.Context) -> OptionManual:
    spelled = ", ".join(option.opts)
    if not option.is_flag:
        spelled += f" {option.make_metavar(context)}"
    variable = option.envvar if isinstance(option.envvar, str) else ""
    return OptionManual(spelled, option.help or "", variable)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n")]
