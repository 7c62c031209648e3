from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.model.tokens import Scope
from tests.builders import NOON, definition
from tests.servers import listening, now, postgres_database, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import ServedPlatform, TokenRegister


@dataclass(frozen=True)
class Api:
    """A server with a package, a client, and a token per scope."""

    folder: Path
    platform: ServedPlatform
    register: TokenRegister
    client: httpx.Client
    tokens: dict[str, str]

    def ask(self, method: str, path: str, scope: str | None = "admin", **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if scope is not None:
            headers["Authorization"] = f"Bearer {self.tokens[scope]}"
        return self.client.request(method, path, headers=headers, **more)


def browser(url: str) -> httpx.Client:
    """Give a client that waits for as long as a busy machine may take."""
    return httpx.Client(base_url=url, trust_env=False, timeout=120)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Shared by the tests of a module: a test that writes takes clients and keys of its own."""
    with _api("sqlite:///platform.db", tmp_path_factory.mktemp("served")) as opened:
        yield opened


@pytest.fixture(scope="module")
def api_on_postgres(postgres: str, prepared: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("served")
    with postgres_database(postgres, prepared) as address, _api(address, folder) as opened:
        yield opened


@contextmanager
def _api(address: str, folder: Path) -> Iterator[Api]:
    with open_served(address, root=folder) as (platform, register):
        platform.edit_package("basic", definition(features=["chat"]), NOON)
        platform.edit_package("pro", definition(title="Pro", features=["chat", "calls"]), NOON)
        platform.add_client(ClientLine("acme", 1, "Acme", "ops@acme.example", package="basic"), NOON)
        tokens = {scope.value: create_token(register, scope, [scope], now())[1] for scope in Scope}
        with listening(served(platform, register)) as url, browser(url) as client:
            yield Api(folder, platform, register, client, tokens)
