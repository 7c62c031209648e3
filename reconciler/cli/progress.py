"""Signs of life on a person's terminal; silent everywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.cli.terminal import Terminal

T = TypeVar("T")

_STEP: Final = 1000


@contextmanager
def working(sentence: str, terminal: Terminal) -> Iterator[None]:
    """Show a spinner beside the sentence while the block runs."""
    if not terminal.has_progress:
        yield
        return
    from rich.console import Console

    with Console(stderr=True, no_color=not terminal.messages.colour).status(sentence):
        yield


def counted(items: Iterable[T], noun: str, terminal: Terminal) -> Iterator[T]:
    """Yield the items and show how many have passed."""
    if not terminal.has_progress:
        yield from items
        return
    from rich.console import Console

    with Console(stderr=True, no_color=not terminal.messages.colour).status(noun) as status:
        for number, item in enumerate(items):
            if number % _STEP == 0:
                status.update(f"{number:,} {noun}")
            yield item
