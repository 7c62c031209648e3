"""`clients reassign --from … --to …`: clients move to another package, by a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop

MOVE = ("clients", "reassign", "--all", "--from", "pro", "--to", "basic")
WHY = ("--reason", "Pro is no more.")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Clients on the better of two packages, one of whom uses what the other lacks."""
    monkeypatch.chdir(tmp_path)
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.package("basic", title="Basic", features=["chat"])
        opened.apply()
        opened.clients("acme", package="pro", usage={"calls": 3})
        opened.clients("globex", package="pro")
        yield opened


def holding(shop: Shop) -> dict[str, str]:
    return {each.id: each.subscription.package for each in shop.platform.clients(shop.at)}


def test_a_move_between_packages_is_shown_applied_and_taken_back(shop: Shop, run: Run) -> None:
    code, text, _ = run(*MOVE, "--keep-term", *WHY, "--yes")

    assert code == 0
    assert "2 clients move to basic revision 1, from the same start, with this apply" in text
    assert "Applied as run 2: 2 clients moved.\n" in text
    assert holding(shop) == {"acme": "basic", "globex": "basic"}
    assert "  reassign    pro 2 clients to basic revision 1\n" in run("history", "2")[1]
    assert run("rollback", "run:2", "--yes")[0] == 0
    assert holding(shop) == {"acme": "pro", "globex": "pro"}


def test_without_a_terminal_nothing_moves_and_the_command_is_told_whole(shop: Shop, run: Run) -> None:
    code, _, error = run(*MOVE, "--new-term", *WHY)

    assert code == 64
    assert "reconciler clients reassign --all --from pro --to basic --new-term" in error
    assert "--reason 'Pro is no more.' --yes" in error
    assert holding(shop)["acme"] == "pro"


def test_a_saved_move_is_applied_as_it_was_reviewed_with_its_reason(shop: Shop, run: Run) -> None:
    named = ("clients", "reassign", "acme", "--from", "pro", "--to", "basic", "--new-term", *WHY)
    code, text, _ = run(*named, "--out", "move.json")

    assert code == 0
    assert "Next: reconciler apply move.json --reason 'Pro is no more.'" in " ".join(text.split())
    assert json.loads((shop.root / "move.json").read_text())["aim"] == {
        "clients": ["acme"],
        "keeps_term": False,
        "kind": "move-between",
        "package": "pro",
        "to_package": "basic",
    }
    assert "\nacme,Acme," in run("clients", "list", "--touched", "move.json", "--format", "csv")[1]
    assert run("apply", "move.json")[0] == 4
    assert run("apply", "move.json", *WHY)[0] == 0
    assert holding(shop) == {"acme": "basic", "globex": "pro"}


def test_one_client_is_moved_from_what_it_holds(shop: Shop, run: Run) -> None:
    code, _, _ = run("clients", "reassign", "acme", "--to", "basic", "--keep-term", *WHY, "--yes")

    assert (code, holding(shop)["acme"]) == (0, "basic")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*MOVE, *WHY), "Does their term go on, or does it start anew?"),
        ((*MOVE, "--keep-term"), "needs a reason"),
        (("clients", "reassign", "acme", "--new-term"), "are of a move to another package"),
        (("clients", "reassign", "--all", "--to", "basic", "--new-term", *WHY), "Whom to reassign?"),
        (
            ("clients", "reassign", "--all", "--from", "pro", "--to", "basci", "--new-term", *WHY),
            "There is no package `basci`",
        ),
        (
            ("clients", "reassign", "--all", "--from", "pro", "--to", "pro", "--new-term", *WHY),
            "they hold `pro` already",
        ),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_is_not_said_or_wrong_is_asked_for(run: Run, words: tuple[str, ...], said: str) -> None:
    code, _, error = run(*words)

    assert code == 64
    assert said in error
