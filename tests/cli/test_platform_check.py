"""`platform check`: what a platform claims is checked, from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.live.opening import open_platform
from tests.builders import NOON, definition

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
LIAR = """
from contextlib import contextmanager
import pytest

from reconciler.live.opening import open_platform

class Liar:
    def __init__(self, inner):
        self._inner = inner
    def record_usage(self, client_id, meter, amount, at):
        return amount
    def __getattr__(self, name):
        return getattr(self._inner, name)

@contextmanager
def opened(url, *, root, token):
    path = url.removeprefix("liar://").partition("?")[0]
    with open_platform("sqlite:///" + path, root=root) as inner:
        yield Liar(inner)
"""


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reconciler", "platform", "check", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )


def installed(folder: Path) -> None:
    """Have the scheme `liar://` in the folder; a name after `?` leads to no platform of its own."""
    (folder / "liar.py").write_text(LIAR)
    about = folder / "liar-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: liar\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[reconciler.platforms]\nliar = liar:opened\n")


def test_what_is_claimed_is_checked_and_what_is_not_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conftest.py").write_text("raise AssertionError('of somebody else')")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--of-somebody-else")

    ran = check(tmp_path, "sqlite:///{}.db", "--only", "expiry")

    assert (ran.returncode, ran.stderr) == (0, "")
    *kept, left = ran.stdout.splitlines()
    assert any(line.startswith("kept") and line.endswith("checks of expiry") for line in kept)
    assert left == "not claimed  1 check of no expiry"


def test_a_platform_that_claims_what_it_does_not_keep_is_told_which_promise(tmp_path: Path) -> None:
    installed(tmp_path)

    ran = check(tmp_path, "liar://{}.db", "--only", "beyond_a_limit", "--format", "json")

    assert ran.returncode == 3, ran.stderr
    told = json.loads(ran.stdout)
    assert "usage" in told["claims"]
    assert list(told["broken"]) == ["test_use_beyond_a_limit_is_refused_and_not_recorded"]


def test_a_run_in_which_nothing_was_checked_does_not_pass(tmp_path: Path) -> None:
    ran = check(tmp_path, "sqlite:///{}.db", "--only", "no_such_check")

    assert (ran.returncode, ran.stdout) == (3, "Nothing was checked.\n")


def test_an_address_of_one_platform_is_refused(tmp_path: Path) -> None:
    ran = check(tmp_path, "sqlite:///platform.db")

    assert ran.returncode == 64
    assert "{}" in ran.stderr
    assert not (tmp_path / "platform.db").exists()


def test_a_platform_in_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    installed(tmp_path)
    with open_platform("sqlite:///live.db", root=tmp_path) as platform:
        platform.edit_package("pro", definition(), NOON)
    before = (tmp_path / "live.db").read_bytes()

    ran = check(tmp_path, "liar://live.db?{}")

    assert (ran.returncode, ran.stdout) == (64, "")
    assert "is in use: it has packages. It was left as it is." in ran.stderr
    assert (tmp_path / "live.db").read_bytes() == before


def test_a_name_that_makes_no_platform_of_its_own_ends_the_checks(tmp_path: Path) -> None:
    installed(tmp_path)

    ran = check(tmp_path, "liar://scratch.db?{}", "--only", "expiry")

    assert (ran.returncode, ran.stdout) == (64, "")
    assert "is in use" in ran.stderr


def test_an_address_that_leads_nowhere_is_told_once(tmp_path: Path) -> None:
    ran = check(tmp_path, "nobody://{}")

    assert (ran.returncode, ran.stdout) == (3, "")
    assert "`nobody`" in ran.stderr
