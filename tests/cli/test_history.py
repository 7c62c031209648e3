"""Who did what and why: to one client, to one package, by one run."""

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


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as opened:
        opened.guards(clients_losing="unlimited", acknowledge="never")
        opened.package("pro", features=["chat", "calls"], limits={"minutes": 5000})
        opened.package("basic", title="Basic", features=["chat"])
        opened.apply()
        opened.clients("acme", package="pro")
        yield opened


def edited(shop: Shop, run: Run) -> tuple[int, str, str]:
    shop.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    return run("apply", "--yes", "--actor", "ana", "--reason", "Calls end this year.")


def test_an_apply_prints_its_seal_which_the_events_have(shop: Shop, run: Run) -> None:
    _, _, said = edited(shop, run)

    seal = said.rpartition("Seal: ")[2].strip()
    assert seal.startswith("2:sha256:")
    assert run("events", "verify", "--head", seal)[0] == 0
    assert f"Seal: {seal}" in run("events", "verify")[1]


def test_a_seal_that_no_run_has_names_the_run(shop: Shop, run: Run) -> None:
    edited(shop, run)

    code, _, said = run("events", "verify", "--head", f"2:sha256:{'0' * 64}")

    assert code == 3
    assert "run 2 does not have the seal that was kept" in said


def test_a_run_is_shown_with_values_and_why(shop: Shop, run: Run) -> None:
    edited(shop, run)

    _, text, _ = run("history", "2")

    assert "  why         Calls end this year.\n" in text
    assert "- feature   Calls (calls)\n" in text
    assert "- limit     Call minutes (minutes), was 5,000 per cycle\n" in text


def test_a_package_tells_which_run_changed_what_and_why(shop: Shop, run: Run) -> None:
    edited(shop, run)

    _, text, _ = run("history", "--package", "pro")

    newest, oldest = text.splitlines()[1:]
    assert newest.startswith("run:2 ")
    assert "  ana  " in newest
    assert "revision 2 · removes Calls, removes Call minutes" in newest
    assert newest.endswith("1 client moved  Calls end this year.")
    assert oldest.startswith("run:1 ")
    assert "created, revision 1" in oldest


def test_a_client_tells_who_moved_it_and_why(shop: Shop, run: Run) -> None:
    edited(shop, run)
    run("clients", "assign", "acme", "basic", "--yes", "--actor", "ben", "--reason", "They pay less.")

    _, text, _ = run("history", "--client", "acme")

    by_hand, by_run, imported = text.splitlines()[1:]
    assert by_hand.startswith("event:")
    assert "  ben  " in by_hand
    assert by_hand.endswith("pro revision 2 → basic revision 1  They pay less.")
    assert by_run.startswith("run:2 ")
    assert "pro revision 1 → pro revision 2  " in by_run
    assert by_run.endswith("  Calls end this year.")
    assert imported.endswith("pro revision 1")


def test_a_history_is_json_for_machines_too(shop: Shop, run: Run) -> None:
    edited(shop, run)

    newest = json.loads(run("history", "--package", "pro", "--format", "json")[1].splitlines()[0])
    (moved, _) = map(json.loads, run("history", "--client", "acme", "--format", "json")[1].splitlines())

    assert (newest["run"], newest["fields"][0]["path"]) == (2, "/features/calls")
    assert (moved["run"], moved["after"]["revision"]) == (2, 2)


def test_one_history_is_shown_at_a_time(run: Run) -> None:
    code, _, said = run("history", "1", "--client", "acme")

    assert code == 64
    assert "Give a run, --client or --package: one of them." in said


def test_what_a_hand_did_is_rolled_back_by_the_name_that_the_history_gives(shop: Shop, run: Run) -> None:
    run("clients", "assign", "acme", "basic", "--yes")
    event = run("history", "--client", "acme")[1].splitlines()[1].split()[0]

    code, text, _ = run("rollback", event, "--yes", "--reason", "A slip.")

    assert code == 0
    assert "Applied as run 2: 1 client moved.\n" in text
    assert shop.client("acme").subscription.package == "pro"
    assert "A slip." in run("history", "--client", "acme")[1]
    assert "  reassign    basic 1 client back to pro revision 1\n" in run("history", "2")[1]


def test_a_rollback_by_an_event_can_be_saved_and_applied(shop: Shop, run: Run) -> None:
    run("clients", "assign", "acme", "basic", "--yes")
    event = run("history", "--client", "acme")[1].splitlines()[1].split()[0]
    saved = str(shop.root / "plan.json")

    assert run("rollback", event, "--out", saved)[0] == 0
    assert run("apply", saved)[0] == 0
    assert shop.client("acme").subscription.package == "pro"


@pytest.mark.parametrize("name", ["2", "run:2"])
def test_a_run_is_named_by_its_number_alone_too(shop: Shop, run: Run, name: str) -> None:
    edited(shop, run)

    code, text, _ = run("rollback", name, "--yes")

    assert code == 0
    assert "Rolls back run 2." in text


def test_a_history_takes_a_run_as_it_names_it(shop: Shop, run: Run) -> None:
    edited(shop, run)

    assert run("history", "run:2")[:2] == run("history", "2")[:2]


@pytest.mark.parametrize("name", ["pro", "0", "run:0", "99999999999", "event:12"])
def test_what_names_no_run_is_answered_with_the_history_of_a_package(run: Run, name: str) -> None:
    code, _, said = run("history", name)

    assert code == 64
    assert f"'{name}' names no run; write 5 or run:5. `--package KEY` and `--client ID` tell" in said


@pytest.mark.parametrize("name", ["0", "run:x", "event:", "assign:1", "99999999999"])
def test_what_names_neither_a_run_nor_an_event_is_wrong_usage(run: Run, name: str) -> None:
    code, _, said = run("rollback", name, "--yes")

    assert code == 64
    assert "write 5, run:5 or event:ID" in said
