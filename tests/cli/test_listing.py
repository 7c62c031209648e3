"""Questions about packages and clients, each one command."""

from __future__ import annotations

import csv
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
        opened.package("pro", features=["chat", "calls"], limits={"minutes": 100})
        opened.package("basic", title="Basic", features=["chat"])
        opened.apply()
        opened.clients("acme", package="pro", usage={"minutes": 80})
        opened.clients("bolt", package="pro", usage={"minutes": 79})
        opened.clients("cone", package="basic", name="=HYPERLINK(1)")
        yield opened


def rows(run: Run, *conditions: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(run("clients", "list", *conditions, "--format", "csv")[1].splitlines()))


def ids(run: Run, *conditions: str) -> list[str]:
    return [row["id"] for row in rows(run, *conditions)]


def test_clients_are_listed_by_what_they_hold_and_use(run: Run) -> None:
    assert ids(run, "--holds", "calls") == ["acme", "bolt"]
    assert ids(run, "--uses", "minutes") == ["acme", "bolt"]
    assert ids(run, "--package", "basic", "--status", "active") == ["cone"]
    assert ids(run, "--status", "disabled") == []


def test_a_table_of_clients_can_be_opened_and_calculates_nothing(run: Run) -> None:
    (row,) = rows(run, "--package", "basic")

    assert row["name"] == "'=HYPERLINK(1)"
    assert (row["owner_email"], row["package"], row["revision"]) == ("owner@cone.example", "basic", "1")
    assert row["assigned_at"] == "2026-11-01T12:00:02Z"


def test_it_is_said_since_when_a_client_is_outdated(shop: Shop, run: Run) -> None:
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 200})
    shop.apply()

    assert [(row["id"], row["outdated_since"]) for row in rows(run, "--outdated")] == [
        ("acme", "2026-11-01"),
        ("bolt", "2026-11-01"),
    ]
    assert "OUTDATED SINCE\n" in run("clients", "list", "--outdated")[1]


def test_those_whom_a_saved_plan_touches_are_all_listed(shop: Shop, run: Run) -> None:
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 50})
    shop.package("basic", title="Basic", features=["chat"], description="Another text.")
    saved = str(shop.root / "plan.json")
    run("plan", "--out", saved)

    assert ids(run, "--touched", saved) == ["acme", "bolt"]
    assert ids(run, "--touched", saved, "--uses", "chat") == []


def test_those_whom_a_rollback_of_an_event_gives_something_back_are_listed(shop: Shop, run: Run) -> None:
    run("clients", "assign", "acme", "basic", "--yes")
    event = run("history", "--client", "acme")[1].splitlines()[1].split()[0]
    saved = str(shop.root / "plan.json")
    run("rollback", event, "--out", saved)

    assert ids(run, "--touched", saved) == ["acme"]


def test_whoever_has_used_eighty_percent_is_named(run: Run) -> None:
    near = run("clients", "usage", "--near", "80", "--format", "json")[1].splitlines()

    assert [json.loads(each) for each in near] == [{"package": "pro", "meter": "minutes", "client": "acme"}]
    assert "pro      Call minutes  acme\n" in run("clients", "usage", "pro", "--near", "80")[1]


def test_packages_are_listed_with_who_holds_them(shop: Shop, run: Run) -> None:
    shop.package("pro", features=["chat"])
    shop.guards(clients_losing="unlimited", acknowledge="never")
    shop.apply()

    basic, pro = map(json.loads, run("packages", "list", "--format", "json")[1].splitlines())

    assert (basic["clients"], pro["clients"], pro["held"], pro["revision"]) == (1, 2, {"1": 2}, 2)
    assert "pro      Pro    2         2        2      on offer\n" in run("packages", "list")[1]


def test_a_package_is_shown_with_what_it_grants(run: Run) -> None:
    _, text, _ = run("packages", "show", "pro")

    assert text.startswith("pro Pro revision 1 · on offer · held by 2 clients\n")
    assert "  feature       Calls (calls)\n" in text
    assert "  limit         Call minutes (minutes): 100 per cycle\n" in text


def test_a_package_that_is_not_there_is_answered_with_what_was_meant(run: Run) -> None:
    for command in (("show", "Pro"), ("history", "por")):
        code, _, said = run("packages", *command)

        assert code == 64
        assert "Did you mean `pro`?" in said


def test_a_client_is_changed_with_a_reason_and_forgotten_with_what_still_names_it(
    shop: Shop, run: Run
) -> None:
    shop.package("deal", features=["chat"], allowed_emails=["ann@acme.example"])
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 100}, rollout={"exclude": ["acme"]})
    shop.apply()

    changed = run("clients", "update", "acme", "--owner-email", "ann@acme.example", "--reason", "Moved.")
    refused = run("clients", "forget", "acme")
    code, text, _ = run("clients", "forget", "acme", "--yes", "--reason", "By law.")

    assert changed[0] == 0
    assert "Add --yes to do it." in refused[2]
    assert code == 0
    assert text.splitlines()[:4] == [
        "Forgotten. Still named in:",
        "  packages/deal.yaml: allowed_emails",
        "  packages/pro.yaml: rollout.exclude",
        "  deal revision 1: allowed_emails",
    ]
    assert ids(run) == ["bolt", "cone"]
    assert "owner_email" in run("events", "list")[1]
    assert "ann@" not in run("events", "export")[1]


def test_a_change_of_nothing_is_wrong_usage(run: Run) -> None:
    code, _, said = run("clients", "update", "acme")

    assert code == 64
    assert "Give --name, --owner-email or --status." in said
