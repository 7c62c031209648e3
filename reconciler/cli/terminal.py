"""Standard output for data, standard error for messages, and what each of them can show.

No line that is written can be obeyed by a build server, except annotations.
"""

from __future__ import annotations

import os
import sys
from codecs import lookup
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import click
from msgspec import Struct

from reconciler.cli.streams import OutputClosedError, columns
from reconciler.errors import ReconcilerError
from reconciler.render.sanitise import disarm, sanitise
from reconciler.render.text.style import IN_ASCII, Paper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from reconciler.cli.options import Choices, Format

_WIDTH_OF_A_PIPE: Final = 100
_WIDEST: Final = 140
_NARROWEST: Final = 40
_LINES_AT_ONCE: Final = 500


@contextmanager
def interruption_says(outcome: str) -> Iterator[None]:
    """Have ^C, and an input that ends at a question, tell what has not happened; raises Abort."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt) as error:
        raise click.Abort(str(error) or f"Interrupted. {outcome}") from None


def require_yes(question: str, otherwise: str) -> None:
    """Ask; raises Abort, which tells what has not happened, where the answer is no or there is none."""
    with interruption_says(otherwise):
        if not click.confirm(question, err=True):
            raise click.Abort(otherwise)


class Terminal(Struct, frozen=True):
    """Where a command writes.

    Attributes:
        data: Paper of standard output; prose is wrapped even into a pipe.
        rows: The same for rows, which are never broken in a pipe, so that they can be searched.
        messages: Paper of standard error.
        is_quiet: Whether messages that are no errors are left out.
        is_verbose: Whether each step is told.
        can_ask: Whether a person can answer.
        has_progress: Whether a person sees progress.
    """

    data: Paper
    rows: Paper
    messages: Paper
    is_quiet: bool
    is_verbose: bool
    can_ask: bool
    has_progress: bool

    @classmethod
    def of(cls, choices: Choices) -> Terminal:
        """Look at the streams and at the environment."""
        width = _width()
        data = Paper(width, _has_colour(sys.stdout, choices), _encoding(sys.stdout))
        errors_shown = _is_terminal(sys.stderr)
        return cls(
            data=data,
            rows=data if _is_terminal(sys.stdout) else Paper(None, data.colour, data.encoding),
            messages=Paper(
                width if errors_shown else None, _has_colour(sys.stderr, choices), _encoding(sys.stderr)
            ),
            is_quiet=choices.quiet,
            is_verbose=choices.verbose and not choices.quiet,
            can_ask=errors_shown and _is_terminal(sys.stdin),
            has_progress=errors_shown and not choices.quiet and not os.environ.get("CI"),
        )

    def write(self, text: str) -> None:
        """Write rendered text, of whole lines, to standard output."""
        _write(sys.stdout, disarm(text))

    def write_as(self, form: Format, text: str) -> None:
        """Write text in a format; GitHub's alone is there to be obeyed, and its parts are disarmed."""
        _write(sys.stdout, text if form == "github" else disarm(text))

    def write_json(self, text: str) -> None:
        """Write JSON lines; for a terminal, characters that it would obey are escaped within the JSON."""
        if _is_terminal(sys.stdout):
            text = "\n".join(map(sanitise, text.split("\n")))
        self.write(text)

    def write_json_lines(self, texts: Iterable[str]) -> None:
        """Write JSON lines as they come."""
        for chunk in _chunks(texts):
            self.write_json("".join(chunk))

    def write_lines(self, lines: Iterable[str]) -> None:
        """Write lines as they come, some hundred at once."""
        for chunk in _chunks(lines):
            self.write("\n".join(chunk) + "\n")

    def say(self, text: str) -> None:
        """Write a message to standard error, unless quiet."""
        if not self.is_quiet:
            self.complain(text)

    def detail(self, step: str) -> None:
        """Tell one step, where each is to be told."""
        if self.is_verbose:
            self.complain(f"{sanitise(step)}\n")

    def complain(self, text: str) -> None:
        """Write to standard error, quiet or not."""
        in_ascii = self.messages.encoding != "utf-8"
        _write(sys.stderr, disarm(text.translate(IN_ASCII) if in_ascii else text))


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    stream = iter(texts)
    while chunk := list(islice(stream, _LINES_AT_ONCE)):
        yield chunk


def _write(stream: IO[str] | None, content: str) -> None:
    if stream is None:
        return
    try:
        stream.write(content)
        stream.flush()
    except BrokenPipeError as error:
        raise OutputClosedError from error
    except OSError as error:
        from reconciler.sources.os_errors import remedy

        raise ReconcilerError(
            f"The output could not be written: {error.strerror}.", hint=remedy(error)
        ) from error


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _encoding(stream: TextIO | None) -> str:
    return lookup(getattr(stream, "encoding", None) or "utf-8").name


def _has_colour(stream: TextIO | None, choices: Choices) -> bool:
    if choices.no_color or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def _width() -> int:
    return max(_NARROWEST, min(columns(_WIDTH_OF_A_PIPE), _WIDEST))
