"""A process that is killed in the middle of an apply to a real Unleash: planning again has what is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.cli.main import main
from tests.shop import laid_out
from tests.unleash.holding import holding
from tests.unleash.server import TOKEN

if TYPE_CHECKING:
    from tests.unleash.console import Console

ROOT = Path(__file__).parents[2]
CHANGES = 9
"""So many requests change Unleash in the apply; it is killed at each, and at none."""
SOON = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
LOSS = {"removes": "calls", "clients": 1, "reason": "It is gone.", "until": SOON}


@dataclass(frozen=True)
class Scene:
    """A package that a client holds; it is to lose a feature, and another package is to come."""

    root: Path
    unleash: str
    url: str

    def platform_at(self, url: str) -> None:
        guards = {"clients_losing": "unlimited"}
        environment = {"platform": url, "token_env": "UNLEASH_TOKEN", "guards": guards}
        config = {"catalog": "catalog.yaml", "environments": {"local": environment}}
        (self.root / "reconciler.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def package(self, key: str, **fields: Any) -> None:
        text = yaml.safe_dump({"title": key.title(), **fields})
        (self.root / "packages" / f"{key}.yaml").write_text(text, encoding="utf-8")

    def apply_and_kill(self, step: int) -> bool:
        """Apply in a process that is killed while its change of this number is on its way; say if it was."""
        with holding(self.unleash, step) as between:
            self.platform_at(self.url.replace(self.unleash, between.address))
            command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--quiet"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(command, cwd=self.root, env=environment) as process:

                def note_end() -> None:
                    process.wait()
                    between.halted.set()

                threading.Thread(target=note_end, daemon=True).start()
                between.halted.wait()
                process.kill()
        self.platform_at(self.url)
        return between.is_holding


@pytest.fixture
def scene(unleash: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    laid_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNLEASH_TOKEN", TOKEN)
    scene = Scene(tmp_path, unleash, url)
    scene.platform_at(url)
    scene.package("pro", features=["chat", "calls"], user_count=3)
    assert main(["apply", "--yes", "--quiet"]) == 0
    client = ["--name", "Acme", "--owner-email", "a@acme.example", "--package", "pro"]
    assert main(["clients", "add", "acme", *client]) == 0
    scene.package("pro", features=["chat"], user_count=4, acknowledge=[LOSS])
    scene.package("new", features=["calls"], limits={"minutes": 5}, user_count=2)
    return scene


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[Any]:
    """What a command says in JSON, a line each."""
    capsys.readouterr()
    main([*words, "--format", "json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


WANTED = {
    "pro": {"title": "Pro", "/features/chat": "", "/user_count": "4"},
    "new": {"title": "New", "/features/calls": "", "/user_count": "2", "/limits/minutes": "5"},
}


def missing(console: Console) -> dict[str, set[str]]:
    """What the two packages lack, or have beyond what is wanted, by what Unleash itself shows."""
    there = console.packages()
    return {
        key: {
            path
            for path in wanted.keys() | there.get(key, {}).keys()
            if wanted.get(path) != there.get(key, {}).get(path)
        }
        for key, wanted in WANTED.items()
        if wanted != there.get(key)
    }


@pytest.mark.parametrize("step", range(CHANGES + 1))
def test_killed_at_any_change_planning_again_has_exactly_what_is_left(
    scene: Scene, console: Console, capsys: pytest.CaptureFixture[str], step: int
) -> None:
    was_killed = scene.apply_and_kill(step)
    left = missing(console)

    (plan,) = told(capsys, "plan")
    run = next(each for each in told(capsys, "history") if each["actor"] != "unleash")

    assert was_killed == (step < CHANGES)
    assert bool(left) == was_killed
    assert {each["key"] for each in plan["changes"] if each["action"] != "reassign"} == left.keys()
    for change in plan["changes"]:
        if change["action"] == "update":
            assert {each["path"] for each in change["fields"]} == left[change["key"]]
    done = WANTED.keys() - left.keys()
    assert (run["id"] > 1) == bool(done)
    assert run["unfinished"] == (sorted(left) if done else [])
    assert not done or run["after"].keys() == done

    assert main(["apply", "--yes", "--quiet"]) == 0

    assert missing(console) == {}
    assert told(capsys, "plan")[0]["changes"] == []
    assert main(["events", "verify"]) == 0
    assert console.has("features.chat", "acme")
    assert not console.has("features.calls", "acme")
