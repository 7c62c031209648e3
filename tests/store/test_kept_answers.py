"""Requests that are done once, over one store and two processes' views of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import NOW, with_client
from reconciler.errors import BlockedError, KeyReusedError
from reconciler.live.opening import open_served
from reconciler.model.idempotency import KeyedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from reconciler.live.port import ServedPlatform


def request(key: str = "k", fingerprint: str = "f", at: datetime = NOW) -> KeyedRequest:
    return KeyedRequest(key, fingerprint, at)


def using(platform: ServedPlatform) -> Callable[[], str]:
    return lambda: str(platform.record_usage("acme", "chat", 1, NOW))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///platform.db"
    return str(request.getfixturevalue("database"))


@pytest.fixture
def platform(url: str, tmp_path: Path) -> Iterator[ServedPlatform]:
    with open_served(url, root=tmp_path) as (opened, _):
        with_client(opened)
        yield opened


def test_an_answer_is_kept_for_thirty_days_and_then_forgotten(platform: ServedPlatform) -> None:
    def asked(key: str, days: int) -> str:
        return platform.once(request(key, at=NOW + timedelta(days=days)), using(platform))

    first, repeated = asked("k", 0), asked("k", 29)
    asked("another", 31)

    assert (first, repeated, asked("k", 31)) == ("1", "1", "3")


def test_what_fails_is_not_kept(platform: ServedPlatform) -> None:
    def fail() -> str:
        platform.record_usage("acme", "chat", 1, NOW)
        raise BlockedError("no")

    with pytest.raises(BlockedError):
        platform.once(request(), fail)

    assert platform.once(request(), using(platform)) == "1"


def test_another_request_under_the_key_is_refused_and_undone(platform: ServedPlatform) -> None:
    platform.once(request(), using(platform))

    with pytest.raises(KeyReusedError):
        platform.once(request(fingerprint="other"), using(platform))

    assert platform.client("acme", NOW).usage == {"chat": 1}


@pytest.mark.parametrize("fails", [False, True])
def test_of_two_at_once_the_second_gives_the_answer_of_the_first(
    database: str, tmp_path: Path, *, fails: bool
) -> None:
    with (
        open_served(database, root=tmp_path) as (one, _),
        open_served(database, root=tmp_path) as (other, _),
    ):
        with_client(one)
        overtaken: list[str] = []

        def slow() -> str:
            if not overtaken:
                overtaken.append(other.once(request(), using(other)))
            if fails:
                raise BlockedError("it is done already")
            return using(one)()

        answer = one.once(request(), slow)

        assert [answer, *overtaken] == ["1", "1"]
        assert one.client("acme", NOW).usage == {"chat": 1}
