from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from reconciler.conformance.building import LATER
from reconciler.live.beside import open_beside
from reconciler.live.opening import open_platform, open_served
from reconciler.live.port import HasStateToken, Platform, PlatformReader
from tests.contract.fake import FakePlatform
from tests.live.beside.switchboard import Switchboard
from tests.pooling import pooled
from tests.servers import Stage, in_schema, read_only, served, stage
from tests.statements import of_a_session, watched
from tests.stores import new_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


KINDS = (
    *("fake", "sqlite", "postgresql", "beside sqlite", "beside postgresql"),
    *("http on sqlite", "http on pooled postgresql"),
)


@dataclass
class Clock:
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


class InStep:
    """A platform over HTTP whose server's clock shows what each call states, so that one suite is for all."""

    def __init__(self, platform: Platform, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._platform, name)

        def called(*args: Any, **more: Any) -> Any:
            stated = [getattr(each, "at", each) for each in (*args, *more.values())]
            self._clock.at = next((each for each in stated if isinstance(each, datetime)), self._clock.at)
            return method(*args, **more)

        return called


class ReadElsewhere:
    """A platform that is asked over another connection than it is written by, which may write nothing."""

    def __init__(self, platform: Platform, reader: PlatformReader) -> None:
        self._platform = platform
        self._reader = reader

    def __getattr__(self, name: str) -> Callable[..., Any]:
        is_read = hasattr(PlatformReader, name) or hasattr(HasStateToken, name)
        method: Callable[..., Any] = getattr(self._reader if is_read else self._platform, name)
        return method


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server for the whole suite; each test puts its own platform on it."""
    folder = tmp_path_factory.mktemp("stage")
    with open_served("sqlite:///platform.db", root=folder) as (empty, _), stage(served(empty)) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    kind: str = request.param
    if kind == "fake":
        yield FakePlatform()
        return
    if kind.startswith("beside"):
        board = Switchboard(tmp_path / "board.json")
        is_file = kind == "beside sqlite"
        if is_file:
            new_store(tmp_path / "beside.db")
        store = "sqlite:///beside.db" if is_file else in_schema(request.getfixturevalue("empty_database"))
        with open_beside(board, store, root=tmp_path, clock=lambda: LATER) as beside:
            yield beside
        return
    is_postgres = kind.endswith("postgresql")
    url = "sqlite:///platform.db"
    if kind == "postgresql":
        url = in_schema(request.getfixturevalue("empty_database"))
    elif is_postgres:
        url = pooled(request.getfixturevalue("empty_database"), request.getfixturevalue("pool"))
    else:
        new_store(tmp_path / "platform.db")
    with ExitStack() as stack:
        behind, _ = stack.enter_context(open_served(url, root=tmp_path))
        opened: object = behind
        if kind.startswith("http"):
            clock = Clock()
            address = request.getfixturevalue("theatre").show(served(behind, clock=lambda: clock.at))
            opened = InStep(stack.enter_context(open_platform(address, root=tmp_path)), clock)
        elif is_postgres:
            reader = stack.enter_context(open_platform(read_only(url), root=tmp_path))
            opened = ReadElsewhere(behind, reader)
        sent = stack.enter_context(watched())
        yield cast("Platform", opened)
        assert of_a_session(sent) == []
