"""The adapter that `docs/adapters.md` shows, installed as a package would be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.conformance.building import LATER, with_client
from reconciler.errors import InvalidError
from reconciler.live.opening import open_platform

PAGE = Path(__file__).parents[2] / "docs" / "adapters.md"


def install(folder: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    (folder / "audited.py").write_text(code, encoding="utf-8")
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


def test_a_scheme_that_nobody_adds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="`nobody`"), open_platform("nobody://x", root=tmp_path):
        pass
