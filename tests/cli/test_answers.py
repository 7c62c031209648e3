"""`explain`, `notes` and `clients usage` as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from tests.builders import definition
from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run
    from tests.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Two holders, one of whom has the id of a guard; the files take a feature from both."""
    with opened_shop(tmp_path) as opened:
        opened.package("pro", features=["chat", "calls"])
        opened.apply()
        opened.clients("acme", "adopt", package="pro", usage={"calls": 3})
        opened.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
        yield opened


def test_a_client_is_explained_with_what_the_plan_brings(run: Run) -> None:
    code, text, _ = run("explain", "acme")

    assert code == 0
    assert "The plan moves this client to the package's new revision, once nothing blocks it." in text
    assert "blocked by acknowledge" in text


def test_a_step_that_waits_is_told_and_not_counted(shop: Shop, run: Run) -> None:
    rollout = {"existing_clients": "reassign", "not_before": "9999-12-30"}
    shop.package("pro", features=["chat"], rollout=rollout)
    run("apply", "--yes")

    told = [run("plan", "--detailed-exitcode"), run("drift"), run("apply", "--yes")]

    assert [code for code, _, _ in told] == [0, 0, 0]
    for _, text, _ in told:
        said = " ".join(text.split())
        assert "pro: the next 2 clients move on 30 December 9999 at the earliest, since the file" in said


def test_a_loosening_is_due_as_a_change_of_its_own_and_lets_nothing_pass_before(shop: Shop, run: Run) -> None:
    shop.guards(clients_losing="unlimited", acknowledge="never")

    together = run("plan", "--detailed-exitcode")
    shop.package("pro", features=["chat", "calls"])
    alone = run("plan", "--detailed-exitcode")
    applied = run("apply", "--yes")
    shop.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    assert [together[0], alone[0], applied[0], run("plan")[0]] == [4, 2, 0, 0]
    for _, text, _ in (together, alone):
        assert "`acknowledge` is loosened." in text
        assert "loosens `acknowledge` from `losing` to `never`, from the next run on" in text


def test_an_id_that_is_both_is_taken_for_a_rule(run: Run) -> None:
    assert run("explain", "adopt")[1].startswith("adopt (guard)")
    assert run("explain", "rule:adopt")[1].startswith("adopt (guard)")
    assert run("explain", "client:adopt")[1].startswith("adopt Adopt")


def test_without_an_id_everything_is_listed(run: Run) -> None:
    code, text, _ = run("explain")
    _, lines, _ = run("explain", "--format", "json")

    listed = [json.loads(line)["id"] for line in lines.splitlines()]
    assert code == 0
    assert all(f"\n{id_} " in f"\n{text}" for id_ in listed)
    assert {"unknown-feature", "archives", "feature-removed", "exit-5"} <= set(listed)


def test_a_word_that_is_nothing_is_answered_with_what_was_meant(run: Run) -> None:
    code, _, message = run("explain", "unkown-feature")

    assert code == 64
    assert "unknown-feature" in message


@pytest.mark.parametrize("subject", ["rule:nothing", "client:nothing"])
def test_a_scope_holds_for_what_it_names(run: Run, subject: str) -> None:
    assert run("explain", subject)[0] == 64


def test_rules_are_explained_where_there_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    codes = [main(["explain", word]) for word in ("unknown-feature", "unkown-feature", "acme")]

    assert codes == [0, 64, 3]
    assert "Did you mean unknown-feature" in capsys.readouterr().err


def test_only_who_would_get_something_else_is_drift(run: Run, shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"], title="Business")
    shop.apply()
    titled = run("drift", "--clients")
    shop.package("pro", features=["chat", "calls", "sessions"], title="Business")
    shop.apply()

    code, text, _ = run("drift", "--clients")

    assert (titled[0], code) == (0, 2)
    assert "2 clients would get something else now: 2 on pro revision 1" in text
    assert "Under revision" not in run("clients", "show", "acme")[1]


def test_a_client_is_shown_that_the_current_revision_gives_it_the_same(run: Run, shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"], title="Business")
    shop.apply()

    assert "Under revision 2 it has the same." in run("clients", "show", "acme")[1]


def test_one_client_who_cannot_move_is_told_why(run: Run, shop: Shop) -> None:
    shop.clients("dune", package="pro", status="disabled")
    shop.package("pro", features=["chat"], allowed_emails=["owner@acme.example"])
    shop.apply()
    shop.clients("eden", package="pro", owner_email="owner@acme.example")

    said = {id_: run("clients", "reassign", id_, "--yes") for id_ in ("eden", "dune", "adopt")}

    assert {id_: (code, text) for id_, (code, text, _) in said.items()} == {
        id_: (0, f"Nothing to do for local.\n  {id_} stays: {why}.\n")
        for id_, why in {
            "eden": "it holds the current revision 2 already",
            "dune": "its subscription is suspended, and only active ones are moved",
            "adopt": "the package's list of allowed e-mails does not have its owner",
        }.items()
    }


def test_one_client_who_moves_is_one_client(run: Run, shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls", "sessions"])
    shop.apply()

    code, text, _ = run("clients", "reassign", "acme", "--yes")

    assert (code, text.splitlines()[0]) == (0, "Package plan for local: No client loses anything; 1 gains.")
    assert "1 client moves to the current revision with this apply" in text


def test_notes_are_one_document_or_a_line_per_client(run: Run) -> None:
    code, document, _ = run("notes", "--on", "2026-12-01")
    _, lines, _ = run("notes", "--on", "2026-12-01", "--format", "json")

    assert code == 0
    assert document.count("## ") == 2
    assert [json.loads(line)["client"] for line in lines.splitlines()] == ["acme", "adopt"]


def test_notes_of_a_saved_plan_are_refused_once_a_file_moved(run: Run, shop: Shop) -> None:
    saved = shop.root / "plan.json"
    assert run("plan", "--out", str(saved))[0] == 4
    assert run("notes", str(saved))[0] == 0
    shop.package("pro", features=[])

    code, _, message = run("notes", str(saved))

    assert (code, "something else to pro" in message) == (5, True)


def test_a_day_that_is_none_is_wrong_usage(run: Run) -> None:
    assert run("notes", "--on", "tomorrow")[0] == 64


def test_usage_is_printed_per_package(run: Run) -> None:
    code, text, _ = run("clients", "usage")
    _, lines, _ = run("clients", "usage", "pro", "--format", "json")

    assert code == 0
    assert text.startswith("pro Pro revision 1 · 2 clients hold it")
    assert json.loads(lines)["holders"] == 2


def test_usage_of_a_package_that_is_not_there_is_wrong_usage(run: Run) -> None:
    code, _, message = run("clients", "usage", "prp")

    assert (code, "pro" in message) == (64, True)


@pytest.mark.parametrize("command", [["explain", "acme"], ["clients", "usage"]])
def test_a_format_that_does_not_fit_is_wrong_usage(run: Run, command: list[str]) -> None:
    assert run(*command, "--format", "sarif")[0] == 64


def test_drift_says_which_side_moved_whichever_it_was(run: Run, shop: Shop) -> None:
    shop.package("pro", features=["chat", "calls"])
    shop.package("filed", features=["chat"])
    shop.package("edited", features=["chat"])
    shop.package("twice", features=["chat"])
    shop.apply()
    shop.package("filed", features=[])
    shop.package("twice", features=[])
    shop.package("fresh", features=["chat"])
    for key in ("edited", "twice"):
        shop.platform.edit_package(key, definition(title=key.title(), features=["agent"]), shop.at)

    _, drifted, _ = run("drift")
    _, planned, _ = run("plan")

    assert drifted.startswith("Package drift on local")
    told = {part.split()[2]: part for part in drifted.split("\n\n") if part.split()[0] in {"~", "+"}}
    assert "The file changed since the last apply; the platform did not." in told["filed"]
    assert "Edited on the platform since the last apply; the file did not change." in told["edited"]
    both = "Edited on the platform since the last apply, and the file changed as well."
    assert both in " ".join(told["twice"].split())
    assert "Its file was never applied here." in told["fresh"]
    assert "The file changed since" not in planned
