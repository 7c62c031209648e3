"""What was done to one client and to one package."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, version, with_client
from reconciler.conformance.claims import claimed  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import WrongUsageError
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.events import Author
from reconciler.model.questions import ClientQuestion

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run

ADA = Author("ada", reason="They asked for it.")


def moved_to_the_second_revision(platform: Platform) -> Run:
    """Rename `basic` to `start` by a run that moves its holders to a new revision."""
    write = PackageWrite("start", definition("Start"), version(platform, "basic"), renamed_from="basic")
    move = Move(ClientQuestion("start", (1,)), at_most=None)
    told = {"action": "reassign", "key": "start", "reassignment": {"clients": 1}}
    return apply(
        platform,
        writes=(write,),
        moves=(move,),
        commit="3f2c1d0",
        reason="New names.",
        changes=({"action": "rename", "key": "start"}, told),
    )


def test_a_run_is_recorded_with_its_reason_and_its_seal(platform: Platform) -> None:
    run = apply(platform, reason="New names.")

    (event,) = platform.events()
    assert (run.reason, run.seal) == ("New names.", event.digest)
    assert event.reason == "New names."
    assert platform.run(run.id) == run


def test_the_history_of_a_client_is_what_hands_imports_and_runs_did_to_it(platform: Platform) -> None:
    with_client(platform)
    with_client(platform, "bolt")
    run = moved_to_the_second_revision(platform)
    platform.edit_package("other", definition("Other"), LATER)
    platform.assign("acme", "other", LATER, by=ADA)
    platform.import_clients([ClientLine("acme", 1, package="start")], LATER, assign=1)

    entries = list(platform.client_history("acme"))

    assert sorted(each.kind for each in entries) == ["add", "assign", "import", "run"]
    by_kind = {each.kind: each for each in entries}
    of_run, by_hand = by_kind["run"], by_kind["assign"]
    assert (of_run.run, of_run.event, of_run.commit, of_run.reason) == (run.id, None, "3f2c1d0", "New names.")
    assert of_run.before is not None
    assert of_run.after is not None
    assert (of_run.before["revision"], of_run.after["revision"]) == (1, 2)
    assert (by_hand.run, by_hand.reason) == (None, "They asked for it.")
    assert by_hand.event in {event.id for event in platform.events()}
    assert by_hand.after is not None
    assert by_hand.after["package"] == "other"


def test_a_history_begins_with_what_was_done_last(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("other", definition("Other"), NOW)
    platform.assign("acme", "other", LATER)

    assert [each.kind for each in platform.client_history("acme")] == ["assign", "add"]
    assert [each.kind for each in platform.client_history("acme", limit=1)] == ["assign"]


def test_the_history_of_a_package_goes_back_beyond_its_renames(platform: Platform) -> None:
    with_client(platform)
    run = moved_to_the_second_revision(platform)
    platform.edit_package("basic", definition("Another"), LATER + timedelta(hours=1))

    entries = list(platform.package_history("start"))

    assert [(each.kind, each.package) for each in entries] == [("run", "start"), ("edit", "basic")]
    of_run, made = entries
    assert (of_run.run, of_run.commit, of_run.reason, of_run.moved) == (run.id, "3f2c1d0", "New names.", 1)
    assert of_run.before is not None
    assert of_run.after is not None
    assert (of_run.before["revision"], of_run.after["revision"]) == (1, 2)
    assert made.before is None
    assert [each.kind for each in platform.package_history("basic")] == ["edit"]


def test_nothing_is_told_of_a_client_or_a_package_that_is_none(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.add_client(line("acme"), NOW)

    with pytest.raises(WrongUsageError, match="acne"):
        list(platform.client_history("acne"))
    with pytest.raises(WrongUsageError, match="basik"):
        list(platform.package_history("basik"))
