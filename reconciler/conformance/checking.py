"""Running the checks over a platform that an address names, and what came of it."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from msgspec import Struct, field

from reconciler.conformance import MODULES
from reconciler.conformance.claims import needed
from reconciler.errors import WrongUsageError
from reconciler.live.opening import open_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.live.port import Platform

NAME: Final = "{}"
"""Where the name of a platform of its own goes, for each check."""
_QUIET: Final = (
    *("-p", "no:terminal", "-p", "no:cacheprovider", "-c", os.devnull),
    *("--noconftest", "--import-mode=importlib"),
)
"""Nothing of the folder or the environment that it is run in counts, and pytest says nothing by itself."""


class Checked(Struct):
    """What came of the checks.

    Attributes:
        claims: What the platform claims, in the words of `Capabilities.claimed`.
        kept: How many checks passed, by what they need; the empty text for those that need nothing.
        unclaimed: How many were left out, by what the platform does not claim.
        broken: What went wrong, after the place in a file where it did, by the name of the check.
    """

    claims: tuple[str, ...] = ()
    kept: Counter[str] = field(default_factory=Counter)
    unclaimed: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        """Whether something was checked, and all of that was kept."""
        return bool(self.kept) and not self.broken


class _Run:
    """Gives each check a platform of its own, and notes what came of it."""

    def __init__(self, url: str, root: Path, token: str | None) -> None:
        self.checked = Checked()
        self.refused: WrongUsageError | None = None
        self._url, self._root, self._token = url, root, token
        run = secrets.token_hex(4)
        self._names = (f"check{run}x{number}" for number in count())
        self._needs: dict[str, tuple[str, ...]] = {}

    @contextmanager
    def opened(self) -> Iterator[Platform]:
        """Open the next platform; raises `WrongUsageError` for one in use, which is left as it is."""
        url = self._url.replace(NAME, next(self._names))
        with open_platform(url, root=self._root, token=self._token) as platform:
            _require_empty(platform, url)
            self.checked.claims = tuple(platform.identity().capabilities.claimed)
            yield platform

    @pytest.fixture
    def platform(self) -> Iterator[Platform]:
        """Give an empty platform; end all checks where there is none."""
        try:
            with self.opened() as platform:
                yield platform
        except WrongUsageError as error:
            self.refused = error
            pytest.exit("not empty")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note what each check needs."""
        self._needs = {item.nodeid: needed(getattr(item, "function", None)) for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of a check."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = f"{crash.path}:{crash.lineno}: {crash.message}" if crash else str(report.longrepr)
            self.checked.broken[report.nodeid.rpartition("::")[2]] = why
        elif report.skipped and isinstance(report.longrepr, tuple):
            self.checked.unclaimed[report.longrepr[2].removeprefix("Skipped: not claimed: ")] += 1
        elif report.when == "call":
            self.checked.kept[", ".join(self._needs.get(report.nodeid, ()))] += 1


def check(url: str, *, root: Path, token: str | None, only: str = "") -> Checked:
    """Run the checks whose name has `only` in it; `url` has `NAME` where each check's own name goes.

    Raises `WrongUsageError` for a platform that is in use, which is left as it is.
    """
    run, here = _Run(url, root, token), Path(__file__).parent
    modules = (str(here / f"{name}.py") for name in MODULES)
    with run.opened(), pytest.MonkeyPatch.context() as variables:  # a wrong address is told once
        variables.delenv("PYTEST_ADDOPTS", raising=False)
        variables.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        pytest.main([*_QUIET, f"--rootdir={here}", "-k", only, *modules], plugins=[run])
    if run.refused is not None:
        raise run.refused
    return run.checked


def _require_empty(platform: Platform, url: str) -> None:
    clients = islice(platform.clients(datetime.now(UTC)), 1)
    found = {
        "packages": platform.packages(),
        "clients": (*clients,),
        "runs": platform.runs(limit=1, brief=True),
    }
    there = " and ".join(what for what, some in found.items() if some)
    if there:
        raise WrongUsageError(
            f"the platform {url!r} is in use: it has {there}. It was left as it is.",
            hint=f"Name platforms that can be thrown away; {NAME} must make each a different one.",
        )
