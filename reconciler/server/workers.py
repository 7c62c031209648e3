"""Several processes that serve one address: divided before anything is open, and ended together."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from socket import socket
    from types import FrameType

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def divided(count: int, sockets: Iterable[socket], announce: Callable[[], None]) -> int | None:
    """Return in each of so many new processes its number from 1; in this one None, once all have ended.

    `announce` is called before, when a signal is a good end already.

    They end where this one does, and for the same signals, each after what it was answering. Raises
    `UnreachableError` where one ended by itself; the others are ended then. No thread may be running. The
    sockets are theirs alone, so that nobody is let in who would not be answered.
    """
    ending, lifeline = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # until it is known who is to be told
    announce()
    running: set[int] = set()
    for number in range(1, count + 1):
        process = os.fork()
        if not process:
            os.close(lifeline)
            _begin(ending)
            return number
        running.add(process)
    os.close(ending)
    for each in sockets:
        each.close()
    _await(running)
    return None


def _begin(ending: int) -> None:
    """Be a process that a terminal's Ctrl-C does not reach, but by the one that it came from."""
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    Thread(target=_end_with, args=(ending,), daemon=True).start()


def _end_with(ending: int) -> None:
    """Wait until the process at the other end is gone, however it went, and end this one then."""
    os.read(ending, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _await(running: set[int]) -> None:
    is_ending = False

    def end(_signal: int = 0, _frame: FrameType | None = None) -> None:
        nonlocal is_ending
        is_ending = True
        for process in tuple(running):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    for each in _ENDING:
        signal.signal(each, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    is_broken = False
    while running:
        running.discard(os.wait()[0])
        if not is_ending:
            is_broken = True
            end()
    if is_broken:
        raise UnreachableError(
            "A worker ended by itself, so the others were ended too.",
            hint="The messages above may say why; have a service manager start `serve` again.",
        )
