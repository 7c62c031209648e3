"""How build servers read what a job prints, as far as they obey it, by their own sources and manuals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS: Final = (
    "::error::owned",
    "::error file=a,line=1::owned",
    "\u00a0::add-mask::owned",
    "\u3000::set-output name=x::owned",
    "::stop-commands::owned",
    "##[add-mask]owned",
    "title ##[error]owned",
    "###[group]owned",
    "##vso[task.setvariable variable=x]owned",
    "##teamcity[setParameter name='x' value='owned']",
    "section_start:1700000000:owned\r\x1b[0K",
    "line\n::error::owned",
    "line\r::warning::owned",
    "\x1b[0K::error::owned",
)
"""What somebody could call a client to have a build server do something."""

_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")
_BRACKETED: Final = re.compile(r"##(?:|vso|teamcity)\[[^\]]*\]")
_SECTION: Final = re.compile(r"section_(?:start|end):\d+:[^\r\n]*\r?\x1b\[0K")
_ANNOTATION: Final = re.compile(
    r"::(?:error|warning|notice) (?:file=[^:,]*,line=\d+,col=\d+,)?title=[^:,]*::.*"
)


def obeyed(output: str, *, annotates: bool = False) -> list[str]:
    """Return the lines that a build server would obey; `annotates`: whole annotations are meant to be."""
    return [*_SECTION.findall(output), *_lines(output, annotates=annotates)]


def _lines(output: str, *, annotates: bool) -> Iterator[str]:
    for line in _LINE_ENDS.split(output):
        is_meant = annotates and _ANNOTATION.fullmatch(line)
        begins = _COLOURS.sub("", line).lstrip()
        is_command = begins.startswith("::") and "::" in begins[2:]
        if (is_command and not is_meant) or _BRACKETED.search(line):
            yield line
