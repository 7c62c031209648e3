"""GitHub's workflow commands: annotations beside the lines of a pull request.

The syntax, and the cap of ten annotations per level and step, are those of GitHub's documentation on workflow
commands and on annotation limits.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted
from reconciler.render.checks.remarks import Level, Remark
from reconciler.render.sanitise import disarm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "notice"}
_PER_LEVEL: Final = 10
_IN_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY: Final = _IN_MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def github(remarks: Iterable[Remark]) -> str:
    """Return a command per line, worst first, at most ten of a level; the last says what is left out."""
    return "".join(f"{line}\n" for line in _lines(sorted(remarks, key=lambda remark: remark.level)))


def _lines(remarks: list[Remark]) -> Iterator[str]:
    for level, group in groupby(remarks, key=lambda remark: remark.level):
        of_level = list(group)
        is_over = len(of_level) > _PER_LEVEL
        shown = of_level[: _PER_LEVEL - 1] if is_over else of_level
        yield from (_command(remark) for remark in shown)
        if is_over:
            left_out = counted(len(of_level) - len(shown), f"more {_COMMANDS[level]}")
            yield f"::{_COMMANDS[level]} title=reconciler::There is room for ten: {left_out} left out here."


def _command(remark: Remark) -> str:
    properties = {"title": remark.title}
    if remark.source:
        place = remark.source
        properties = {"file": place.file, "line": str(place.line), "col": str(place.column), **properties}
    stated = ",".join(f"{name}={_part(value, _IN_PROPERTY)}" for name, value in properties.items())
    return f"::{_COMMANDS[remark.level]} {stated}::{_part(remark.message, _IN_MESSAGE)}"


def _part(text: str, escapes: Mapping[int, str]) -> str:
    return disarm(text).translate(escapes)
