"""Long lists: read at the speed of the platform, whoever reads the answer, and never whole where cut off."""

from __future__ import annotations

import asyncio
import json
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import UnreachableError
from reconciler.server.ndjson import LinesResponse, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 20_000
SECONDS = 30


def lines(closed: Event, fails_at: int = LINES) -> Iterator[str]:
    try:
        for number in range(LINES):
            if number == fails_at:
                raise UnreachableError("the database is away")
            yield json.dumps(f"client-{number:07} {'x' * 300}")
    finally:
        closed.set()


async def sent(response: LinesResponse, before_a_piece: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        if message.get("body"):
            await before_a_piece()
        messages.append(message)

    try:
        await response.stream_response(send)
    except UnreachableError as error:
        messages.append({"error": error})
    return messages


def test_a_reader_who_takes_nothing_leaves_no_transaction_open() -> None:
    closed = Event()
    response = streamed(lines(closed))
    assert isinstance(response, LinesResponse)
    assert not closed.is_set()

    async def until_all_is_read() -> None:
        assert await asyncio.to_thread(closed.wait, SECONDS)

    messages = asyncio.run(sent(response, until_all_is_read))

    body = b"".join(each.get("body", b"") for each in messages).splitlines()
    assert [json.loads(line)[:14] for line in body[:-1]] == [f"client-{each:07}" for each in range(LINES)]
    assert json.loads(body[-1]) == {"end": LINES}


def test_a_reader_who_goes_away_ends_the_reading() -> None:
    closed = Event()
    response = streamed(lines(closed))
    assert isinstance(response, LinesResponse)

    async def going() -> None:
        raise UnreachableError("the reader is gone")

    messages = asyncio.run(sent(response, going))

    assert "reader is gone" in str(messages[-1]["error"])
    assert closed.is_set()


def test_a_list_that_cannot_be_read_on_has_no_end() -> None:
    response = streamed(lines(Event(), fails_at=LINES // 2))
    assert isinstance(response, LinesResponse)

    messages = asyncio.run(sent(response, lambda: asyncio.sleep(0)))

    assert "the database is away" in str(messages[-1]["error"])
    assert b'{"end"' not in b"".join(each.get("body", b"") for each in messages)
    assert all(each["more_body"] for each in messages if "body" in each)


def test_what_fails_at_once_is_raised_before_anything_is_sent() -> None:
    with pytest.raises(UnreachableError):
        streamed(lines(Event(), fails_at=0))
