"""Guards that are loosened by the edit that they would block: a change of its own, from the next run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import BlockedError, StaleError
from reconciler.model.packages import Share
from reconciler.model.plans import ClientsReassigned, RunUndone
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from reconciler.model.plans import Plan
    from tests.shop import Shop

IDS = tuple(f"client-{number:03}" for number in range(122))
WIDE_OPEN: dict[str, Any] = {"clients_losing": "unlimited", "acknowledge": "never"}


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """A package that 122 clients hold, under the guards that nobody has set."""
    shop.guards()
    shop.package("pro", features=["chat", "calls"])
    shop.apply()
    shop.clients(*IDS, package="pro")
    return shop


def take_calls_away(shop: Shop, **fields: Any) -> None:
    shop.package("pro", features=["chat"], rollout={"existing_clients": "reassign"}, **fields)


def blocking(made: Plan) -> list[str]:
    return sorted({each.id for each in made.guards if each.result == "blocked"})


def loosened(made: Plan) -> list[tuple[str, object, object]]:
    return [(each.guard, each.before, each.after) for each in made.loosened]


def test_an_edit_that_loosens_the_guards_it_would_break_is_blocked_and_shows_both(sold: Shop) -> None:
    sold.guards(**WIDE_OPEN)
    take_calls_away(sold)

    made = sold.plan()

    assert blocking(made) == ["acknowledge", "clients_losing"]
    assert made.summary.clients_losing == 122
    assert loosened(made) == [("clients_losing", "5%", "unlimited"), ("acknowledge", "losing", "never")]
    with pytest.raises(BlockedError):
        sold.apply(made)


def test_after_a_run_with_the_loosening_alone_the_edit_passes(sold: Shop) -> None:
    sold.guards(**WIDE_OPEN)

    alone = sold.plan()
    sold.apply(alone)
    take_calls_away(sold)

    assert (alone.is_empty, alone.blocked, alone.changes) == (False, False, ())
    assert not sold.plan().blocked
    assert sold.apply().moved == 122
    assert sold.plan().is_empty


def test_a_skipped_package_does_not_pass_in_the_next_run_of_the_same_files(sold: Shop) -> None:
    sold.guards(**WIDE_OPEN, archives=2)
    take_calls_away(sold)
    sold.package("new", features=["chat"])

    sold.apply(skip_blocked=True)

    again = sold.plan()
    assert sold.platform.guards() == Guards(archives=2)
    assert blocking(again) == ["acknowledge", "clients_losing"]
    with pytest.raises(BlockedError):
        sold.apply(again, skip_blocked=True)


def test_a_waiver_lets_the_edit_and_its_loosening_pass_together(sold: Shop) -> None:
    sold.guards(**WIDE_OPEN)
    take_calls_away(sold)

    sold.apply(None, "acknowledge:pro", "clients_losing:pro")

    assert sold.platform.guards() == Guards(1, "unlimited", "never")
    assert sold.plan().is_empty


def test_a_stricter_guard_counts_at_once_and_is_recorded(sold: Shop) -> None:
    sold.settled(**WIDE_OPEN)
    sold.guards(clients_losing=121, acknowledge="never")
    take_calls_away(sold)

    made = sold.plan()

    assert blocking(made) == ["clients_losing"]
    assert [each.guard for each in made.tightened] == ["clients_losing"]
    assert made.loosened == ()
    sold.package("pro", features=["chat", "calls"])
    sold.apply()
    assert sold.platform.guards() == Guards(1, 121, "never")
    assert sold.plan().is_empty


@pytest.mark.parametrize(("before", "after"), [("5%", 200), (6, "99%")])
def test_a_share_and_a_number_are_both_judged(sold: Shop, before: Any, after: Any) -> None:
    sold.settled(clients_losing=before, acknowledge="never")
    sold.guards(clients_losing=after, acknowledge="never")
    take_calls_away(sold)

    made = sold.plan()

    assert blocking(made) == ["clients_losing"]
    assert loosened(made) == [("clients_losing", before, after)]


def test_more_archives_than_the_last_apply_allowed_are_blocked(sold: Shop) -> None:
    sold.package("solo", features=["chat"])
    sold.package("duo", features=["chat"])
    sold.apply()
    sold.guards(archives=2)
    sold.remove("solo")
    sold.remove("duo")

    assert blocking(sold.plan()) == ["archives"]


def test_a_package_is_protected_until_a_run_of_its_own_takes_that_away(sold: Shop) -> None:
    sold.settled(protected=["pro"])
    sold.guards()
    sold.package("pro", features=["chat"])
    made = sold.plan()

    assert (blocking(made), loosened(made)) == (["protected"], [("protected", ("pro",), ())])
    sold.package("pro", features=["chat", "calls"])
    sold.apply()
    sold.package("pro", features=["chat"])
    assert not sold.plan().blocked


def test_the_first_apply_is_judged_by_the_files_and_records_their_guards(shop: Shop) -> None:
    shop.guards(clients_losing="7%", protected=["pro"])
    shop.package("pro", features=["chat"])
    made = shop.plan()

    shop.apply(made)

    assert (made.loosened, made.tightened) == ((), ())
    assert shop.platform.guards() == Guards(clients_losing=Share(7), protected=("pro",))
    assert shop.plan().is_empty


def test_a_move_by_hand_is_judged_by_the_stricter_guards_and_records_none(sold: Shop) -> None:
    sold.package("pro", features=["chat"])
    sold.apply()
    sold.guards(**WIDE_OPEN)
    aim = ClientsReassigned("pro")

    made = sold.plan(aim=aim)

    assert (blocking(made), made.loosened) == (["acknowledge", "clients_losing"], ())
    assert "`clients_losing` is looser in the files, which counts once they are applied." in made.notices
    sold.apply(None, "acknowledge:pro", "clients_losing:pro", aim=aim)
    assert sold.platform.guards() == Guards()


def test_a_rollback_is_judged_by_the_stricter_guards_and_records_none(sold: Shop) -> None:
    sold.package("pro", features=["chat", "calls", "sessions"], rollout={"existing_clients": "reassign"})
    run = sold.apply()
    sold.guards(**WIDE_OPEN)
    aim = RunUndone(run.id)

    made = sold.plan(aim=aim)

    assert (blocking(made), made.loosened) == (["acknowledge", "clients_losing"], ())
    assert "`clients_losing` is looser in the files, which counts once they are applied." in made.notices
    sold.apply(None, "acknowledge:pro", "clients_losing:pro", aim=aim)
    assert sold.platform.guards() == Guards()


def test_a_plan_file_cannot_loosen_otherwise_than_the_files_do(sold: Shop) -> None:
    sold.guards(clients_losing=7)
    made = sold.plan()
    (change,) = made.loosened
    forged = made.model_copy(update={"loosened": (change.model_copy(update={"after": "unlimited"}),)})

    with pytest.raises(StaleError, match="not loosened as the plan shows"):
        sold.apply(forged.sealed())

    assert sold.platform.guards() == Guards()


def test_a_loosening_that_a_plan_file_does_not_show_waits(sold: Shop) -> None:
    sold.guards(clients_losing=7)
    sold.package("new", features=["chat"])
    made = sold.plan()

    sold.apply(made.model_copy(update={"loosened": ()}).sealed())

    assert sold.platform.guards() == Guards()
    assert [each.guard for each in sold.plan().loosened] == ["clients_losing"]


def test_a_loosening_that_somebody_else_applied_makes_the_plan_stale(sold: Shop) -> None:
    sold.guards(clients_losing=7)
    made = sold.plan()
    sold.apply()

    with pytest.raises(StaleError):
        sold.apply(made)
