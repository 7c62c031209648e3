"""What a platform claims is checked; what it does not claim is named, and not taken for kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.live.port import Platform

Check = TypeVar("Check", bound="Callable[..., Any]")
_NEEDS = "needs"


def needs(*claims: str) -> Callable[[Check], Check]:
    """Have a check run only where the platform claims all of it, in the words of `Capabilities.claimed`.

    `no usage` is a claim too: what a platform cannot do it refuses, and does not pretend to.
    """

    def marked(check: Check) -> Check:
        setattr(check, _NEEDS, (*getattr(check, _NEEDS, ()), *claims))
        return check

    return marked


def needed(check: object) -> tuple[str, ...]:
    """Return what a check needs, as all of its module do that states `NEEDS`."""
    module = sys.modules.get(getattr(check, "__module__", ""))
    of_all: tuple[str, ...] = getattr(module, _NEEDS.upper(), ()) if callable(check) else ()
    own: tuple[str, ...] = getattr(check, _NEEDS, ())
    return (*of_all, *own)


@pytest.fixture(autouse=True)
def claimed(request: pytest.FixtureRequest) -> None:
    """Skip a check of what the platform does not claim, and say what that is."""
    if needed(request.function):
        require(request.getfixturevalue("platform"), *needed(request.function))


def require(platform: Platform, *claims: str) -> None:
    """Skip where the platform does not claim all of it."""
    missing = {*claims} - {*platform.identity().capabilities.claimed}
    if missing:
        pytest.skip(f"not claimed: {', '.join(sorted(missing))}")
