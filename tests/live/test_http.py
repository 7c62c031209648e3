"""A platform over HTTP answers like the one behind it. The contract suite says it in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import BlockedError, InvalidError, WrongUsageError
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.model.questions import ClientQuestion, UsesMoreThan
from tests.builders import NOON, definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

MANY = 2_345


@pytest.fixture
def platform(address: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(address, root=tmp_path) as opened:
        yield opened


def _lines(count: int) -> Iterator[ClientLine]:
    for number in range(count):
        yield ClientLine(
            id=f"client-{number:05}/x",
            line=number + 1,
            name=f"Client {number}",
            owner_email=f"owner{number}@x.example",
            package="basic",
            users=1,
            usage={"chat": number},
        )


def test_long_lists_come_whole_and_in_order(platform: Platform) -> None:
    platform.edit_package("basic", definition(features=["chat"]), NOON)
    platform.import_clients(_lines(MANY), NOON)

    ids = [client.id for client in platform.clients(NOON)]
    matching = list(platform.matching(ClientQuestion("basic", (1,), (UsesMoreThan("chat", 2_342),)), NOON))

    assert ids == [f"client-{number:05}/x" for number in range(MANY)]
    assert matching == ["client-02343/x", "client-02344/x"]


def test_a_list_may_be_left_in_the_middle_and_another_asked_for(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOON)
    platform.import_clients(_lines(50), NOON)

    first = next(iter(platform.clients(NOON)))

    assert platform.client(first.id, NOON) == first


def test_any_client_id_can_be_asked_for(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOON)
    added = platform.add_client(ClientLine("org:a/b~c", 1, "A", "a@x.example", package="basic"), NOON)

    assert platform.client("org:a/b~c", NOON) == added


def test_bad_lines_are_named_by_their_numbers_in_the_file(platform: Platform) -> None:
    line = ClientLine("acme", 40, "Acme", "a@x.example", package="nope")

    with pytest.raises(InvalidError) as caught:
        platform.import_clients([line], NOON)

    assert [finding.position.line for finding in caught.value.findings] == [40]


def test_a_value_that_the_api_does_not_take_is_refused_in_words(platform: Platform) -> None:
    with pytest.raises(WrongUsageError, match="users"):
        platform.add_client(ClientLine("acme", 1, "Acme", "a@x.example", package="b", users=-1), NOON)


def test_a_client_who_is_not_there_is_wrong_usage(platform: Platform) -> None:
    with pytest.raises(WrongUsageError):
        platform.client("nobody", NOON)


def test_a_refusal_by_a_rule_is_blocked(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOON)
    platform.add_client(ClientLine("acme", 1, "Acme", "a@x.example", package="basic"), NOON)

    with pytest.raises(BlockedError, match="not entitled"):
        platform.record_usage("acme", "chat", 1, NOON)


def test_the_platform_behind_is_the_one_that_is_identified(platform: Platform, tmp_path: Path) -> None:
    with open_platform("sqlite:///platform.db", root=tmp_path) as behind:
        assert platform.identity() == behind.identity()
