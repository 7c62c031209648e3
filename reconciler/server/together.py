"""Small questions that many requests ask at once: answered together, by one thread and one statement."""

from __future__ import annotations

from asyncio import get_running_loop
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Collection, Mapping

K = TypeVar("K")
V = TypeVar("V")


class Together:
    """Gathers what is asked while an answer is under way, so that the more ask, the less each costs.

    What is asked is answered by what is read after it was asked, never by what was read before.
    """

    def __init__(self) -> None:
        self._waiting: dict[Callable[..., Any], list[tuple[Any, Future[Any]]]] = {}

    async def ask(self, answer: Callable[[Collection[K]], Mapping[K, V]], key: K) -> V | None:
        """Return what stands under a key in an answer about it, and perhaps about others; None: nothing.

        Raises what `answer` raises; so does every other question that was asked with it.
        """
        mine: Future[V | None] = get_running_loop().create_future()
        if answer in self._waiting:
            self._waiting[answer].append((key, mine))
        else:
            self._send(answer, [(key, mine)])
        return await mine

    def _send(self, answer: Callable[..., Any], asked: list[tuple[Any, Future[Any]]]) -> None:
        """Have a thread answer, which is none of those that long requests may use up."""
        self._waiting[answer] = []
        sent = get_running_loop().run_in_executor(None, answer, {key for key, _ in asked})
        sent.add_done_callback(partial(self._answered, answer, asked))

    def _answered(
        self, answer: Callable[..., Any], asked: list[tuple[Any, Future[Any]]], sent: Future[Any]
    ) -> None:
        error = sent.exception()
        for key, future in asked:
            if future.done():
                continue  # whoever asked went away
            if error is None:
                future.set_result(sent.result().get(key))
            else:
                future.set_exception(error)
        if waiting := self._waiting.pop(answer):
            self._send(answer, waiting)
