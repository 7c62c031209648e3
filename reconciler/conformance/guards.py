"""Guards that a platform judges itself, whatever its clients judged before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.conformance.building import LATER, NOW, apply, definition, version, with_client
from reconciler.conformance.claims import claimed  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError
from reconciler.model.changesets import ArchiveWrite, Move, PackageWrite
from reconciler.model.losses import Bounds, Entry
from reconciler.model.questions import ClientQuestion
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from reconciler.live.port import Platform

HOLDERS = ClientQuestion("basic", (1,))
LOOSE = Guards("unlimited", "unlimited", "never")
STATED = Bounds((Entry("basic", "removes", "features/chat", 9, date(2027, 1, 1)),))


def given(platform: Platform, clients: int = 3, **guards: Any) -> None:
    """Have clients of `basic`, a package `other`, and guards that the last apply recorded."""
    for number in range(clients):
        with_client(platform, f"client-{number}")
    platform.edit_package("other", definition("Other"), NOW)
    apply(
        platform,
        guards=replace(LOOSE, **guards),
        writes=(write(platform, "chat"), write(platform, of="other")),
    )


def write(platform: Platform, *features: str, of: str = "basic", archived: bool = False) -> PackageWrite:
    return PackageWrite(
        of, definition(of.title(), features=list(features or ["chat"])), version(platform, of), archived
    )


def taking(platform: Platform, **more: Any) -> None:
    """Take a feature from every holder."""
    gone = PackageWrite("basic", definition("Basic", features=["audio"]), version(platform, "basic"))
    apply(platform, writes=(gone,), moves=(Move(HOLDERS, at_most=None),), **more)


def archiving(platform: Platform, *keys: str, **more: Any) -> None:
    apply(platform, writes=[ArchiveWrite(key, version(platform, key)) for key in keys], **more)


def test_more_packages_than_the_bound_are_not_archived_at_once(platform: Platform) -> None:
    given(platform, archives=1)

    with pytest.raises(BlockedError):
        archiving(platform, "basic", "other")

    assert not any(head.archived for head in platform.packages())


@pytest.mark.parametrize("allowed", [("archives:basic",), ("archives:basic", "archives:other")])
def test_a_waiver_lets_packages_be_archived(platform: Platform, allowed: tuple[str, ...]) -> None:
    given(platform, archives=1)

    archiving(platform, "basic", "other", allowed=allowed)

    assert all(head.archived for head in platform.packages())


def test_nothing_is_taken_from_a_protected_package(platform: Platform) -> None:
    given(platform, protected=("basic",))

    for change in (taking, lambda platform: archiving(platform, "basic")):
        with pytest.raises(BlockedError):
            change(platform)
    taking(platform, allowed=("protected:basic",))

    assert platform.holdings({"basic"}, LATER) == {"basic": {2: 3}}


def test_a_protected_package_may_be_given_more(platform: Platform) -> None:
    given(platform, protected=("basic",))

    apply(platform, writes=(write(platform, "chat", "audio"),))

    assert version(platform, "basic") > 1


@pytest.mark.parametrize(("bound", "is_blocked"), [(2, True), (3, False)])
def test_no_more_clients_lose_something_than_the_bound(
    platform: Platform, bound: int, *, is_blocked: bool
) -> None:
    given(platform, clients_losing=bound)

    if is_blocked:
        with pytest.raises(BlockedError):
            taking(platform)
    else:
        taking(platform)

    assert platform.lost_since(NOW).clients == (0 if is_blocked else 3)


def test_who_lost_something_in_the_hours_before_counts(platform: Platform) -> None:
    given(platform, clients_losing=2)
    first = ClientQuestion("basic", (1,))
    gone = PackageWrite("basic", definition("Basic", features=["audio"]), version(platform, "basic"))
    apply(platform, writes=(gone,), moves=(Move(first, at_most=None),), allowed=("clients_losing:basic",))

    less = PackageWrite(
        "basic", definition("Basic", user_count=4, features=["audio"]), version(platform, "basic")
    )
    with pytest.raises(BlockedError):
        apply(platform, writes=(less,), moves=(Move(ClientQuestion("basic", (2,)), at_most=None),))
    apply(
        platform,
        writes=(less,),
        moves=(Move(ClientQuestion("basic", (2,)), at_most=None),),
        at=LATER + timedelta(days=2),
        allowed=("clients_losing:basic",),
    )

    assert platform.holdings({"basic"}, LATER) == {"basic": {3: 3}}


def test_a_waiver_is_for_one_package(platform: Platform) -> None:
    given(platform, clients_losing=0)

    with pytest.raises(BlockedError):
        taking(platform, allowed=("clients_losing:other",))
    taking(platform, allowed=("clients_losing:basic",))


def test_what_is_lost_must_be_acknowledged(platform: Platform) -> None:
    given(platform, acknowledge="losing")

    with pytest.raises(BlockedError):
        taking(platform)
    taking(platform, bounds=STATED)

    assert platform.lost_since(NOW).clients == 3


@pytest.mark.parametrize(
    "entry",
    [
        Entry("basic", "removes", "features/audio", 9, date(2027, 1, 1)),
        Entry("other", "removes", "features/chat", 9, date(2027, 1, 1)),
        Entry("basic", "lowers", "limits/chat", 9, date(2027, 1, 1)),
    ],
)
def test_an_acknowledgement_of_something_else_lets_nothing_pass(platform: Platform, entry: Entry) -> None:
    given(platform, acknowledge="losing")

    with pytest.raises(BlockedError):
        taking(platform, bounds=Bounds((entry,)))


@pytest.mark.parametrize(("acknowledge", "is_blocked"), [("losing", False), ("touching", True)])
def test_what_holders_keep_must_be_acknowledged_where_that_is_asked_for(
    platform: Platform, acknowledge: str, *, is_blocked: bool
) -> None:
    given(platform, acknowledge=acknowledge)
    before = version(platform, "basic")

    if is_blocked:
        with pytest.raises(BlockedError):
            apply(platform, writes=(write(platform, "audio"),))
    apply(platform, writes=(write(platform, "audio"),), bounds=STATED)

    assert version(platform, "basic") > before


def test_the_stricter_guards_count_those_that_are_sent_as_well(platform: Platform) -> None:
    given(platform, clients_losing=0)
    sent = {"guards": LOOSE, "expected_guards": replace(LOOSE, clients_losing=0)}

    with pytest.raises(BlockedError):
        taking(platform, **sent)

    assert platform.guards() == replace(LOOSE, clients_losing=0)


def test_guards_that_tighten_count_at_once(platform: Platform) -> None:
    given(platform)

    with pytest.raises(BlockedError):
        taking(platform, guards=replace(LOOSE, clients_losing=0), expected_guards=LOOSE)


@pytest.mark.parametrize(
    "guards", [{"protected": ("basic",)}, {"acknowledge": "touching"}], ids=["protected", "touching"]
)
def test_an_edit_by_hand_keeps_the_guards(platform: Platform, guards: dict[str, Any]) -> None:
    given(platform, **guards)

    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition("Basic", features=["audio"]), LATER)
    platform.edit_package("basic", definition("Basic", features=["chat", "audio"]), LATER)

    assert sum(platform.holdings({"basic"}, LATER)["basic"].values()) == 3


@pytest.mark.parametrize(
    "guards", [{"archives": 0}, {"protected": ("basic",)}], ids=["archives", "protected"]
)
def test_an_archival_by_hand_keeps_the_guards(platform: Platform, guards: dict[str, Any]) -> None:
    given(platform, **guards)

    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition("Basic"), LATER, archived=True)

    assert not any(head.archived for head in platform.packages())


def test_a_platform_to_which_nothing_was_applied_has_no_guards(platform: Platform) -> None:
    with_client(platform)

    platform.edit_package("basic", definition("Basic", features=["audio"]), LATER, archived=True)

    assert platform.guards() is None
