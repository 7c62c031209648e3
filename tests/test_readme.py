"""The README is true: its consoles are run in order, in a copy of the example, and print what they show.

`RECONCILER_REWRITE_CASES=1` rewrites what they show; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.cli.main import COMMANDS
from reconciler.live.opening import open_platform
from reconciler.model.packages import RevisionRef

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]
SETTINGS = """default_environment: production
environments:
  production: {platform: sqlite:///production.db}
"""
TALK = """
saasName: Talk
syntaxVersion: "2.1"
createdAt: 2026-01-01
features:
  videoCalls: {valueType: BOOLEAN, defaultValue: false, type: DOMAIN}
usageLimits:
  maxCallMinutes:
    {valueType: NUMERIC, unit: minute, defaultValue: 40, type: RENEWABLE, linkedFeatures: [videoCalls]}
  maxSeats: {valueType: NUMERIC, unit: user, defaultValue: 3, type: NON_RENEWABLE}
plans:
  BASIC: {price: 0, features: null, usageLimits: null}
  PRO:
    price: 12.5
    features: {videoCalls: {value: true}}
    usageLimits: {maxCallMinutes: {value: .inf}, maxSeats: {value: 25}}
"""
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d UTC)?|sha256:[0-9a-f]{64}|\b[0-9a-f]{8}\b")
"""What is another one each time: instants, seals, and the ids of grants."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("packages", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "reconciler.yaml", tmp_path)
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "bin" / "place").write_text(str(tmp_path), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_console_prints_what_the_page_shows(page: Path, folder: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name == "authoring.md":
        prepare_platform_and_file(folder)

    run = CONSOLE.sub(lambda block: f"```console\n{played(block[1], folder)}```", text)

    if os.environ.get("RECONCILER_REWRITE_CASES"):
        page.write_text(run, encoding="utf-8")
    assert MOMENT.sub("MOMENT", run) == MOMENT.sub("MOMENT", page.read_text(encoding="utf-8"))


def prepare_platform_and_file(folder: Path) -> None:
    """A platform with a package made by hand, no files of packages, and a file of another tool."""
    (folder / "reconciler.yaml").write_text(SETTINGS, encoding="utf-8")
    for package in folder.glob("packages/**/*.yaml"):
        if package.stem != "starter":
            package.unlink()
    output("reconciler apply --yes --environment production", folder)
    with open_platform("sqlite:///production.db", root=folder) as platform:
        (starter,) = platform.packages()
        definitions = platform.definitions([RevisionRef("starter", starter.revision)])
        premium = replace(next(iter(definitions.values())), title="Premium")
        platform.edit_package("premium", premium, datetime.now(UTC))
    (folder / "packages" / "starter.yaml").unlink()
    (folder / "schemas" / "catalog.yaml").unlink()
    (folder / "talk.yml").write_text(TALK, encoding="utf-8")


def test_the_commands_of_the_page_are_those_of_the_program() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+)", text.partition("## Commands")[2].partition("Every command")[0]))

    assert set(COMMANDS) <= named


def played(block: str, folder: Path) -> str:
    """Run every line that starts with `$ ` and return the block as it should be."""
    commands = re.findall(r"^\$ (.*(?:\n> .*)*)", block, re.MULTILINE)
    return "\n".join(f"$ {command}\n{output(command, folder)}" for command in commands)


def output(command: str, folder: Path) -> str:
    environment = {"COLUMNS": "100", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    environment["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
    place = folder / "bin" / "place"  # a `cd` holds for the commands after it
    script = f'cd "$(cat {place})" && {command}\npwd > {place}'.replace("\n> ", "\n")
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr
