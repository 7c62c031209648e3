"""`reference`: the reference documentation, from the program itself."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.parameters import OutputFolder
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.model.manual import CommandManual, OptionManual

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.model.topics import Kind


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


@click.command("reference")
@global_options
@option("--write", type=OutputFolder(), help="Write the pages in Markdown to this folder.")
@option("--man", type=OutputFolder(), help="Write the manual pages for man to this folder.")
def reference_command(write: Path | None, man: Path | None) -> None:
    """Write the reference documentation.

    It tells every command, every key of every file, and every rule, guard, code of a change and exit code, as
    this version has them.
    """
    if write is None and man is None:
        raise WrongUsageError("reference was not told where to write.", hint="Give --write or --man FOLDER.")
    terminal = Terminal.of(chosen())
    for folder, pages in ((write, markdown_pages), (man, man_pages)):
        if folder is not None:
            _save(folder, pages(), terminal)


def _save(folder: Path, pages: Mapping[str, str], terminal: Terminal) -> None:
    from reconciler.sources.edits import write_within

    for name, text in pages.items():
        write_within(folder, name, text.encode())
        terminal.write(f"{folder / name}\n")


def markdown_pages() -> Mapping[str, str]:
    """Return the pages by the names of their files."""
    from reconciler.cli.commands.reference import global_manual, manuals
    from reconciler.cli.main import commands
    from reconciler.render.reference import commands_page, files_page
    from reconciler.sources.schemas import schema_of

    files = {
        "packages/KEY.yaml": schema_of("package"),
        "schemas/catalog.yaml": schema_of("catalog"),
        "reconciler.yaml": schema_of("reconciler"),
    }
    return {
        "commands.md": commands_page(manuals(commands), global_manual(commands)),
        "files.md": files_page(files),
        "rules.md": _topics("rule", "Rules", "What `validate` can say. Warnings do not make files invalid."),
        "guards.md": _topics("guard", "Guards", "What can block a plan, and the way past each."),
        "changes.md": _topics("change", "Changes", "The codes of changes in a plan."),
        "exit-codes.md": _topics("exit code", "Exit codes", "How every command ends."),
    }


def _topics(kind: Kind, title: str, intro: str) -> str:
    from reconciler.engine.explain.topics import topics
    from reconciler.render.reference import topics_page

    return topics_page(title, intro, (topic for topic in topics().values() if topic.kind == kind))


def man_pages() -> Mapping[str, str]:
    """Return a manual page per command."""
    from reconciler.cli.commands.reference import global_manual, manuals
    from reconciler.cli.main import commands
    from reconciler.engine.explain.topics import topics
    from reconciler.render.reference import man_name, man_page

    everywhere, every = global_manual(commands), tuple(manuals(commands))
    exits = tuple(topic for topic in topics().values() if topic.kind == "exit code")
    return {man_name(each): man_page(each, everywhere, exits, every, __version__) for each in every}
