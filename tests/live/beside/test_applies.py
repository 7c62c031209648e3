"""An apply without a transaction: made one by one, recorded, and healed by planning again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from sqlalchemy.engine import make_url

from reconciler.errors import PartialError, StaleError, UnreachableError
from reconciler.model.plans import RunUndone
from reconciler.planning.events import verify
from tests.live.beside.switchboard import quietly
from tests.shop import Shop, change_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plans import Plan
    from tests.live.beside.switchboard import Switchboard

LOSS = {"removes": "calls", "clients": 3, "reason": "It is gone.", "until": "2026-12-31"}


class Killed(BaseException):
    """The process is no more."""


@dataclass
class At:
    """Ends what is being done before the step of this number, counted from 0."""

    number: int
    ending: BaseException

    def __call__(self) -> None:
        if self.number == 0:
            raise self.ending
        self.number -= 1


def down() -> UnreachableError:
    return UnreachableError("the switchboard is down")


@pytest.fixture
def due(shop: Shop) -> Shop:
    """Three packages to be written, one of which takes from a client."""
    shop.package("pro", features=["chat", "calls"])
    shop.package("old", features=["chat"])
    shop.apply()
    shop.clients("acme", package="pro", usage=None)
    shop.package("pro", features=["chat"], acknowledge=[LOSS])
    shop.package("old", features=["chat"], archived=True)
    shop.package("new", features=["chat"], user_count=9)
    return shop


def can_be_looked_at(store: str, root: Path) -> bool:
    """Whether nobody makes another process wait that looks what was begun."""
    try:
        if store.startswith("sqlite"):
            with closing(sqlite3.connect(root / "beside.db", timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        else:
            address = make_url(store)
            schema = sql.Identifier(str(address.query["schema"]))
            plain = address.difference_update_query(["schema"]).render_as_string(hide_password=False)
            begun = sql.SQL("SELECT * FROM {}.meta WHERE name = 'pending' FOR UPDATE NOWAIT").format(schema)
            with psycopg.connect(plain) as connected:
                connected.execute(begun)
    except (sqlite3.OperationalError, psycopg.errors.LockNotAvailable):
        return False
    return True


def left(made: Plan) -> list[tuple[str, str, list[str]]]:
    return [
        (each.key, each.action.value, [field.path for field in each.fields])
        for each in made.changes
        if each.reassignment is None
    ]


def shown(board: Switchboard) -> dict[str, tuple[bool, list[str]]]:
    packages = board.board()["packages"].items()
    return {key: (said["archived"], said["terms"].get("features")) for key, said in packages}


def test_a_failure_in_the_middle_ends_with_6_and_the_run_says_what_was_done(
    due: Shop, board: Switchboard
) -> None:
    made = due.plan()
    board.step = At(6, down())

    with pytest.raises(PartialError) as raised:
        due.apply(made)

    board.step = quietly
    run = due.platform.run_of_plan(made.hash)
    assert raised.value.exit_code == 6
    assert "only 1 of 3 packages was changed as a whole: the switchboard is down" in raised.value.message
    assert run is not None
    assert f"Run {run.id}" in raised.value.hint
    assert [each["key"] for each in run.changes] == ["new"]
    assert run.unfinished == ("old", "pro")


def test_planning_again_has_what_is_left_and_heals_it(due: Shop, board: Switchboard) -> None:
    made = due.plan()
    board.step = At(6, down())
    with pytest.raises(PartialError):
        due.apply(made)
    board.step = quietly

    assert {key for key, _, _ in left(due.plan())} == {"pro", "old"}
    due.apply()

    assert due.plan().changes == ()
    assert shown(board) == {"new": (False, ["chat"]), "old": (True, ["chat"]), "pro": (False, ["chat"])}


def test_where_nothing_was_written_the_failure_is_what_it_was(due: Shop, board: Switchboard) -> None:
    made = due.plan()
    board.step = At(0, down())

    with pytest.raises(UnreachableError):
        due.apply(made)
    board.step = quietly

    assert due.platform.run_of_plan(made.hash) is None
    assert due.apply(made).after.keys() == {"new", "old", "pro"}


def test_a_package_that_was_left_half_written_is_not_said_to_be_somebodys_edit(
    due: Shop, board: Switchboard
) -> None:
    board.step = At(2, down())

    with pytest.raises(PartialError, match="none of 3 packages was changed as a whole"):
        due.apply(due.plan())
    board.step = quietly

    *_, edit = due.platform.events()
    assert (edit.kind, edit.reason) == ("edit", "Found in the product after an apply of it was cut off.")
    assert {each.origin for each in due.plan().changes} == {"files"}


def test_one_package_that_was_left_half_written_is_named(due: Shop, board: Switchboard) -> None:
    due.apply()
    due.package("new", features=["calls", "chat"], user_count=99)
    board.step = At(1, down())

    with pytest.raises(PartialError, match="package `new` was not changed as a whole: the switchboard is"):
        due.apply()

    board.step = quietly
    assert change_of(due.plan(), "new").origin == "files"


def test_a_product_that_is_gone_in_the_middle_may_have_some_of_it(due: Shop, board: Switchboard) -> None:
    made = due.plan()

    def gone() -> None:
        raise down()

    def cut() -> None:
        board.show = gone
        raise down()

    board.step = lambda: cut() if board.board()["packages"].keys() >= {"new"} else None

    with pytest.raises(UnreachableError, match="may have some of the changes to 3 packages") as raised:
        due.apply(made)

    board.step = board.show = quietly
    assert "Plan again" in raised.value.hint
    assert left(due.plan())


@pytest.mark.parametrize("step", range(10))
def test_ended_at_a_step_planning_again_says_exactly_what_is_left(
    due: Shop, board: Switchboard, step: int
) -> None:
    made = due.plan()
    whole = {(key, action) for key, action, _ in left(made)}
    board.step = At(step, Killed())
    is_killed = False
    try:
        due.apply(made)
    except Killed:
        is_killed = True
    board.step = quietly

    rest = due.plan()

    is_done = {key for key, _ in whole} - {key for key, _, _ in left(rest)}
    run = due.platform.run_of_plan(made.hash)
    assert is_done == (set() if run is None else set(run.after))
    assert is_killed == (len(is_done) < 3) == bool(left(rest))
    if is_killed:
        due.apply()
    assert due.plan().changes == ()
    assert due.platform.lost_since(due.at.replace(year=2020)).clients == 1
    assert shown(board) == {"new": (False, ["chat"]), "old": (True, ["chat"]), "pro": (False, ["chat"])}
    assert verify(due.platform.events()).faults == ()


def test_a_plan_that_was_applied_in_part_is_not_applied_again(due: Shop, board: Switchboard) -> None:
    made = due.plan()
    board.step = At(6, down())
    with pytest.raises(PartialError):
        due.apply(made)
    board.step = quietly

    with pytest.raises(StaleError):
        due.apply(made)


def test_a_rollback_that_failed_in_the_middle_is_planned_again_with_what_is_left(
    due: Shop, board: Switchboard
) -> None:
    run = due.apply()
    undo = due.plan(aim=RunUndone(run.id))
    board.step = At(2, down())
    with pytest.raises(PartialError):
        due.apply(undo)
    board.step = quietly
    done = due.platform.run_of_plan(undo.hash)
    assert done is not None
    assert {each.subject for each in due.platform.parked()} == set(done.after)

    assert {key for key, _, _ in left(due.plan(aim=RunUndone(run.id)))} == set(done.unfinished)
    due.apply(aim=RunUndone(run.id))

    assert due.plan().changes == ()
    assert shown(board)["pro"] == (False, ["calls", "chat"])
    assert shown(board)["old"] == (False, ["chat"])


def test_whoever_looks_at_the_product_waits_for_the_apply(due: Shop, board: Switchboard, store: str) -> None:
    is_free = []
    board.step = lambda: is_free.append(can_be_looked_at(store, due.root))

    due.apply()

    assert is_free
    assert not any(is_free)
    assert can_be_looked_at(store, due.root)


def test_a_commit_that_was_applied_in_part_is_not_settled(due: Shop, board: Switchboard) -> None:
    board.step = At(6, down())
    with pytest.raises(PartialError):
        due.apply(due.plan())

    run = replace(due.platform.runs()[0], commit="abc")

    assert run.settled_commit is None
    assert replace(run, unfinished=()).settled_commit == "abc"


def test_an_edit_in_the_product_is_drift_and_is_put_back(due: Shop, board: Switchboard) -> None:
    due.apply()
    board.by_hand("pro", features=[])

    drift = due.plan()

    assert left(drift) == [("pro", "update", ["/features/chat"])]
    assert change_of(drift, "pro").origin == "platform"
    assert due.client("acme").entitlements.features == ()
    due.apply()
    assert shown(board)["pro"] == (False, ["chat"])


def test_what_a_hand_in_the_product_takes_counts_with_what_is_lost(due: Shop, board: Switchboard) -> None:
    due.apply()
    due.later(days=3)
    since = due.at

    board.by_hand("pro", features=[])

    assert due.plan().summary.clients_gaining == 1
    assert due.platform.lost_since(since).clients == 1
    (run, *_) = due.platform.runs()
    assert run.actor == "switchboard"


def test_a_plan_made_before_an_edit_in_the_product_is_stale(due: Shop, board: Switchboard) -> None:
    made = due.plan()
    board.by_hand("pro", features=[])

    with pytest.raises(StaleError):
        due.apply(made)


def test_clients_who_are_added_moved_and_removed_in_the_product_are_seen(
    due: Shop, board: Switchboard
) -> None:
    due.apply()
    found = board.board()
    found["holders"] = {"bolt": "new", "cone": "pro"}
    board.file.write_text(json.dumps(found))

    assert due.client("acme").status == "disabled"
    assert due.client("cone").subscription.package == "pro"
    assert due.client("bolt").owner_email == "unknown@switchboard.example"


def test_a_run_is_rolled_back_for_everybody(due: Shop, board: Switchboard) -> None:
    run = due.apply()

    due.apply(aim=RunUndone(run.id))

    assert shown(board)["pro"] == (False, ["calls", "chat"])
    assert shown(board)["old"] == (False, ["chat"])
    assert due.client("acme").entitlements.features == ("calls", "chat")


def test_a_renamed_package_keeps_its_holders(due: Shop, board: Switchboard) -> None:
    due.apply()
    due.remove("pro")
    due.package("team", title="Pro", features=["chat"], renamed_from="pro")

    due.apply()

    assert board.board()["holders"] == {"acme": "team"}
    assert due.client("acme").subscription.package == "team"
    assert due.plan().changes == ()
