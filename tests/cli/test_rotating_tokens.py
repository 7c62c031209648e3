"""`tokens rotate`: one token takes the place of another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as opened:
        yield opened


def tokens(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("tokens", "list", "--format", "json")[1].splitlines()]


def test_a_rotated_token_is_shown_once_with_the_name_the_scopes_and_the_days_of_the_old_one(run: Run) -> None:
    run("tokens", "create", "ci", "--scope", "read", "--scope", "packages", "--days", "90")
    (old,) = tokens(run)

    code, text, said = run("tokens", "rotate", old["id"])

    _, new = tokens(run)
    assert code == 0
    assert text.count("\n") == 1
    assert new["id"] in text
    assert said == (
        f"Token {new['id']} takes the place of {old['id']}, which counts for 24 hours more at most. "
        "It is not shown again.\n"
    )
    assert (new["name"], new["scopes"]) == ("ci", old["scopes"])
    assert new["expires_at"] is not None


def test_without_an_overlap_the_old_token_ends_at_once(run: Run) -> None:
    run("tokens", "create", "ci", "--scope", "read")
    (old,) = tokens(run)

    _, _, said = run("tokens", "rotate", old["id"], "--overlap", "0")

    assert f"takes the place of {old['id']}, which no longer counts." in said
    assert [each["expires_at"] is None for each in tokens(run)] == [False, True]


def test_who_rotated_a_token_and_why_is_an_event(run: Run, shop: Shop) -> None:
    run("tokens", "create", "ci", "--scope", "read", "--actor", "ana")
    (old,) = tokens(run)

    run("tokens", "rotate", old["id"], "--actor", "bo", "--reason", "It was in a log.")

    told = [(each.author, each.reason) for each in shop.platform.events() if each.kind == "token"]
    assert told == [("ana", ""), ("bo", "It was in a log."), ("bo", "It was in a log.")]


def test_a_token_that_is_not_there_or_revoked_has_no_place_to_take(run: Run) -> None:
    run("tokens", "create", "ci", "--scope", "read")
    (old,) = tokens(run)
    run("tokens", "revoke", old["id"])

    missing = run("tokens", "rotate", "0" * 12)
    revoked = run("tokens", "rotate", old["id"])

    assert (missing[0], revoked[0]) == (64, 64)
    assert f"The token {old['id']} no longer counts." in revoked[2]
    assert len(tokens(run)) == 1
