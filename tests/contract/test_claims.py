"""Nothing is kept by being empty: every claim has a check, and so has what is not claimed."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, get_args

import pytest

from reconciler import conformance
from reconciler.conformance import MODULES
from reconciler.conformance.claims import needed
from reconciler.model.capabilities import EVERYTHING, Capabilities, Snapshots

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_THE_NEXT_PERIOD = "snapshots=period"
"""A check would have to wait for it."""
NOT_SEEN = {"no change_sets", "records", "no records"}
"""How it is made and where it is kept does not show in an answer; applies that fail are tried beside."""


def needs() -> Iterator[str]:
    modules = [import_module(f"reconciler.conformance.{name}") for name in MODULES]
    for check in (check for module in modules for check in vars(module).values()):
        yield from needed(check)


def claims() -> set[str]:
    names = EVERYTHING.model_dump().keys() - {"snapshots"}
    nothing = Capabilities.model_validate(dict.fromkeys(names, False))
    kinds = {f"snapshots={kind}" for kind in get_args(Snapshots)}
    return {*EVERYTHING.claimed, *nothing.claimed, *kinds}


def test_every_claim_has_a_check() -> None:
    assert claims() - {*needs()} == {AT_THE_NEXT_PERIOD, *NOT_SEEN}


def test_every_module_with_checks_is_one_that_platform_check_runs() -> None:
    found = (
        import_module(f"{conformance.__name__}.{each.name}") for each in iter_modules(conformance.__path__)
    )
    own = ((each.__name__.rpartition(".")[2], vars(each)) for each in found)

    assert {name for name, members in own if any(key.startswith("test_") for key in members)} == {*MODULES}


def test_no_check_needs_what_nobody_can_claim() -> None:
    assert {*needs()} <= claims()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_checks_brings_the_fixture_that_minds_claims(module: str) -> None:
    assert hasattr(import_module(f"reconciler.conformance.{module}"), "claimed")
