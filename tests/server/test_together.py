"""What many ask at once is asked of the database once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.errors import UnreachableError
from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.server.together import Together
from tests.builders import NOON, definition
from tests.statements import watched

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FIRST: Final = 1


class Answers:
    """Answers once it may, and keeps what it was asked together."""

    def __init__(self) -> None:
        self.asked: list[set[int]] = []
        self.may = threading.Event()

    def __call__(self, keys: Collection[int]) -> Mapping[int, str]:
        self.asked.append({*keys})
        assert self.may.wait(30)
        if FIRST not in keys:
            raise UnreachableError("the database is away")
        return {FIRST: "one"}


def test_what_is_asked_while_an_answer_is_under_way_is_answered_by_one_more() -> None:
    answers = Answers()

    async def ask() -> list[str | None]:
        together = Together()
        asking = [asyncio.ensure_future(together.ask(answers, number)) for number in (2, FIRST, 3, FIRST)]
        await asyncio.sleep(0)
        asking[0].cancel()
        answers.may.set()
        return list(await asyncio.gather(*asking[1:]))

    assert asyncio.run(ask()) == ["one", None, "one"]
    assert answers.asked == [{2}, {FIRST, 3}]


def test_what_fails_fails_for_all_who_asked_it_and_for_nobody_after_them() -> None:
    answers = Answers()
    answers.may.set()

    async def ask(*numbers: int) -> list[str | BaseException | None]:
        together = Together()
        await together.ask(answers, FIRST)
        asking = (together.ask(answers, number) for number in numbers)
        failed = await asyncio.gather(*asking, return_exceptions=True)
        return [*failed, await together.ask(answers, FIRST)]

    *failed, after = asyncio.run(ask(2, 3))
    assert [type(each) for each in failed] == [UnreachableError, UnreachableError]
    assert after == "one"


@pytest.mark.parametrize("many", [1, 50])
def test_what_clients_may_use_is_asked_by_one_statement(tmp_path: Path, many: int) -> None:
    lines = [
        ClientLine(f"c{number}", number + 1, "C", "a@x.example", package="pro", usage={"chat": 1})
        for number in range(50)
    ]
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, _):
        platform.edit_package("pro", definition(features=["chat"]), NOON)
        platform.import_clients(lines, NOON)
        asked = {(f"c{number}", NOON) for number in range(many)}
        expected = {each: platform.client(*each).entitlements for each in asked}
        with watched() as statements:
            found = platform.entitlements({*asked, ("nobody", NOON)})

    assert found == expected
    assert len(statements) == 1
