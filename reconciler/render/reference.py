"""Reference documentation from what the program itself holds: values in, pages out.

All text here is the project's own, so that nothing needs to be escaped beyond what its medium reads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.validation.wording import PATTERNS, expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.manual import CommandManual, OptionManual
    from reconciler.model.topics import Topic

Shape: TypeAlias = "Mapping[str, Any]"


def commands_page(commands: Iterable[CommandManual], everywhere: Sequence[OptionManual]) -> str:
    """Return the page; options that every command takes are told once."""
    return "\n".join(_command_lines(commands, everywhere)) + "\n"


def _command_lines(commands: Iterable[CommandManual], everywhere: Sequence[OptionManual]) -> Iterator[str]:
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


def topics_page(title: str, intro: str, topics: Iterable[Topic]) -> str:
    """Return a page with a section per topic, in their order."""
    return "\n".join([f"# {title}", "", intro, "", *_sections(topics)]).rstrip() + "\n"


def _sections(topics: Iterable[Topic]) -> Iterator[str]:
    for topic in topics:
        weight = f" ({topic.weight})" if topic.weight else ""
        yield from (f"## `{topic.id}`", "", f"**{topic.title}**{weight}", "", topic.explanation, "")
        for label, example in (("Not so", topic.bad), ("But so" if topic.bad else "Such as", topic.good)):
            if example:
                yield from (
                    f"{label}:",
                    "",
                    "```yaml" if topic.kind == "rule" else "```text",
                    example.rstrip("\n"),
                    "```",
                    "",
                )


def files_page(schemas: Mapping[str, Shape]) -> str:
    """Return the page of all formats, by the path of their files."""
    lines = ["# Files", "", "The JSON Schemas in `schemas/` say the same to editors and machines.", ""]
    for path, schema in schemas.items():
        lines += [f"## `{path}`", "", schema["description"], "", *_keys(schema, schema)]
        for name, inner in _inner(schema):
            lines += [f"### In `{path}`: {name}", "", inner["description"], "", *_keys(inner, schema)]
    return "\n".join(lines).rstrip() + "\n"


def _inner(schema: Shape) -> Iterator[tuple[str, Shape]]:
    for definition in schema.get("$defs", {}).values():
        if "properties" in definition:
            yield str(definition["title"]).lower(), definition


def _keys(shape: Shape, root: Shape) -> Iterator[str]:
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    required = shape.get("required", ())
    for key, value in shape["properties"].items():
        resolved = _resolved(value, root)
        kind = "**required**, " if key in required else ""
        default = _default(value)
        meaning = value.get("description", resolved.get("description", ""))
        yield f"| `{key}` | {kind}{_cell(_words(value, root))}{default} | {_cell(meaning)} |"
    yield ""


def _resolved(shape: Shape, root: Shape) -> Shape:
    reference = shape.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if reference else shape


def _default(shape: Shape) -> str:
    default = shape.get("default")
    return (
        f"; default `{json.dumps(default)}`"
        if default not in (None, "", [], {}) and not isinstance(default, dict)
        else ""
    )


def _words(shape: Shape, root: Shape) -> str:
    resolved = _resolved(shape, root)
    match resolved:
        case {"type": "array", "items": items}:
            return f"a list: {_words(items, root)} each"
        case {"type": "object", "properties": _}:
            return f"a mapping, see {str(resolved['title']).lower()}"
        case {"type": "object"}:
            values = [*resolved.get("patternProperties", {}).values(), resolved.get("additionalProperties")]
            return f"a mapping: {_words(values[0], root)} per key"
        case {"anyOf": branches}:
            return ", or ".join(_words(each, root) for each in branches)
        case _:
            return _single_words(resolved, root)


def _single_words(shape: Shape, root: Shape) -> str:
    words = PATTERNS[shape["pattern"]].words if "pattern" in shape else expected(shape, root).words
    return f"{words}, at most {shape['maxLength']:,} characters" if "maxLength" in shape else words


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


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
    return "\n".join(_man_lines(command, everywhere, exits, others, version)) + "\n"


def _man_lines(
    command: CommandManual,
    everywhere: Sequence[OptionManual],
    exits: Sequence[Topic],
    others: Sequence[CommandManual],
    version: str,
) -> Iterator[str]:
    name = command.path.replace(" ", "-")
    yield f'.TH "{_roff(name.upper())}" "1" "" "reconciler {version}" "Packages as code"'
    yield from (".SH NAME", f"{_roff(name)} \\- {_roff(command.summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {_roff(command.path)}", _roff(command.usage))
    yield ".SH DESCRIPTION"
    for paragraph in (command.summary, *command.paragraphs):
        yield from (".PP", _roff(paragraph))
    yield ".SH OPTIONS"
    own = {option.spelled for option in command.options}
    for option in (*command.options, *(each for each in everywhere if each.spelled not in own)):
        variable = f" Also set by {option.variable}." if option.variable else ""
        yield from (".TP", f".B {_roff(option.spelled)}", _roff(option.help + variable))
    yield ".SH EXIT STATUS"
    for topic in exits:
        yield from (".TP", f".B {_roff(topic.id.removeprefix('exit-'))}", _roff(f"{topic.title}."))
    yield ".SH SEE ALSO"
    yield ", ".join(f"{_roff(man_name(each)[:-2])}(1)" for each in others if each.path != command.path)


def _roff(text: str) -> str:
    """Escape what roff reads; a line never begins with a control character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("\n", " ")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
