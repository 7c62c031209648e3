"""Signs of life on a person's terminal; silent everywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from rich.console import Console
    from rich.progress import Task

    from reconciler.cli.terminal import Terminal
    from reconciler.live.opening import Seen

T = TypeVar("T")

_STEP: Final = 1000
_FEWEST: Final = 500
"""Below so many the work is over before a bar can be read."""


@contextmanager
def working(sentence: str, terminal: Terminal) -> Iterator[None]:
    """Show a spinner beside the sentence while the block runs."""
    if not terminal.has_progress:
        yield
        return
    with _console(terminal).status(sentence, spinner=_spinner(terminal)):
        yield


@contextmanager
def bars(terminal: Terminal) -> Iterator[Seen]:
    """Give what shows, per name, how much of how much is done, how fast, and how long the rest will take."""
    if not terminal.has_progress:
        yield lambda _name, _done, _total: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (SpinnerColumn(_spinner(terminal)), TextColumn("{task.description}"), BarColumn(30))
    with Progress(*columns, _amounts(), TimeRemainingColumn(), console=_console(terminal)) as progress:
        tasks = {}

        def seen(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield seen


def passing(name: str, terminal: Terminal) -> Callable[[Sequence[T]], Iterator[T]]:
    """Return what yields the items of a sequence, and shows how many of how many have passed."""

    def pass_on(items: Sequence[T]) -> Iterator[T]:
        if not terminal.has_progress or len(items) < _FEWEST:
            yield from items
            return
        with bars(terminal) as seen:
            for number, item in enumerate(items, 1):
                yield item
                if number % 100 == 0 or number == len(items):
                    seen(name, number, len(items))

    return pass_on


def lines_of(file: BinaryIO, lines: Iterator[T], seen: Seen) -> Iterator[T]:
    """Yield what is read of a file, and show how many KiB of it that were; a pipe has no total."""
    total = None
    if file.seekable():
        here = file.tell()
        total = file.seek(0, 2) // 1024
        file.seek(here)
    for number, line in enumerate(lines):
        if number % _STEP == 0 and total is None:
            seen("lines read", number, None)
        elif number % _STEP == 0:
            seen("KiB read", file.tell() // 1024, total)
        yield line
    if total is not None:
        seen("KiB read", total, total)


def _amounts() -> Any:
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Amounts(ProgressColumn):
        """How much of how much, and how much in a second."""

        def render(self, task: Task) -> Text:
            total = "" if task.total is None else f" of {task.total:,.0f}"
            speed = "" if task.speed is None else f" ({task.speed:,.0f} a second)"
            return Text(f"{task.completed:,.0f}{total}{speed}")

    return Amounts()


def _console(terminal: Terminal) -> Console:
    from rich.console import Console

    return Console(stderr=True, no_color=not terminal.messages.colour)


def _spinner(terminal: Terminal) -> str:
    return "dots" if terminal.messages.encoding == "utf-8" else "line"
