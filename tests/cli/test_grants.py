"""What one client is granted, and how much longer it may stay, is shown, asked for and written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOON
from tests.shop import opened_shop
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop

GRANT = ("clients", "grant", "acme", "agent", "--until", "2999-01-01")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.package("basic", features=["chat"])
        opened.package("trial", features=["chat"], expiry="30 days")
        opened.apply()
        opened.clients("acme", package="basic")
        opened.clients("globex", package="pro")
        opened.clients("bolt", package="trial")
        yield opened


def shown(run: Run, client: str = "acme") -> Any:
    return json.loads(run("clients", "show", client, "--format", "json")[1])


def test_without_a_terminal_a_grant_is_shown_and_not_done(run: Run) -> None:
    code, text, error = run(*GRANT)

    assert code == 64
    assert "Gains:\n  + feature     Agent (agent)\n" in text
    assert "Granted: Agent, until 2999-01-01 00:00 UTC.\n" in text
    assert error.endswith("hint:  Add --yes to do it.\n")
    assert shown(run)["grants"] == []


def test_a_grant_is_done_with_yes_and_every_layer_is_told(run: Run) -> None:
    code, text, _ = run(*GRANT, "--yes", "--reason", "Promised in May.", "--actor", "ada")

    (grant,) = shown(run)["grants"]
    assert code == 0
    assert f"To take it back: `reconciler clients revoke acme {grant['id']}`\n" in text
    for command in (("clients", "show", "acme"), ("explain", "acme")):
        _, told, _ = run(*command)
        assert "  feature     Agent (agent) granted\n" in told
        assert (
            f"  grant       Agent, until 2999-01-01 00:00 UTC ({grant['id']}, by ada: Promised in May.)"
            in told
        )
    assert run("events", "list")[1].splitlines()[-1].endswith("Promised in May.")


def test_how_much_of_an_amount_the_package_gives_is_told(run: Run) -> None:
    run("clients", "grant", "acme", "user_count", "--add", "3", "--until", "subscription", "--yes")

    _, text, _ = run("clients", "show", "acme")

    held = shown(run)["entitlements"]["user_count"]
    assert f"users       0 of {held}, {held - 3} of it from the package\n" in text
    assert "grant       users +3, until another package is assigned by hand (" in text


def test_a_feature_comes_with_the_limit_that_caps_it(run: Run) -> None:
    stated = ("clients", "grant", "acme", "calls", "--until", "cycle", "--yes")
    code, _, error = run(*stated)

    assert code == 4
    assert "`calls` is capped by the limit `minutes`, of which the client has none" in error
    assert run(*stated, "--limit", "minutes=30")[0] == 0
    assert shown(run)["entitlements"]["limits"] == {"minutes": 30}


def test_what_revoking_takes_is_shown(run: Run) -> None:
    run(*GRANT, "--yes")
    (grant,) = shown(run)["grants"]

    code, text, _ = run("clients", "revoke", "acme", grant["id"], "--yes")

    assert code == 0
    assert "Loses:\n  - feature     Agent (agent)\n" in text
    assert shown(run)["grants"] == []


def test_what_changes_nothing_today_says_so(run: Run) -> None:
    _, text, _ = run("clients", "grant", "acme", "chat", "--until", "cycle")

    assert "Nothing changes now: the client has as much anyway.\n" in text


@pytest.mark.parametrize(("answer", "code", "grants"), [(b"y\n", 0, 1), (b"n\n", 130, 0)])
def test_on_a_terminal_a_grant_is_asked_for(
    shop: Shop, run: Run, answer: bytes, code: int, grants: int
) -> None:
    ended, seen = answered(shop.root, answer, *GRANT)

    assert ended == code
    assert "Do this on " in seen
    assert len(shown(run)["grants"]) == grants


def test_as_json_a_grant_is_shown_as_the_api_tells_it(run: Run) -> None:
    code, document, _ = run(*GRANT, "--format", "json")

    told = json.loads(document)
    assert code == 64
    assert told["before"]["entitlements"]["features"] == ["chat"]
    assert told["after"]["entitlements"]["features"] == ["agent", "chat"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("calls", "--add", "3", "--until", "cycle"), "`calls` is granted as a whole, without an amount"),
        (("user_count", "--until", "cycle"), "`user_count` needs one amount"),
        (("user_count", "--add", "1", "--set", "2", "--until", "cycle"), "two different grants"),
        (("user_count", "--set", "0", "--until", "cycle"), "is no amount"),
        (("user_count", "--add", "1", "--until", "soon"), "is no end"),
        (("nope", "--until", "cycle"), "the catalog has no feature `nope`"),
        (("calls", "--until", "cycle", "--limit", "minutes"), "names no limit and amount"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(run: Run, typed: tuple[str, ...], said: str) -> None:
    code, _, error = run("clients", "grant", "acme", *typed, "--yes")

    assert code in {4, 64}
    assert said in error
    assert shown(run)["grants"] == []


def test_a_subscription_is_extended_from_its_end(run: Run) -> None:
    before = shown(run, "bolt")["subscription"]["expires_at"]

    code, text, _ = run("clients", "extend", "bolt", "--by", "7d", "--yes")

    held = shown(run, "bolt")["subscription"]
    assert code == 0
    assert f"then          ends {held['expires_at'][:10]}" in text
    assert held["expires_at"] == held["extended_to"] > before
    assert " UTC, extended\n" in run("clients", "show", "bolt")[1]


def test_what_never_ends_is_not_extended(run: Run) -> None:
    code, _, error = run("clients", "extend", "globex", "--by", "7d", "--yes")

    assert code == 4
    assert "Client `globex`: the subscription never ends." in error


def test_how_far_to_extend_is_said_once(run: Run) -> None:
    for stated in ((), ("--by", "7d", "--until", "2999-01-01"), ("--by", "soon")):
        assert run("clients", "extend", "bolt", *stated, "--yes")[0] == 64


def test_who_ends_soon_is_listed_and_the_exit_code_reminds_a_schedule(run: Run) -> None:
    listing = ("clients", "list", "--at", NOON.isoformat(), "--expiring")

    code, text, _ = run(*listing, "5w")
    none, nobody, _ = run(*listing, "7d")

    assert code == 2
    assert [row.split()[0] for row in text.splitlines()] == ["CLIENT", "bolt"]
    assert (none, len(nobody.splitlines())) == (0, 1)
    assert run(*listing, "5w", "--package", "pro")[0] == 0
