"""What a platform promises, as tests that any implementation of the port can run. Needs pytest.

An adapter's own test module takes them in and says where its platform comes from:

    from reconciler.conformance.applies import *
    from reconciler.conformance.clients import *
    from reconciler.conformance.events import *
    from reconciler.conformance.grants import *
    from reconciler.conformance.guards import *
    from reconciler.conformance.histories import *
    from reconciler.conformance.history import *
    from reconciler.conformance.moves_between import *
    from reconciler.conformance.persons import *
    from reconciler.conformance.questions import *
    from reconciler.conformance.reach import *
    from reconciler.conformance.readjustments import *
    from reconciler.conformance.transfers import *

    @pytest.fixture
    def platform() -> Iterator[Platform]:
        with open_mine("mine://test", root=..., token=None) as opened:
            yield opened  # empty, and a new one for each test

What the platform does not claim (`PlatformIdentity.capabilities`) is skipped, each check with its reason.
Each write is told its instant. A platform with a clock of its own needs a fixture that sets it to that.
Nothing of the program imports this.
"""

from typing import Final

import pytest

MODULES: Final = (
    "applies",
    "clients",
    "events",
    "grants",
    "guards",
    "histories",
    "history",
    "moves_between",
    "persons",
    "questions",
    "reach",
    "readjustments",
    "transfers",
)

pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in (*MODULES, "claims")))
