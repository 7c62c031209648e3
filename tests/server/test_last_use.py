"""When a token was last used: kept to the hour, after the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.engine.tokens import create_token, rotate_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from tests.builders import NOON
from tests.server.conftest import browser
from tests.servers import listening, served

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOON + timedelta(minutes=61)


def test_the_hour_of_the_last_use_is_kept(tmp_path: Path) -> None:
    instants = iter((NOON, NOON + timedelta(minutes=59), LATER))
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, register):
        _, text = create_token(register, "ci", [Scope.READ], NOON)
        kept = [register.tokens()[0].used_at]
        for _ in range(3):  # each server ends only when it has noted what it noted
            with (
                listening(served(platform, register, clock=lambda: next(instants))) as url,
                browser(url) as client,
            ):
                client.get("/v1/catalog", headers={"Authorization": f"Bearer {text}"})
            kept.append(register.tokens()[0].used_at)

    assert kept == [None, NOON, NOON, NOON + timedelta(hours=1)]


def test_a_refused_token_is_not_used(tmp_path: Path) -> None:
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, register):
        _, text = create_token(register, "ci", [Scope.USAGE], NOON)
        with listening(served(platform, register, clock=lambda: NOON)) as url, browser(url) as client:
            client.get("/v1/catalog", headers={"Authorization": f"Bearer {text}"})
        (token,) = register.tokens()

    assert token.used_at is None


def test_a_rotated_token_goes_on_for_the_overlap_beside_the_new_one(tmp_path: Path) -> None:
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        old, _ = create_token(register, "ci", [Scope.READ], NOON, expires_at=NOON + timedelta(days=90))

        new, _ = rotate_token(register, old.id, LATER, overlap=timedelta(hours=24))
        kept = {each.id: each for each in register.tokens()}

    assert (new.name, new.scopes, new.expires_at) == ("ci", (Scope.READ,), LATER + timedelta(days=90))
    assert kept[new.id] == new
    assert kept[old.id].expires_at == LATER + timedelta(hours=24)


def test_rotating_never_prolongs_the_old_token(tmp_path: Path) -> None:
    soon = LATER + timedelta(hours=1)
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        old, _ = create_token(register, "ci", [Scope.READ], NOON, expires_at=soon)

        rotate_token(register, old.id, LATER, overlap=timedelta(hours=24))

        assert register.tokens()[0].expires_at == soon
