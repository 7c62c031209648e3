"""The promises of the port, over every platform of this project; `conftest` says which."""

from reconciler.conformance.applies import *  # noqa: F403 - tests are collected by name
from reconciler.conformance.clients import *  # noqa: F403 - the same
from reconciler.conformance.events import *  # noqa: F403 - the same
from reconciler.conformance.grants import *  # noqa: F403 - the same
from reconciler.conformance.guards import *  # noqa: F403 - the same
from reconciler.conformance.histories import *  # noqa: F403 - the same
from reconciler.conformance.history import *  # noqa: F403 - the same
from reconciler.conformance.moves_between import *  # noqa: F403 - the same
from reconciler.conformance.persons import *  # noqa: F403 - the same
from reconciler.conformance.questions import *  # noqa: F403 - the same
from reconciler.conformance.reach import *  # noqa: F403 - the same
from reconciler.conformance.readjustments import *  # noqa: F403 - the same
from reconciler.conformance.transfers import *  # noqa: F403 - the same
