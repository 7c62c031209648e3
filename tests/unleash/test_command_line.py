"""An Unleash from the command line: the first line of every medium, and an apply that fails in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.cli.main import main
from tests.shop import laid_out
from tests.unleash.server import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unleash.console import Console

SAYS = "(on this platform, edits reach every holder at once and changes are made one by one)"


@pytest.fixture
def root(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    laid_out(tmp_path)
    environment = {"platform": url, "token_env": "UNLEASH_TOKEN"}
    config = {"catalog": "catalog.yaml", "environments": {"local": environment}}
    (tmp_path / "reconciler.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for key, feature in (("a", "chat"), ("b", "calls")):
        document = {"title": key.upper(), "user_count": 1, "features": [feature]}
        (tmp_path / "packages" / f"{key}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNLEASH_TOKEN", TOKEN)
    return tmp_path


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "sarif", "junit", "gitlab"])
def test_every_medium_begins_with_what_the_platform_cannot_do(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert main(["plan", "--format", form]) == 0

    assert SAYS in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("root")
def test_an_apply_that_unleash_refuses_in_the_middle_ends_with_6_and_planning_again_heals_it(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    flag = f"{console.prefix}.features.calls"
    console.call("POST", "projects/default/features", {"name": flag, "type": "permission"})
    console.call("DELETE", f"projects/default/features/{flag}")

    assert main(["apply", "--yes"]) == 6

    said = capsys.readouterr().err
    assert "Only 1 of 2 packages was changed as a whole" in said
    assert "Run 1 records what was done" in said
    console.call("POST", "projects/default/delete", {"features": [flag]})
    assert main(["apply", "--yes"]) == 0
    assert console.has("features.calls", "nobody") is False
    assert main(["drift"]) == 0
