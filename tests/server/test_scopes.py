"""What needs a scope of its own: loosening guards, and letting one pass."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.settings import Guards
from reconciler.model.tokens import Scope
from tests.server.conftest import browser
from tests.servers import listening, now, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from reconciler.live.port import ServedPlatform

STRICT = Guards(archives=0, protected=("basic",))


@dataclass
class Team:
    """A platform whose guards are strict, and a token with these scopes beside packages."""

    platform: ServedPlatform
    client: httpx.Client
    sent: int = 0

    def apply(self, **parts: Any) -> httpx.Response:
        self.sent += 1
        change_set = {
            "plan_hash": f"sha256:{self.sent}",
            "lineage": self.platform.identity().lineage,
            "actor": "ana",
            "environment": "local",
            **parts,
        }
        return self.client.post(
            "/v1/change-sets", json=change_set, headers={"Idempotency-Key": f"{self.sent}"}
        )


@contextmanager
def team(folder: Path, *scopes: Scope) -> Iterator[Team]:
    with open_served("sqlite:///platform.db", root=folder) as (platform, register):
        _, text = create_token(register, "ci", [Scope.PACKAGES, *scopes], now())
        with listening(served(platform, register)) as url, browser(url) as client:
            client.headers["Authorization"] = f"Bearer {text}"
            made = Team(platform, client)
            made.apply(guards=STRICT.as_document())
            yield made


def changed(guards: Guards) -> dict[str, Any]:
    return {"guards": guards.as_document(), "expected_guards": STRICT.as_document()}


@pytest.mark.parametrize("scope", [Scope.GUARDS, Scope.ADMIN])
def test_guards_are_loosened_by_whoever_may(tmp_path: Path, scope: Scope) -> None:
    with team(tmp_path, scope) as ours:
        answer = ours.apply(**changed(Guards()))

        assert answer.status_code == 200
        assert ours.platform.guards() == Guards()


def test_a_loosening_alone_is_refused_without_the_scope(tmp_path: Path) -> None:
    with team(tmp_path) as ours:
        answer = ours.apply(**changed(Guards()))

        assert (answer.status_code, answer.json()["detail"]) == (403, "The token lacks the scope guards.")
        assert ours.platform.guards() == STRICT


def test_a_loosening_waits_without_the_scope_and_the_rest_is_applied(tmp_path: Path) -> None:
    tighter_and_looser = Guards(archives=5, acknowledge="touching")
    with team(tmp_path) as ours:
        answer = ours.apply(**changed(tighter_and_looser))

        told = {each["guard"]: each["loosened"] for each in answer.json()["guards"]}
        assert told == {"acknowledge": False}
        assert ours.platform.guards() == Guards(0, acknowledge="touching", protected=("basic",))


@pytest.mark.parametrize(("scopes", "status"), [((), 403), ((Scope.WAIVE,), 200)])
def test_a_guard_is_let_pass_by_whoever_may(tmp_path: Path, scopes: tuple[Scope, ...], status: int) -> None:
    with team(tmp_path, *scopes) as ours:
        assert ours.apply(allowed=["archives:basic"]).status_code == status
