"""The adapter that `docs/adapters.md` shows, installed as a package would be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.conformance.building import LATER, with_client
from reconciler.errors import InvalidError
from reconciler.live.opening import open_platform

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adapters.md"


def code_on_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def install(folder: Path) -> None:
    (folder / "audited.py").write_text(code_on_page()[0], encoding="utf-8")
    about = folder / "audited-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: audited\nVersion: 1.0\n", encoding="utf-8")
    entry = "[reconciler.platforms]\naudited = audited:open_audited\n"
    (about / "entry_points.txt").write_text(entry, encoding="utf-8")


def test_the_documented_adapter_adds_its_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    install(site)
    monkeypatch.syspath_prepend(site)

    with open_platform("audited://audited.db", root=tmp_path) as platform:
        with_client(platform, "acme")
        platform.assign("acme", "basic", LATER)

    assert (tmp_path / "audit.log").read_text(encoding="utf-8") == f"{LATER.isoformat()} acme basic\n"


def test_the_documented_adapter_passes_the_suite_as_the_page_takes_it_in(tmp_path: Path) -> None:
    install(tmp_path)
    (tmp_path / "test_audited.py").write_text(code_on_page()[1], encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_audited.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-2_000:]
    assert re.search(r"^\d{3} passed", ran.stdout, flags=re.MULTILINE)


def test_a_scheme_that_nobody_adds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="`nobody`"), open_platform("nobody://x", root=tmp_path):
        pass
