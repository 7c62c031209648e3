"""A real browser for tests: Debian's Chromium, which CI installs, or the Chrome of GitHub's runners."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSERS = (Path("/usr/bin/chromium"), Path("/usr/bin/google-chrome"))
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for path in BROWSERS if path.exists()), None)
    if found is None and "CI" not in os.environ:
        pytest.skip("needs Chromium, such as Debian's package")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield chromium
        chromium.close()
