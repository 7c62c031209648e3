"""The page on platforms of others, held against the adapter that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from reconciler.conformance import MODULES
from reconciler.errors import InvalidError
from reconciler.live.opening import open_platform

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adapters.md"


def code_on_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_page_shows_the_adapter_as_it_is() -> None:
    opener = code_on_page()[1]

    assert opener in (ROOT / "reconciler" / "live" / "unleash" / "product.py").read_text(encoding="utf-8")


def test_the_smallest_adapter_of_the_page_keeps_what_it_claims(tmp_path: Path) -> None:
    (entry,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "flagbox.py").write_text(code_on_page()[0], encoding="utf-8")
    about = tmp_path / "flagbox-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: flagbox\nVersion: 1.0\n")
    stated = tomllib.loads(entry)["project"]["entry-points"]["reconciler.platforms"]
    said = [f"{scheme} = {opener}" for scheme, opener in stated.items()]
    (about / "entry_points.txt").write_text("\n".join(["[reconciler.platforms]", *said]))

    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "platform", "check", "flagbox://{}", "--only", "rename"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("kept         4 checks\n")


def test_the_adapter_is_as_small_as_the_page_says() -> None:
    folder = ROOT / "reconciler" / "live" / "unleash"

    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.py"))

    assert lines <= 300


def test_the_page_takes_in_all_checks_that_our_own_platforms_pass() -> None:
    ours = (ROOT / "tests" / "contract" / "test_platforms.py").read_text(encoding="utf-8")

    taken = [
        re.findall(r"^from (reconciler\.conformance\.\w+) import \*", each, re.MULTILINE)
        for each in (code_on_page()[2], ours)
    ]

    assert taken[0] == taken[1]


def test_the_command_runs_the_checks_that_the_page_names() -> None:
    named = re.findall(r"^from reconciler\.conformance\.(\w+) import \*", code_on_page()[2], re.MULTILINE)

    assert tuple(named) == MODULES


def test_a_module_takes_the_checks_in_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(code_on_page()[2], encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "expiry", "test_mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-2_000:]
    assert re.search(r"^\d+ passed, 1 skipped", ran.stdout, flags=re.MULTILINE)


def test_a_scheme_that_nobody_adds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="`nobody`"), open_platform("nobody://x", root=tmp_path):
        pass
