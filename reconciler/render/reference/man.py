"""A command as a manual page for `man`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.manual import CommandManual, OptionManual
    from reconciler.model.topics import Topic


def man_name(command: CommandManual) -> str:
    """Return the name of the page's file: `reconciler-clients-add.1`."""
    return f"{command.path.replace(' ', '-')}.1"


def man_page(
    command: CommandManual,
    everywhere: Sequence[OptionManual],
    exits: Sequence[Topic],
    others: Sequence[CommandManual],
    version: str,
) -> str:
    """Return the page in roff; `others` are the commands to see also."""
    return "\n".join(_lines(command, everywhere, exits, others, version)) + "\n"


def _lines(
    command: CommandManual,
    everywhere: Sequence[OptionManual],
    exits: Sequence[Topic],
    others: Sequence[CommandManual],
    version: str,
) -> Iterator[str]:
    name = command.path.replace(" ", "-")
    yield f'.TH "{_text(name.upper())}" "1" "" "reconciler {version}" "Packages as code"'
    yield from (".SH NAME", f"{_text(name)} \\- {_text(command.summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {_text(command.path)}", _text(command.usage))
    yield ".SH DESCRIPTION"
    for paragraph in (command.summary, *command.paragraphs):
        yield from (".PP", _text(paragraph))
    yield ".SH OPTIONS"
    own = {option.spelled for option in command.options}
    for option in (*command.options, *(each for each in everywhere if each.spelled not in own)):
        variable = f" Also set by {option.variable}." if option.variable else ""
        yield from (".TP", f".B {_text(option.spelled)}", _text(option.help + variable))
    yield ".SH EXIT STATUS"
    for topic in exits:
        yield from (".TP", f".B {_text(topic.id.removeprefix('exit-'))}", _text(f"{topic.title}."))
    yield ".SH SEE ALSO"
    yield ", ".join(f"{_text(man_name(each)[:-2])}(1)" for each in others if each.path != command.path)


def _text(text: str) -> str:
    """Escape what roff reads; a line never begins with a control character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("\n", " ")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
