"""What a platform promises, as tests that any implementation of the port can run. Needs pytest.

An adapter's own test module takes them in and says where its platform comes from:

    from reconciler.conformance.applies import *
    from reconciler.conformance.clients import *
    from reconciler.conformance.events import *
    from reconciler.conformance.grants import *
    from reconciler.conformance.histories import *
    from reconciler.conformance.history import *
    from reconciler.conformance.persons import *
    from reconciler.conformance.questions import *
    from reconciler.conformance.undoings import *

    @pytest.fixture
    def platform() -> Iterator[Platform]:
        with open_mine("mine://test", root=..., token=None) as opened:
            yield opened  # empty, and a new one for each test

Each write is told its instant. A platform with a clock of its own needs a fixture that sets it to that.
Nothing of the program imports this.
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{module}" for module in ("applies", "clients", "events", "grants", "history", "questions"))
)
