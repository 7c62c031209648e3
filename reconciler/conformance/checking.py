"""Running the checks over a platform that an address names, and what came of it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.conformance import MODULES
from reconciler.conformance.claims import needed
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
"""Nothing of the folder that it is run in counts, and pytest says nothing by itself."""


@dataclass
class Checked:
    """What came of the checks.

    Attributes:
        claims: What the platform claims, in the words of `Capabilities.claimed`.
        kept: How many checks passed, by what they need; the empty text for those that need nothing.
        unclaimed: How many were left out, by what the platform does not claim.
        broken: What went wrong, by the name of the check.
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
        self._url, self._root, self._token = url, root, token
        self._numbers = count(1)
        self._needs: dict[str, tuple[str, ...]] = {}

    @pytest.fixture
    def platform(self) -> Iterator[Platform]:
        """Give an empty platform."""
        url = self._url.replace(NAME, f"check{os.getpid()}x{next(self._numbers)}")
        with open_platform(url, root=self._root, token=self._token) as opened:
            self.checked.claims = tuple(opened.identity().capabilities.claimed)
            yield opened

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note what each check needs."""
        self._needs = {item.nodeid: needed(getattr(item, "function", None)) for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of a check."""
        if report.failed:
            reason = getattr(report.longrepr, "reprcrash", None)
            self.checked.broken[report.nodeid.rpartition("::")[2]] = str(
                getattr(reason, "message", report.longrepr)
            )
        elif report.skipped and isinstance(report.longrepr, tuple):
            self.checked.unclaimed[report.longrepr[2].removeprefix("Skipped: not claimed: ")] += 1
        elif report.when == "call":
            self.checked.kept[", ".join(self._needs.get(report.nodeid, ()))] += 1


def check(url: str, *, root: Path, token: str | None, only: str = "") -> Checked:
    """Run the checks whose name has `only` in it; `url` has `NAME` where each check's own name goes."""
    run, here = _Run(url, root, token), Path(__file__).parent
    modules = (str(here / f"{name}.py") for name in MODULES)
    pytest.main([*_QUIET, f"--rootdir={here}", "-k", only, *modules], plugins=[run])
    return run.checked
