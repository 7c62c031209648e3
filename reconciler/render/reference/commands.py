"""The commands as a page of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.manual import CommandManual, OptionManual


def commands_page(commands: Iterable[CommandManual], everywhere: Sequence[OptionManual]) -> str:
    """Return the page; options that every command takes are told once."""
    return "\n".join(_lines(commands, everywhere)) + "\n"


def _lines(commands: Iterable[CommandManual], everywhere: Sequence[OptionManual]) -> Iterator[str]:
    yield from ("# Commands", "", "Every option has an environment variable, which it overrides.", "")
    yield from ("## Options of every command", "", *_options(everywhere), "")
    for command in commands:
        yield from (f"## {command.path}", "", command.summary, "")
        yield from ("```text", f"{command.path} {command.usage}", "```", "")
        for paragraph in command.paragraphs:
            yield from (paragraph, "")
        if command.options:
            yield from (*_options(command.options), "")


def _options(options: Sequence[OptionManual]) -> Iterator[str]:
    yield "| option | variable | meaning |"
    yield "|---|---|---|"
    for option in options:
        variable = f"`{option.variable}`" if option.variable else ""
        yield f"| `{_cell(option.spelled)}` | {variable} | {_cell(option.help)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
